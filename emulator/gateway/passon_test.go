package gateway_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/eksemu/eksemu/emulator/gateway"
)

// otherTool is a server that a tool of the same shell talks to, and a request to it. example.com is a name in the
// certificate of httptest, and 127.0.0.1 is where a proxy is told to find it.
func otherTool(t *testing.T) *httptest.Server {
	t.Helper()
	server := httptest.NewTLSServer(echo("other tool"))
	t.Cleanup(server.Close)
	return server
}

// corporateProxy tunnels everything to one address, and reports what it was asked.
func corporateProxy(t *testing.T, address string, asked chan<- string) *url.URL {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Method + " " + r.Host + " " + r.Header.Get("Proxy-Authorization")
		if r.Header.Get("Proxy-Authorization") == "" {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		target, err := net.Dial("tcp", address)
		if err != nil {
			t.Error(err)
			return
		}
		defer target.Close()
		client, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer client.Close()
		_, _ = io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n")
		go io.Copy(target, client) //nolint:errcheck // ends with the test
		_, _ = io.Copy(client, target)
	}))
	t.Cleanup(server.Close)
	target, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// A host that is none of AWS's is reached through the machine's own proxy, with its name and its own certificate.
func TestOtherHostsThroughTheMachinesProxy(t *testing.T) {
	t.Parallel()
	server := otherTool(t)
	asked := make(chan string, 10)
	proxy := corporateProxy(t, server.Listener.Addr().String(), asked)
	proxy.User = url.UserPassword("employee", "corporate-secret")
	w := serve(t, func(cfg *gateway.Config) { cfg.Proxy = http.ProxyURL(proxy) })
	client := w.client(url.UserPassword("alice", "x"))
	client.Transport.(*http.Transport).TLSClientConfig.RootCAs = server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	got, err := w.do(client, w.request(http.MethodPost, "https://Example.COM:8443/a", "body"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Handler != "other tool" || got.Host != "Example.COM:8443" || got.Body != "body" || got.ProxyAuth != "" {
		t.Errorf("the other tool's server saw %+v", got)
	}
	want := "CONNECT example.com:8443 Basic " + base64.StdEncoding.EncodeToString([]byte("employee:corporate-secret"))
	if got := <-asked; got != want {
		t.Errorf("the proxy was asked %q, want %q", got, want)
	}
}

// Without a proxy of the machine, and with one that is the gateway itself, the gateway asks the resolver. The name is
// one that must not exist (RFC 6761), so that nobody is called.
func TestOtherHostsDirectly(t *testing.T) {
	t.Parallel()
	at := func(own, host string) *url.URL {
		return &url.URL{Scheme: "http", Host: strings.Replace(own, "127.0.0.1", host, 1)}
	}
	for _, test := range []struct {
		name  string
		proxy func(own string) *url.URL
	}{
		{"no proxy", func(string) *url.URL { return nil }},
		{"the gateway itself", func(own string) *url.URL { return at(own, "127.0.0.1") }},
		{"the gateway by name", func(own string) *url.URL { return at(own, "localhost") }},
		{"the gateway by no address", func(own string) *url.URL { return at(own, "0.0.0.0") }},
		{"the gateway by no address of IPv6", func(own string) *url.URL { return at(own, "[::]") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := serve(t, func(cfg *gateway.Config) { cfg.Proxy = http.ProxyURL(test.proxy(cfg.Listener.Addr().String())) })
			if _, _, res := w.connect("host.invalid:443"); !strings.HasPrefix(res.Status, "502 Bad Gateway: connect to host.invalid:443: dial tcp: lookup host.invalid") {
				t.Errorf("answer is %q", res.Status)
			}
		})
	}
}

// What is wrong with the machine's proxy is said, without its password.
func TestTroubleWithTheMachinesProxy(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 10)
	refusing := corporateProxy(t, "127.0.0.1:1", asked)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := silent.Close(); err != nil {
		t.Fatal(err)
	}
	const started = ", the HTTPS_PROXY that eksemu was started with: "
	for _, test := range []struct {
		name  string
		proxy func(*http.Request) (*url.URL, error)
		want  string
	}{
		{"refuses", http.ProxyURL(refusing), "through the proxy " + refusing.String() + started + "it answered 407 Proxy Authentication Required"},
		{"does not listen", http.ProxyURL(&url.URL{Scheme: "http", Host: silent.Addr().String(), User: url.UserPassword("a", "corporate-secret")}),
			"through the proxy http://a:xxxxx@" + silent.Addr().String() + started + "dial tcp " + silent.Addr().String() + ": connect: connection refused"},
		{"SOCKS", http.ProxyURL(&url.URL{Scheme: "socks5", Host: "127.0.0.1:1"}),
			"through the proxy socks5://127.0.0.1:1" + started + `a proxy with the scheme \"socks5\" cannot be used: start eksemu with one whose URL begins with http:// or https://`},
		{"no URL", func(*http.Request) (*url.URL, error) { return nil, errors.New("a:corporate-secret@") },
			"the HTTPS_PROXY that eksemu was started with is not a URL: correct it, and start eksemu again"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := serve(t, func(cfg *gateway.Config) { cfg.Proxy = test.proxy })
			_, _, res := w.connect("example.com:443")
			if want := "502 Bad Gateway: connect to example.com:443: " + test.want; res.Status != want {
				t.Errorf("answer is\n%s\nwant\n%s", res.Status, want)
			}
		})
	}
}

