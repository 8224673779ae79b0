package gateway

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// clientKey is the context key of the client's label.
type clientKey struct{}

// Client returns the label that the client of a request gave itself: the user name of the proxy's URL. It is
// "" for a client without one, with one that is not printable or longer than 128 bytes, and for direct requests.
// A label proves nothing: anybody may use any.
func Client(ctx context.Context) string {
	label, _ := ctx.Value(clientKey{}).(string)
	return label
}

func withClient(ctx context.Context, label string) context.Context {
	return context.WithValue(ctx, clientKey{}, label)
}

// maxLabel bounds a label, which ends up in every event of its client.
const maxLabel = 128

// label reads the user name of a Proxy-Authorization header with the scheme Basic (RFC 7617). Everything else
// is no label: the gateway authenticates nobody, so there is nothing to refuse.
func label(header http.Header) string {
	scheme, credentials, _ := strings.Cut(header.Get("Proxy-Authorization"), " ")
	if !strings.EqualFold(scheme, "Basic") {
		return ""
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(credentials))
	if err != nil {
		return ""
	}
	name, _, _ := strings.Cut(string(decoded), ":")
	if len(name) > maxLabel || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return ""
	}
	return name
}

// normalHost is the form of a host name that handlers are chosen by.
func normalHost(host string) string {
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

// hostOf is the normal host name in a Host header.
func hostOf(header string) string {
	if name, _, err := net.SplitHostPort(header); err == nil {
		return normalHost(name)
	}
	return normalHost(header)
}

// isLoopback tells whether a normal host name is this machine, without asking a resolver. The unspecified addresses
// are: systems connect to themselves then.
func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	address = address.WithZone("").Unmap()
	return host == "localhost" || err == nil && (address.IsLoopback() || address.IsUnspecified())
}

// route tells the three kinds of requests apart.
func (g *Gateway) route(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodConnect:
		g.connect(w, r)
	case r.URL.IsAbs():
		g.forward(w, r)
	default:
		g.cfg.Direct.ServeHTTP(w, r)
	}
}

// target returns who answers for a host of AWS: the emulator, the fallback, or who says that neither does. It is nil
// for a host that is none of AWS's.
func (g *Gateway) target(host string) http.Handler {
	if handler := g.cfg.Handler(host); handler != nil {
		return handler
	}
	notEmulated := g.cfg.NotEmulated(host)
	if notEmulated != nil && g.fallback != nil {
		return g.fallback
	}
	return notEmulated
}

// forward answers a request with an absolute URL. Handlers find its path and query in URL, as for any server, and
// RequestURI as it was sent: package sigv4 brings it into the form that is signed. The scheme https is accepted, too: some clients send it to
// an HTTP proxy instead of asking for a tunnel.
func (g *Gateway) forward(w http.ResponseWriter, r *http.Request) {
	host, port := normalHost(r.URL.Hostname()), r.URL.Port()
	inner := r.Clone(withClient(r.Context(), label(r.Header)))
	inner.Header.Del("Proxy-Authorization")
	inner.Header.Del("Proxy-Connection")
	inner.URL.Scheme, inner.URL.Host, inner.URL.User = "", "", nil
	if isLoopback(host) {
		if g.isOwnPort(port) {
			g.cfg.Direct.ServeHTTP(w, inner)
		} else {
			http.Error(w, loopbackOnly(host), http.StatusBadGateway)
		}
		return
	}
	handler := g.target(host)
	switch {
	case handler == nil:
		http.Error(w, notTunnelled(host), http.StatusBadGateway)
	case !slices.Contains([]string{"", "80", "443"}, port):
		http.Error(w, wrongPort(host, port, "80 or 443"), http.StatusBadGateway)
	default:
		handler.ServeHTTP(w, inner)
	}
}

// isOwnPort tells whether port is the gateway's own.
func (g *Gateway) isOwnPort(port string) bool {
	_, own, err := net.SplitHostPort(g.cfg.Listener.Addr().String())
	return err == nil && own == port
}

// loopbackOnly tells what to do about a port of this machine that no API server of ours listens on.
func loopbackOnly(host string) string {
	host = printable(host)
	return fmt.Sprintf("%s is this machine, where the proxy leads to the API servers of the emulator's clusters only: add %s to NO_PROXY", host, host)
}

// circular tells what to do about a proxy that leads back to the gateway itself.
func circular(address string) string {
	return fmt.Sprintf("the way to %s leads in a circle: the HTTPS_PROXY that eksemu was started with leads back to this gateway. Start eksemu from a shell whose HTTPS_PROXY is no environment of eksemu's", printable(address))
}

// notTunnelled tells that only tunnels are passed on.
func notTunnelled(host string) string {
	return fmt.Sprintf("%s is no host of AWS, and this proxy passes on HTTPS alone: unset HTTP_PROXY and ALL_PROXY", printable(host))
}

// wrongPort tells that hosts of AWS's, emulated or not, are answered for, but not on this port.
func wrongPort(host, port, right string) string {
	return fmt.Sprintf("the emulator answers for %s, as for every host of AWS, on port %s only, not on %q", printable(host), right, printable(port))
}

// misdirected tells that a request in a tunnel is for another host than the tunnel.
func misdirected(host, tunnel string) string {
	return fmt.Sprintf("this is a tunnel to %s, but the Host header is %q: connect to the host that the request is for", printable(tunnel), printable(host))
}

// printable makes a text of a client fit for a status line and a terminal.
func printable(text string) string {
	quoted := strconv.QuoteToASCII(text)
	return quoted[1 : len(quoted)-1]
}

func refuseDirect(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "this is an HTTP proxy for AWS host names: set HTTPS_PROXY to it instead of sending requests to it", http.StatusNotFound)
}
