package gateway

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
)

// passOn answers a CONNECT with a tunnel to a host that is none of AWS's, unless this gateway itself asks for it.
func (g *Gateway) passOn(w http.ResponseWriter, r *http.Request, address string) {
	via := r.Header.Values("Via")
	if strings.Contains(strings.Join(via, ","), g.id) {
		g.refuse(w, r, circular(address))
		return
	}
	via = append(slices.Clone(via), "1.1 "+g.id)
	g.tunnelTo(w, r, address, func(ctx context.Context) (net.Conn, error) { return g.dial(ctx, address, via) })
}

// tunnelTo answers a CONNECT with a tunnel to what dial connects to. Whatever goes through it is left as it is.
func (g *Gateway) tunnelTo(w http.ResponseWriter, r *http.Request, what string, dial func(context.Context) (net.Conn, error)) {
	ctx, cancel := context.WithTimeout(r.Context(), dialTimeout)
	defer cancel()
	server, err := dial(ctx)
	if err != nil {
		g.refuse(w, r, printable(fmt.Sprintf("connect to %s: %v", what, err)))
		return
	}
	conn, buffered, ok := g.hijack(w)
	if !ok {
		_ = server.Close()
		return
	}
	if !accept(conn) {
		_ = server.Close()
		return
	}
	g.relays.relay(&tunnel{Conn: conn, early: buffered.Reader}, server)
}

// dial connects to a host that is none of AWS's, in the way that this machine does without the emulator: directly,
// or through a proxy of its own, which is told via whom the client asks.
func (g *Gateway) dial(ctx context.Context, address string, via []string) (net.Conn, error) {
	proxy, err := g.cfg.Proxy(&http.Request{URL: &url.URL{Scheme: "https", Host: address}})
	if err != nil { // its text may have the proxy's password
		return nil, errors.New("the HTTPS_PROXY that eksemu was started with is not a URL: correct it, and start eksemu again")
	}
	if proxy == nil || g.isSelf(proxy) {
		return g.dialDirectly(ctx, address)
	}
	conn, err := dialThrough(ctx, proxy, address, via)
	if err != nil {
		return nil, fmt.Errorf("through the proxy %s, the HTTPS_PROXY that eksemu was started with: %w", proxy.Redacted(), err)
	}
	return conn, nil
}

// dialDirectly connects to a host, unless its name turns out to be one of this machine: the resolver decides that, and
// it knows more spellings of addresses than isLoopback.
func (g *Gateway) dialDirectly(ctx context.Context, address string) (net.Conn, error) {
	dialer := &net.Dialer{ControlContext: func(_ context.Context, _, resolved string, _ syscall.RawConn) error {
		host, port, err := net.SplitHostPort(resolved)
		if err != nil {
			return err
		}
		if isLoopback(host) && !g.isAPIServer(port) {
			return errors.New(loopbackOnly(hostOf(address)))
		}
		return nil
	}}
	return dialer.DialContext(ctx, "tcp", address)
}

func dialTCP(ctx context.Context, address string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", address)
}

// isSelf tells whether a proxy is this gateway: somebody started the emulator from a shell that already uses it.
func (g *Gateway) isSelf(proxy *url.URL) bool {
	return isLoopback(normalHost(proxy.Hostname())) && g.isOwnPort(proxy.Port())
}

// dialThrough connects to an address through an HTTP proxy (RFC 9110 §9.3.6).
func dialThrough(ctx context.Context, proxy *url.URL, address string, via []string) (net.Conn, error) {
	port := map[string]string{"http": "80", "https": "443"}[proxy.Scheme]
	if port == "" {
		return nil, fmt.Errorf("a proxy with the scheme %q cannot be used: start eksemu with one whose URL begins with http:// or https://", proxy.Scheme)
	}
	if proxy.Port() != "" {
		port = proxy.Port()
	}
	conn, err := dialTCP(ctx, net.JoinHostPort(proxy.Hostname(), port))
	if err != nil {
		return nil, err
	}
	if proxy.Scheme == "https" {
		conn = tls.Client(conn, &tls.Config{ServerName: proxy.Hostname(), MinVersion: tls.VersionTLS12})
	}
	through, err := ask(ctx, conn, proxy.User, address, via)
	if err != nil {
		_ = conn.Close()
		if ctx.Err() != nil {
			err = fmt.Errorf("it did not answer: %w", context.Cause(ctx))
		}
		return nil, err
	}
	return through, nil
}

// maxQuote bounds what is quoted of a proxy's answer.
const maxQuote = 512

// ask asks a proxy for a tunnel to an address.
func ask(ctx context.Context, conn net.Conn, user *url.Userinfo, address string, via []string) (net.Conn, error) {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	req := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{"Via": via}}
	if user != nil {
		password, _ := user.Password()
		req.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)))
	}
	if err := req.Write(conn); err != nil {
		return nil, err
	}
	reader := bufio.NewReader(conn)
	res, err := http.ReadResponse(reader, req) //nolint:bodyclose // what follows is the tunnel, or the connection is closed
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answered %.*s", maxQuote, res.Status)
	}
	if !stop() {
		return nil, context.Cause(ctx)
	}
	return &tunnel{Conn: conn, early: reader}, nil
}
