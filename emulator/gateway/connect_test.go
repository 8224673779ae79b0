package gateway_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/eksemu/eksemu/emulator/gateway"
)

// connect sends a CONNECT and returns the connection and the answer. The Host header names another host than
// the target, which is what counts (RFC 9112 §3.2).
func (w *world) connect(target string) (net.Conn, *bufio.Reader, *http.Response) {
	w.t.Helper()
	conn, err := net.Dial("tcp", w.addr)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = conn.Close() })
	if _, err := fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: unused.test\r\n\r\n", target); err != nil {
		w.t.Fatal(err)
	}
	reader := bufio.NewReader(conn)
	res, err := http.ReadResponse(reader, &http.Request{Method: http.MethodConnect})
	if err != nil {
		w.t.Fatal(err)
	}
	return conn, reader, res
}

func port(t *testing.T, rawURL string) string {
	t.Helper()
	u, err := url.Parse(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	return u.Port()
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	w := serve(t, nil)
	thisMachine := " is this machine, where the proxy leads to the API servers of the emulator's clusters only: add "
	for _, test := range []struct{ target, want string }{
		{stsHost + ":80", "the emulator answers for " + stsHost + `, as for every host of AWS, on port 443 only, not on "80"`},
		{stsHost + ":", "the emulator answers for " + stsHost + `, as for every host of AWS, on port 443 only, not on ""`},
		{"s3.amazonaws.com:8443", `the emulator answers for s3.amazonaws.com, as for every host of AWS, on port 443 only, not on "8443"`},
		{"127.0.0.1:22", "127.0.0.1" + thisMachine + "127.0.0.1 to NO_PROXY"},
		{"127.1.2.3:443", "127.1.2.3" + thisMachine + "127.1.2.3 to NO_PROXY"},
		{"localhost:22", "localhost" + thisMachine + "localhost to NO_PROXY"},
		{"[::1]:22", "::1" + thisMachine + "::1 to NO_PROXY"},
		{"0.0.0.0:22", "0.0.0.0" + thisMachine + "0.0.0.0 to NO_PROXY"},
		{"[::]:22", "::" + thisMachine + ":: to NO_PROXY"},
		{"[::ffff:127.0.0.1]:22", "::ffff:127.0.0.1" + thisMachine + "::ffff:127.0.0.1 to NO_PROXY"},
		{"h\xc3\xb6st.amazonaws.com\x9b:1", `connect to h\u00f6st.amazonaws.com\ufffd:1: dial tcp: lookup h\u00f6st.amazonaws.com\ufffd: no such host`},
	} {
		t.Run(test.target, func(t *testing.T) {
			t.Parallel()
			_, reader, res := w.connect(test.target)
			if want := "502 Bad Gateway: " + test.want; res.Status != want {
				t.Errorf("status is\n%q, want\n%q", res.Status, want)
			}
			// A client takes what follows a refused CONNECT for the body.
			if body, err := io.ReadAll(reader); err != nil || string(body) != test.want+"\n" {
				t.Errorf("body is %q (%v), want %q", body, err, test.want)
			}
		})
	}
}

// What a person sees: Go's client reports the reason phrase and nothing else.
func TestRefusalReachesGoClient(t *testing.T) {
	t.Parallel()
	w := serve(t, nil)
	_, err := w.do(w.client(url.UserPassword("bob", "secret-password")), w.request(http.MethodGet, "https://"+stsHost+":8443/", ""))
	if err == nil || !strings.Contains(err.Error(), stsHost+", as for every host of AWS, on port 443 only") {
		t.Errorf("error is %v, want the reason", err)
	}
	if log := w.logged.String(); !strings.Contains(log, stsHost+", as for every host of AWS, on port 443 only") || !strings.Contains(log, "client=bob") {
		t.Errorf("the log does not tell who was refused what: %s", log)
	}
}

// An AWS client gets an answer that it can read, inside the tunnel: the AWS CLI tells nothing of a refused CONNECT.
func TestNotEmulated(t *testing.T) {
	t.Parallel()
	w := serve(t, nil)
	for _, target := range []string{"https://S3.amazonaws.com./bucket", "http://s3.amazonaws.com/bucket"} {
		res, err := w.client(nil).Do(w.request(http.MethodGet, target, ""))
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != http.StatusNotImplemented || string(body) != "s3.amazonaws.com is not emulated\n" {
			t.Errorf("%s: %s %q", target, res.Status, body)
		}
	}
}

func TestPlainRefusals(t *testing.T) {
	t.Parallel()
	w := serve(t, nil)
	for _, test := range []struct{ target, want string }{
		{"http://example.com/x", "example.com is no host of AWS, and this proxy passes on HTTPS alone: unset HTTP_PROXY and ALL_PROXY"},
		{"http://" + stsHost + ":8080/", "the emulator answers for " + stsHost + `, as for every host of AWS, on port 80 or 443 only, not on "8080"`},
		{"http://127.0.0.1:1/", "127.0.0.1 is this machine"},
	} {
		res, err := w.client(nil).Do(w.request(http.MethodGet, test.target, ""))
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != http.StatusBadGateway || !strings.HasPrefix(string(body), test.want) {
			t.Errorf("%s: %s %q, want 502 %q", test.target, res.Status, body, test.want)
		}
	}
}

func TestMalformedConnect(t *testing.T) {
	t.Parallel()
	w := serve(t, nil)
	for _, target := range []string{":443", ".:443", "no-port", "[::1", "/path", "a:b:c", "%zz:443"} {
		if _, _, res := w.connect(target); res.StatusCode != http.StatusBadRequest {
			t.Errorf("CONNECT %s: %s, want 400", target, res.Status)
		}
	}
}

// A client may send its part of the TLS handshake right behind the CONNECT.
func TestEarlyHandshake(t *testing.T) {
	t.Parallel()
	w := serve(t, nil)
	conn, err := net.Dial("tcp", w.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	early := &earlyConn{Conn: conn, prefix: "CONNECT " + stsHost + ":443 HTTP/1.1\r\n\r\n", answer: bufio.NewReader(conn)}
	client := tls.Client(early, &tls.Config{RootCAs: w.ca.Pool(), ServerName: stsHost})
	if err := client.HandshakeContext(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// earlyConn sends prefix together with the first write, and reads the answer to it before the first read.
type earlyConn struct {
	net.Conn
	prefix   string
	answer   *bufio.Reader
	answered bool
}

func (c *earlyConn) Write(p []byte) (int, error) {
	prefix := c.prefix
	c.prefix = ""
	n, err := c.Conn.Write(append([]byte(prefix), p...))
	return n - len(prefix), err
}

func (c *earlyConn) Read(p []byte) (int, error) {
	if !c.answered {
		res, err := http.ReadResponse(c.answer, &http.Request{Method: http.MethodConnect})
		if err != nil {
			return 0, err
		}
		if res.StatusCode != http.StatusOK {
			return 0, errors.New(res.Status)
		}
		c.answered = true
	}
	return c.answer.Read(p) // from here on it is TLS, in which every byte may be anything
}

// Handlers believe the Host header, so it is the tunnel's: whatever else it says, they never see the request.
func TestHostOfAnotherTunnel(t *testing.T) {
	t.Parallel()
	w := serve(t, nil)
	for _, test := range []struct{ request, host string }{
		{"GET / HTTP/1.1\r\nHost: sts.eu-west-1.amazonaws.com\r\n\r\n", "sts.eu-west-1.amazonaws.com"},
		{"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "localhost"},
		{"GET / HTTP/1.1\r\nHost: 127.0.0.1:4500\r\n\r\n", "127.0.0.1"},
		{"GET / HTTP/1.1\r\nHost: " + stsHost + "..\r\n\r\n", stsHost + "."},
		{"GET / HTTP/1.1\r\nHost:\r\n\r\n", ""},
		{"GET / HTTP/1.0\r\n\r\n", ""},
		{"GET https://sts.amazonaws.com/ HTTP/1.1\r\nHost: " + stsHost + "\r\n\r\n", "sts.amazonaws.com"},
	} {
		conn, _, _ := w.connect(stsHost + ":443")
		client := tls.Client(conn, &tls.Config{RootCAs: w.ca.Pool(), ServerName: stsHost})
		if _, err := io.WriteString(client, test.request); err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(bufio.NewReader(client), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		want := "this is a tunnel to " + stsHost + `, but the Host header is "` + test.host + `": connect to the host that the request is for` + "\n"
		if res.StatusCode != http.StatusMisdirectedRequest || string(body) != want {
			t.Errorf("%q: %s %q, want 421 %q", test.request, res.Status, body, want)
		}
	}
}

func TestTLSOfTunnels(t *testing.T) {
	t.Parallel()
	w := serve(t, nil)
	for _, test := range []struct {
		name   string
		config *tls.Config
		want   func(error) bool
	}{
		{"HTTP/2 offered", &tls.Config{RootCAs: w.ca.Pool(), ServerName: stsHost, NextProtos: []string{"h2", "http/1.1"}}, func(err error) bool { return err == nil }},
		{"no server name", &tls.Config{RootCAs: w.ca.Pool(), InsecureSkipVerify: true, VerifyConnection: func(state tls.ConnectionState) error {
			return state.PeerCertificates[0].VerifyHostname(stsHost)
		}}, func(err error) bool { return err == nil }},
		{"another server name", &tls.Config{RootCAs: w.ca.Pool(), ServerName: "eks.us-west-2.amazonaws.com"}, func(err error) bool {
			var wrong x509.HostnameError
			return errors.As(err, &wrong)
		}},
		{"CA not trusted", &tls.Config{RootCAs: x509.NewCertPool(), ServerName: stsHost}, func(err error) bool {
			var unknown x509.UnknownAuthorityError
			return errors.As(err, &unknown)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			conn, _, _ := w.connect(stsHost + ":443")
			client := tls.Client(conn, test.config)
			err := client.HandshakeContext(t.Context())
			if !test.want(err) {
				t.Errorf("handshake: %v", err)
			}
			if proto := client.ConnectionState().NegotiatedProtocol; proto == "h2" {
				t.Error("the tunnel speaks HTTP/2")
			}
		})
	}
}

// A client without NO_PROXY asks the proxy for the API server, too; the API server's own certificate shows.
func TestTunnelToAPIServer(t *testing.T) {
	t.Parallel()
	apiServer := httptest.NewTLSServer(echo("apiserver"))
	defer apiServer.Close()
	number, err := strconv.Atoi(port(t, apiServer.URL))
	if err != nil {
		t.Fatal(err)
	}
	w := serve(t, func(cfg *gateway.Config) { cfg.LoopbackPorts = func() []int { return []int{1, number} } })
	client := w.client(url.User("alice"))
	roots := x509.NewCertPool()
	roots.AddCert(apiServer.Certificate())
	client.Transport.(*http.Transport).TLSClientConfig.RootCAs = roots
	// http.Transport never uses a proxy for loopback addresses by itself; this one is told to.
	got, err := w.do(client, w.request(http.MethodPost, apiServer.URL+"/api?x=1", "body"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Handler != "apiserver" || got.RequestURI != "/api?x=1" || got.Client != "" {
		t.Errorf("the API server saw %+v", got)
	}
	_, _, res := w.connect("127.0.0.1:1")
	if !strings.HasPrefix(res.Status, "502 Bad Gateway: connect to the API server: dial tcp 127.0.0.1:1: ") {
		t.Errorf("nobody listens on port 1, but the answer is %q", res.Status)
	}
}

func TestFallback(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(echo("other"))
	defer other.Close()
	target, err := url.Parse(other.URL)
	if err != nil {
		t.Fatal(err)
	}
	w := serve(t, func(cfg *gateway.Config) { cfg.Fallback = target })
	client := w.client(url.UserPassword("alice", "secret-password"))
	for _, test := range []struct{ target, handler, host, uri string }{
		{"https://" + stsHost + "/", stsHost, stsHost, "/"},
		{"https://bucket.s3.amazonaws.com//a/%2f/../b?x=%zz;y&X=%20", "other", "bucket.s3.amazonaws.com", "//a/%2f/../b?x=%zz;y&X=%20"},
		{"http://s3.amazonaws.com/a", "other", "s3.amazonaws.com", "/a"},
	} {
		got, err := w.do(client, w.request(http.MethodPut, test.target, "body"))
		if err != nil {
			t.Fatal(err)
		}
		if got.Handler != test.handler || got.Host != test.host || got.RequestURI != test.uri || got.Body != "body" || got.ProxyAuth != "" {
			t.Errorf("%s: seen %+v, want %+v", test.target, got, test)
		}
	}
	if _, _, res := w.connect("localhost:443"); res.StatusCode != http.StatusBadGateway {
		t.Errorf("loopback goes to the fallback: %s", res.Status)
	}
	other.Close()
	res, err := client.Do(w.request(http.MethodGet, "https://s3.amazonaws.com/?X-Amz-Signature=abc", ""))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	if want := "s3.amazonaws.com is not emulated, and the fallback " + other.URL + " did not answer: dial tcp"; res.StatusCode != http.StatusBadGateway || !strings.HasPrefix(string(body), want) {
		t.Errorf("answer is %s %q, want 502 %q", res.Status, body, want)
	}
}

func TestNothingSecretIsLogged(t *testing.T) {
	t.Parallel()
	w := serve(t, func(cfg *gateway.Config) {
		cfg.Handler = func(string) http.Handler {
			return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		}
	})
	client := w.client(url.UserPassword("alice", "secret-password"))
	for _, target := range []string{"https://" + stsHost + "/?X-Amz-Signature=abc", "http://" + stsHost + "/?X-Amz-Signature=abc"} {
		if _, err := w.do(client, w.request(http.MethodGet, target, "")); err == nil {
			t.Error("the handler's panic was answered")
		}
	}
	client.Transport.(*http.Transport).TLSClientConfig.RootCAs = x509.NewCertPool()
	if _, err := w.do(client, w.request(http.MethodGet, "https://"+stsHost+"/", "")); err == nil {
		t.Error("a client that does not trust the CA got an answer")
	}
	if err := w.gateway.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"secret-password", "YWxpY2U6", "X-Amz-Signature"} {
		if strings.Contains(w.logged.String(), secret) {
			t.Errorf("the log has %q:\n%s", secret, w.logged)
		}
	}
}
