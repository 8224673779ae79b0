package gateway_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/emulator/gateway"
	"github.com/eksemu/eksemu/emulator/internal/pki"
)

const stsHost = "sts.us-west-2.amazonaws.com"

// seen is what reached a handler.
type seen struct {
	Handler    string // host that the handler was chosen for, "direct" for the Direct handler
	Method     string
	Host       string
	RequestURI string
	Path       string
	Client     string
	Body       string
	TLS        bool
	ProxyAuth  string
}

// echo answers with what it saw, as JSON.
func echo(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_ = json.NewEncoder(w).Encode(seen{
			Handler: name, Method: r.Method, Host: r.Host, RequestURI: r.RequestURI, Path: r.URL.EscapedPath(),
			Client: gateway.Client(r.Context()), Body: string(body), TLS: r.TLS != nil,
			ProxyAuth: r.Header.Get("Proxy-Authorization"),
		})
	})
}

// notEmulated refuses what a host is asked.
func notEmulated(host string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, host+" is not emulated", http.StatusNotImplemented)
	})
}

// world is a running gateway that emulates stsHost.
type world struct {
	t       *testing.T
	ca      *pki.CA
	gateway *gateway.Gateway
	addr    string
	served  chan error

	apiServerPort string // of the one that may be tunnelled to, where there is one
	logged        *logBuffer
}

// logBuffer keeps what the gateway logs.
type logBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// serve starts a gateway; change may adapt its configuration.
func serve(t *testing.T, change func(*gateway.Config)) *world {
	t.Helper()
	ca, err := pki.NewCA("eksemu test CA", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, ca: ca, addr: listener.Addr().String(), served: make(chan error, 1), logged: &logBuffer{}}
	cfg := gateway.Config{
		Listener: listener,
		CA:       ca,
		Handler: func(host string) http.Handler {
			if host == stsHost {
				return echo(host)
			}
			return nil
		},
		NotEmulated: func(host string) http.Handler {
			if strings.HasSuffix(host, ".amazonaws.com") {
				return notEmulated(host)
			}
			return nil
		},
		Direct:   echo("direct"),
		ErrorLog: slog.New(slog.NewTextHandler(w.logged, nil)),
	}
	if change != nil {
		change(&cfg)
	}
	w.gateway = gateway.New(cfg)
	go func() { w.served <- w.gateway.Serve() }()
	t.Cleanup(func() { _ = w.gateway.Shutdown(context.Background()) })
	return w
}

// client is an HTTP client that uses the gateway as its proxy and trusts its CA.
func (w *world) client(user *url.Userinfo) *http.Client {
	w.t.Helper()
	transport := &http.Transport{
		Proxy:           http.ProxyURL(&url.URL{Scheme: "http", Host: w.addr, User: user}),
		TLSClientConfig: &tls.Config{RootCAs: w.ca.Pool()},
	}
	w.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 30 * time.Second}
}

// do sends a request and decodes the answer of echo.
func (w *world) do(client *http.Client, req *http.Request) (seen, error) {
	w.t.Helper()
	res, err := client.Do(req)
	if err != nil {
		return seen{}, err
	}
	defer res.Body.Close()
	var got seen
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil {
		w.t.Fatalf("status %s: %v", res.Status, err)
	}
	return got, nil
}

func (w *world) request(method, target, body string) *http.Request {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	return req
}

