package gateway_test

import (
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/emulator/gateway"
)

// names opens a listener for clients that AWS's names lead to it.
func (w *world) names() string {
	w.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- w.gateway.ServeNames(listener) }()
	w.t.Cleanup(func() {
		_ = listener.Close()
		if err := <-ended; err != nil {
			w.t.Errorf("ServeNames ended with %v", err)
		}
	})
	return listener.Addr().String()
}

// ledTo is a client for which every name leads to an address.
func (w *world) ledTo(address string) *http.Client {
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: w.ca.Pool()}}
	transport.DialContext = (&dialTo{address}).dial
	w.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func TestServeNames(t *testing.T) {
	t.Parallel()
	w := serve(t, func(c *gateway.Config) { c.Direct = echo("direct") })
	client := w.ledTo(w.names())
	response, err := client.Post("https://"+stsHost+"/?x=1", "text/plain", strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var got seen
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	want := seen{Handler: stsHost, Method: http.MethodPost, Host: stsHost, RequestURI: "/?x=1", Path: "/", Body: "hello", TLS: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	refused, err := client.Get("https://s3.us-west-2.amazonaws.com/")
	if err != nil {
		t.Fatal(err)
	}
	refused.Body.Close()
	if refused.StatusCode != http.StatusNotImplemented {
		t.Errorf("an AWS host that is not emulated answered %s", refused.Status)
	}
}

// TestServeNamesServesNothingElse: no proxy, no admin API, no other host.
func TestServeNamesServesNothingElse(t *testing.T) {
	t.Parallel()
	w := serve(t, func(c *gateway.Config) { c.Direct = echo("direct") })
	address := w.names()
	client := w.ledTo(address)
	for _, url := range []string{"https://example.com/", "https://127.0.0.1/", "http://" + stsHost + "/", "http://127.0.0.1/_eksemu/healthz"} {
		if response, err := client.Get(url); err == nil {
			response.Body.Close()
			if response.StatusCode != http.StatusBadRequest { // plain HTTP to a TLS port
				t.Errorf("%s answered %s", url, response.Status)
			}
		}
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+stsHost+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "eks.us-west-2.amazonaws.com"
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("a request for another host than that of the handshake: %s", response.Status)
	}
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := tls.Client(conn, &tls.Config{RootCAs: w.ca.Pool(), InsecureSkipVerify: true}).HandshakeContext(t.Context()); err == nil {
		t.Error("a handshake without a host name succeeded")
	}
}

// brieflyBroken is a listener without a file descriptor to spare, once.
type brieflyBroken struct {
	net.Listener
	broken atomic.Bool
}

func (l *brieflyBroken) Accept() (net.Conn, error) {
	if l.broken.CompareAndSwap(false, true) {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: syscall.EMFILE}
	}
	return l.Listener.Accept()
}

// TestServeNamesGoesOn after what passes: the environment would end otherwise.
func TestServeNamesGoesOn(t *testing.T) {
	t.Parallel()
	w := serve(t, nil)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- w.gateway.ServeNames(&brieflyBroken{Listener: listener}) }()
	response, err := w.ledTo(listener.Addr().String()).Get("https://" + stsHost + "/")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if err := w.gateway.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("the gateway ended, and ServeNames with %v", err)
	}
}

// TestServeNamesKeepsFromTheFallback whoever is in the network of the nodes.
func TestServeNamesKeepsFromTheFallback(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(echo("other"))
	defer other.Close()
	target, err := url.Parse(other.URL)
	if err != nil {
		t.Fatal(err)
	}
	w := serve(t, func(cfg *gateway.Config) { cfg.Fallback = target })
	response, err := w.ledTo(w.names()).Get("https://s3.amazonaws.com/")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusNotImplemented {
		t.Errorf("an AWS host that is not emulated answered %s", response.Status)
	}
}