// A proxy that never answers does not hold the gateway's end up.
func TestShutdownWhileTheMachinesProxyIsSilent(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	w := serve(t, func(cfg *gateway.Config) {
		cfg.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: silent.Addr().String()})
	})
	client, err := net.Dial("tcp", w.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := fmt.Fprint(client, "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	asked, err := silent.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := http.ReadRequest(bufio.NewReader(asked)); err != nil {
		t.Fatal(err)
	}
	if err := w.gateway.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	w.ended(client)
}

// Two environments, each started from a shell that uses the other, notice that they ask in a circle.
func TestProxiesOfEachOther(t *testing.T) {
	t.Parallel()
	var first, second *url.URL
	ready := make(chan struct{})
	a := serve(t, func(cfg *gateway.Config) {
		cfg.Proxy = func(*http.Request) (*url.URL, error) { <-ready; return second, nil }
	})
	b := serve(t, func(cfg *gateway.Config) {
		cfg.Proxy = func(*http.Request) (*url.URL, error) { <-ready; return first, nil }
	})
	first, second = &url.URL{Scheme: "http", Host: a.addr}, &url.URL{Scheme: "http", Host: b.addr}
	close(ready)
	_, _, res := a.connect("host.invalid:443")
	const circle = "502 Bad Gateway: the way to host.invalid:443 leads in a circle: the HTTPS_PROXY that eksemu was started with leads back to this gateway."
	if !strings.HasPrefix(res.Status, "502 Bad Gateway: connect to host.invalid:443: through the proxy ") || !strings.Contains(res.Status, circle) {
		t.Errorf("answer is %s", res.Status)
	}
	if refused := strings.Count(a.logged.String(), "refuse a tunnel"); refused != 2 {
		t.Errorf("the request came by %d times:\n%s", refused, a.logged)
	}
}

// The proxies that a client's request has come through are passed on; what the next one answers is quoted in part.
func TestVia(t *testing.T) {
	t.Parallel()
	via := make(chan string, 1)
	corporate := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		via <- strings.Join(r.Header.Values("Via"), ", ")
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 403 "+strings.Repeat("no", 1000)+"\r\n\r\n")
	}))
	t.Cleanup(corporate.Close)
	target, err := url.Parse(corporate.URL)
	if err != nil {
		t.Fatal(err)
	}
	w := serve(t, func(cfg *gateway.Config) { cfg.Proxy = http.ProxyURL(target) })
	conn, err := net.Dial("tcp", w.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprint(conn, "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\nVia: 1.1 one\r\nVia: 1.0 two\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	if got := <-via; !strings.HasPrefix(got, "1.1 one, 1.0 two, 1.1 eksemu-") {
		t.Errorf("the proxy was asked via %q", got)
	}
	if quoted := strings.Count(string(answer), "nono"); quoted != 2*127 { // of 512 letters, as the reason and as the body
		t.Errorf("%d pairs quoted: %s", quoted, answer)
	}
}