func TestRequestsArriveUntouched(t *testing.T) {
	t.Parallel()
	w := serve(t, nil)
	alice := url.UserPassword("alice-step-2", "secret-password")
	for _, test := range []struct {
		name   string
		target string // of the request
		host   string // Host header, if another
		user   *url.Userinfo
		want   seen
	}{
		{
			name:   "tunnel",
			target: "https://" + stsHost + "/?Action=GetCallerIdentity&X-Amz-Signature=ab%2Fcd",
			user:   alice,
			want:   seen{Handler: stsHost, Host: stsHost, RequestURI: "/?Action=GetCallerIdentity&X-Amz-Signature=ab%2Fcd", Path: "/", Client: "alice-step-2", TLS: true},
		},
		{
			name:   "odd path and query in a tunnel",
			target: "https://" + stsHost + "//a//../b/./%2f%7E;c?x=%zz;y&&=+%20",
			want:   seen{Handler: stsHost, Host: stsHost, RequestURI: "//a//../b/./%2f%7E;c?x=%zz;y&&=+%20", Path: "//a//../b/./%2f%7E;c", TLS: true},
		},
		{
			name:   "other case and a trailing dot",
			target: "https://STS.us-west-2.AmazonAWS.com./",
			want:   seen{Handler: stsHost, Host: "STS.us-west-2.AmazonAWS.com.", RequestURI: "/", Path: "/", TLS: true},
		},
		{
			name:   "Host header in another spelling",
			target: "https://" + stsHost + "/",
			host:   "STS.us-west-2.amazonaws.com.:443",
			want:   seen{Handler: stsHost, Host: "STS.us-west-2.amazonaws.com.:443", RequestURI: "/", Path: "/", TLS: true},
		},
		{
			name:   "plain HTTP through the proxy",
			target: "http://" + stsHost + "//a/../%2f?x=%zz;y",
			user:   alice,
			want:   seen{Handler: stsHost, Host: stsHost, RequestURI: "http://" + stsHost + "//a/../%2f?x=%zz;y", Path: "//a/../%2f", Client: "alice-step-2"},
		},
		{
			name:   "plain HTTP without a path",
			target: "http://" + stsHost + ":80",
			want:   seen{Handler: stsHost, Host: stsHost + ":80", RequestURI: "http://" + stsHost + ":80/", Path: "/"},
		},
		{
			name:   "plain HTTP to the gateway itself through the proxy",
			target: "http://" + w.addr + "/clusters?a=b",
			want:   seen{Handler: "direct", Host: w.addr, RequestURI: "http://" + w.addr + "/clusters?a=b", Path: "/clusters"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			req := w.request(http.MethodPost, test.target, "body")
			req.Host = test.host
			got, err := w.do(w.client(test.user), req)
			if err != nil {
				t.Fatal(err)
			}
			test.want.Method, test.want.Body = http.MethodPost, "body"
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("the handler saw (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDirect(t *testing.T) {
	t.Parallel()
	w := serve(t, nil)
	got, err := w.do(http.DefaultClient, w.request(http.MethodGet, "http://"+w.addr+"//x/%2e%2e/clusters?x=%zz;", ""))
	if err != nil {
		t.Fatal(err)
	}
	want := seen{Handler: "direct", Method: http.MethodGet, Host: w.addr, RequestURI: "//x/%2e%2e/clusters?x=%zz;", Path: "//x/%2e%2e/clusters"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the handler saw (-want +got):\n%s", diff)
	}
}

func TestNoDirectHandler(t *testing.T) {
	t.Parallel()
	w := serve(t, func(cfg *gateway.Config) { cfg.Direct = nil })
	res, err := http.DefaultClient.Do(w.request(http.MethodGet, "http://"+w.addr+"/", ""))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if text, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusNotFound || !strings.Contains(string(text), "HTTPS_PROXY") {
		t.Errorf("answer is %s %q", res.Status, text)
	}
}

func TestConcurrentClients(t *testing.T) {
	t.Parallel()
	w := serve(t, nil)
	var group sync.WaitGroup
	for n := range 20 {
		name := fmt.Sprintf("client-%d", n)
		client := w.client(url.User(name))
		group.Go(func() {
			for i := range 5 { // the later ones use the same tunnel again
				scheme := []string{"https", "http"}[i%2]
				got, err := w.do(client, w.request(http.MethodPost, scheme+"://"+stsHost+"/", name))
				if err != nil || got.Client != name || got.Body != name {
					t.Errorf("%s got the answer for %q, %q (%v)", name, got.Client, got.Body, err)
				}
			}
		})
	}
	group.Wait()
}
