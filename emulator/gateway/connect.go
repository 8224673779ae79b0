package gateway

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
)

// connect answers a CONNECT: with a tunnel that ends here, with one to an API server of ours or to a host that is none
// of AWS's, or with a refusal.
func (g *Gateway) connect(w http.ResponseWriter, r *http.Request) {
	name, port, err := net.SplitHostPort(r.Host)
	host := normalHost(name)
	if err != nil || host == "" {
		http.Error(w, "CONNECT needs HOST:PORT", http.StatusBadRequest)
		return
	}
	if isLoopback(host) {
		g.connectLoopback(w, r, host, port)
		return
	}
	handler := g.target(host)
	if handler == nil {
		g.passOn(w, r, net.JoinHostPort(host, port))
		return
	}
	if port != "443" {
		g.refuse(w, r, wrongPort(host, port, "443"))
		return
	}
	conn, buffered, ok := g.hijack(w)
	if !ok {
		return
	}
	t := &tunnel{Conn: conn, early: buffered.Reader, host: host, client: label(r.Header), handler: handler}
	if accept(conn) {
		g.tunnels.add(t, g)
	}
}

// connectLoopback tunnels to an API server, untouched: its certificate is what the client's kubeconfig trusts.
func (g *Gateway) connectLoopback(w http.ResponseWriter, r *http.Request, host, port string) {
	if !g.isAPIServer(port) {
		g.refuse(w, r, loopbackOnly(host))
		return
	}
	address := net.JoinHostPort(host, port)
	g.tunnelTo(w, r, "the API server", func(ctx context.Context) (net.Conn, error) { return dialTCP(ctx, address) })
}

// isAPIServer tells whether an API server of ours has a port of the loopback addresses.
func (g *Gateway) isAPIServer(port string) bool {
	number, err := strconv.Atoi(port)
	return err == nil && slices.Contains(g.cfg.LoopbackPorts(), number)
}

// refuse answers a CONNECT with 502 and a text: in the body, where curl -v shows it, and as the reason phrase
// of the status line, which is all that Go's and Python's HTTP clients report. The AWS CLI reports neither
// ("Failed to connect to proxy URL"), so the log has it, too. The text must be one line.
func (g *Gateway) refuse(w http.ResponseWriter, r *http.Request, text string) {
	g.cfg.ErrorLog.Warn("refuse a tunnel", "reason", text, "client", label(r.Header))
	conn, _, ok := g.hijack(w)
	if !ok {
		return
	}
	defer conn.Close()
	// An error means that the client did not wait for the answer.
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 502 Bad Gateway: %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s\n",
		text, len(text)+1, text)
}

// hijack takes the connection over from net/http, with its deadlines removed. If it cannot, it has answered.
func (g *Gateway) hijack(w http.ResponseWriter) (net.Conn, *bufio.ReadWriter, bool) {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		g.cfg.ErrorLog.Error("take over the connection of a CONNECT", "err", err)
		http.Error(w, "CONNECT is not possible on this connection", http.StatusInternalServerError)
		return nil, nil, false
	}
	return conn, buffered, true
}

// accept tells the client that the tunnel stands. If it cannot, it has closed the connection.
func accept(conn net.Conn) bool {
	if _, err := conn.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n")); err != nil {
		_ = conn.Close()
		return false
	}
	return true
}
