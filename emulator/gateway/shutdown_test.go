package gateway_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/eksemu/eksemu/emulator/gateway"
	"github.com/eksemu/eksemu/emulator/internal/pki"
)

// ended checks that Serve has returned without an error and that conn, if any, is closed.
func (w *world) ended(conn net.Conn) {
	w.t.Helper()
	select {
	case err := <-w.served:
		if err != nil {
			w.t.Errorf("Serve: %v", err)
		}
	case <-time.After(30 * time.Second):
		w.t.Fatal("Serve goes on after Shutdown")
	}
	if _, err := net.Dial("tcp", w.addr); err == nil {
		w.t.Error("the port still accepts connections")
	}
	if conn == nil {
		return
	}
	_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second))
	for buf := make([]byte, 512); ; {
		if _, err := conn.Read(buf); err != nil {
			if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
				w.t.Error("the connection is still open")
			}
			return
		}
	}
}

func TestShutdown(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		open func(t *testing.T, w *world) net.Conn
	}{
		{"nothing open", func(*testing.T, *world) net.Conn { return nil }},
		{"silent connection", func(t *testing.T, w *world) net.Conn {
			conn, err := net.Dial("tcp", w.addr)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = conn.Close() })
			return conn
		}},
		{"tunnel before its handshake", func(_ *testing.T, w *world) net.Conn {
			conn, _, _ := w.connect(stsHost + ":443")
			return conn
		}},
		{"tunnel kept alive", func(t *testing.T, w *world) net.Conn {
			raw, _, _ := w.connect(stsHost + ":443")
			conn := tls.Client(raw, &tls.Config{RootCAs: w.ca.Pool(), ServerName: stsHost})
			if _, err := fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", stsHost); err != nil {
				t.Fatal(err)
			}
			if _, err := conn.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			return conn
		}},
		{"tunnel to an API server", func(t *testing.T, w *world) net.Conn {
			conn, _, _ := w.connect("127.0.0.1:" + w.apiServerPort)
			return conn
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			apiServer := httptest.NewServer(echo("apiserver"))
			t.Cleanup(apiServer.Close)
			number, err := strconv.Atoi(port(t, apiServer.URL))
			if err != nil {
				t.Fatal(err)
			}
			w := serve(t, func(cfg *gateway.Config) { cfg.LoopbackPorts = func() []int { return []int{number} } })
			w.apiServerPort = strconv.Itoa(number)
			conn := test.open(t, w)
			// The context has no end: it is Shutdown itself that is bounded.
			if err := w.gateway.Shutdown(context.Background()); err != nil {
				t.Errorf("Shutdown: %v", err)
			}
			w.ended(conn)
			if err := w.gateway.Shutdown(context.Background()); err != nil {
				t.Errorf("second Shutdown: %v", err)
			}
		})
	}
}

// A request that is being answered may complete; one that never does is cut off.
func TestShutdownDuringRequest(t *testing.T) {
	t.Parallel()
	arrived, answer := make(chan struct{}), make(chan struct{})
	w := serve(t, func(cfg *gateway.Config) {
		cfg.Handler = func(string) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				arrived <- struct{}{}
				if r.URL.Path == "/endless" {
					<-r.Context().Done()
					return
				}
				<-answer
			})
		}
	})
	endless, completing := make(chan error, 1), make(chan error, 1)
	for path, result := range map[string]chan error{"/endless": endless, "/": completing} {
		go func() {
			res, err := w.client(url.User("alice")).Get("https://" + stsHost + path)
			if err == nil {
				_ = res.Body.Close()
			}
			result <- err
		}()
		<-arrived
	}
	stopped := make(chan error, 1)
	go func() { stopped <- w.gateway.Shutdown(context.Background()) }()
	close(answer)
	if err := <-completing; err != nil {
		t.Errorf("a request that could complete: %v", err)
	}
	if err := <-endless; err == nil {
		t.Error("an endless request was answered")
	}
	if err := <-stopped; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	w.ended(nil)
}

func TestShutdownBeforeServe(t *testing.T) {
	t.Parallel()
	ca, err := pki.NewCA("eksemu test CA", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := gateway.New(gateway.Config{Listener: listener, CA: ca, Handler: func(string) http.Handler { return nil }})
	if err := g.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := listener.Accept(); err == nil {
		t.Error("the listener is still open")
	}
	if err := g.Serve(); err != nil {
		t.Errorf("Serve after Shutdown: %v", err)
	}
}

// A listener that breaks ends Serve with its error; nothing stays behind.
func TestServeFails(t *testing.T) {
	t.Parallel()
	w := serve(t, func(cfg *gateway.Config) { _ = cfg.Listener.Close() })
	if err := <-w.served; err == nil {
		t.Error("Serve returned no error for a closed listener")
	}
}
