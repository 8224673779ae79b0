// Package gateway is the network of the emulator: the one listener through which AWS clients reach its AWS
// APIs while they believe in the real host names.
//
// They have to believe in them: aws-iam-authenticator accepts a token only if it is presigned for "https://"
// and a real STS host name, so a client whose STS endpoint is redirected (AWS_ENDPOINT_URL_STS) makes tokens
// that no cluster accepts. What is redirected is the connection instead. Clients are given HTTPS_PROXY, and the
// certificate authority of the emulator in AWS_CA_BUNDLE; the listener tells three kinds of requests apart:
//
//   - CONNECT HOST:443 asks for a tunnel. For an AWS host that is emulated, the other end of the tunnel is
//     here: TLS is terminated with a certificate that the emulator's CA makes for HOST, and every request
//     inside goes to the handler for HOST. The request line and the headers stay as they were sent, byte for
//     byte where net/http keeps them (RequestURI, Host), because they are signed. A request inside whose Host
//     header names another host than the CONNECT did is refused (421 Misdirected Request).
//   - A request line with an absolute URL ("GET http://HOST/path HTTP/1.1") is plain-HTTP proxying and goes to
//     the same handlers. RequestURI is absolute there; URL has path and query alone.
//   - Any other request is a direct one, for example of a client with AWS_ENDPOINT_URL_EKS, and goes to
//     [Config].Direct.
//
// HTTPS_PROXY catches everything that a shell does, not just AWS clients. So a tunnel to a host that is none of
// AWS's leads straight on to that host, untouched, through the machine's own proxy if it has one ([Config].Proxy).
// A host of AWS's that is not emulated is refused by a handler that says so in AWS's form ([Config].NotEmulated), or
// handed to another emulator ([Config].Fallback). The gateway never connects to AWS by itself, and tunnels to
// loopback addresses, however they are written or resolved, lead to API servers of the emulator's clusters only.
// What it asks the machine's proxy for carries a Via header (RFC 9110 §7.6.3), by which two environments that are each
// other's proxy notice that they ask in a circle.
//
// The user name in the proxy's URL, as in HTTPS_PROXY=http://alice-step-2:x@127.0.0.1:4500, labels whatever
// the client does; handlers read the label with [Client]. The password is ignored, but botocore sends no user
// name without one.
//
// Inside a tunnel the protocol is HTTP/1.1. Requests that net/http itself refuses never reach a handler: one
// whose path has a broken percent-encoding gets its plain "400 Bad Request" rather than an answer of AWS's.
//
// A web page in a browser on the same machine can send direct requests (DNS rebinding, forms), but neither
// CONNECT nor an absolute URL. AWS APIs are safe by their signatures; a Direct handler that offers anything
// else must check Host and Origin, or a secret, itself.
package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/eksemu/eksemu/emulator/internal/pki"
)

const (
	// readHeaderTimeout is how long a client may take for the TLS handshake and for the header of a request.
	readHeaderTimeout = 10 * time.Second
	// idleTimeout is how long a connection is kept for the next request.
	idleTimeout = 2 * time.Minute
	// stopGrace is how long requests that are being answered have left once Shutdown was called.
	stopGrace = 500 * time.Millisecond
	// dialTimeout is how long a connection to another host may take, its name's lookup and a proxy's answer included.
	dialTimeout = 30 * time.Second
)

// Config says what a gateway serves. Listener, CA and Handler are required.
type Config struct {
	// Listener is where clients connect. The gateway closes it.
	Listener net.Listener
	// CA makes the certificates for the hosts that tunnels end at. Clients must trust it.
	CA *pki.CA
	// Handler returns the handler of an emulated host, and nil for every other host. host is lower-case and
	// has neither a port nor a trailing dot.
	Handler func(host string) http.Handler
	// NotEmulated returns the handler that refuses requests to a host of AWS's for which Handler returns nil, and
	// nil for a host that is none of AWS's. A nil NotEmulated takes no host for one of AWS's.
	NotEmulated func(host string) http.Handler
	// Direct answers requests that are not proxy requests; nil refuses them. See the package's note on browsers.
	Direct http.Handler
	// Fallback, if set, is the URL of another emulator of AWS (http://127.0.0.1:4566) that gets all requests for
	// hosts of AWS's that are not emulated here, with their Host header. Their TLS is terminated here.
	Fallback *url.URL
	// LoopbackPorts, if set, returns the ports on loopback addresses that clients may tunnel to: those of the
	// clusters' API servers, which a client that does not know NO_PROXY asks the proxy for.
	LoopbackPorts func() []int
	// Proxy, if set, returns the proxy through which this machine reaches an https URL, and nil for none: the form is
	// that of http.Transport.Proxy. Hosts that are none of AWS's are reached in that way. If it returns this gateway
	// itself, they are reached directly.
	Proxy func(*http.Request) (*url.URL, error)
	// ErrorLog receives what goes wrong with connections; nil discards it. Credentials are never logged.
	ErrorLog *slog.Logger
}

// Gateway serves a [Config]. Make one with [New].
type Gateway struct {
	cfg      Config
	id       string       // in Via; no other gateway has it
	fallback http.Handler // nil without Config.Fallback
	idle     func()       // closes idle connections to the fallback

	outer   *http.Server // speaks plain HTTP with whoever connects
	inner   *http.Server // speaks HTTP inside terminated tunnels
	tunnels *tunnelListener
	relays  relays
}

// New makes a gateway that serves cfg once [Gateway.Serve] is called.
func New(cfg Config) *Gateway {
	if cfg.Direct == nil {
		cfg.Direct = http.HandlerFunc(refuseDirect)
	}
	if cfg.NotEmulated == nil {
		cfg.NotEmulated = func(string) http.Handler { return nil }
	}
	if cfg.Proxy == nil {
		cfg.Proxy = func(*http.Request) (*url.URL, error) { return nil, nil }
	}
	if cfg.LoopbackPorts == nil {
		cfg.LoopbackPorts = func() []int { return nil }
	}
	if cfg.ErrorLog == nil {
		cfg.ErrorLog = slog.New(slog.DiscardHandler)
	}
	g := &Gateway{cfg: cfg, id: "eksemu-" + rand.Text(), tunnels: newTunnelListener(cfg.Listener.Addr()), idle: func() {}}
	if cfg.Fallback != nil {
		g.fallback, g.idle = newFallback(cfg.Fallback, cfg.ErrorLog)
	}
	g.outer = g.server(http.HandlerFunc(g.route))
	g.inner = g.server(http.HandlerFunc(serveTunnel))
	g.inner.ConnContext = tunnelContext
	return g
}

func (g *Gateway) server(handler http.Handler) *http.Server {
	var http1 http.Protocols
	http1.SetHTTP1(true)
	return &http.Server{
		Handler:           handler,
		Protocols:         &http1,
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		ErrorLog:          slog.NewLogLogger(g.cfg.ErrorLog.Handler(), slog.LevelWarn),

		DisableGeneralOptionsHandler: true,
	}
}

// Serve answers requests until [Gateway.Shutdown], and then returns nil; any other end is an error.
func (g *Gateway) Serve() error {
	ends := make(chan error, 2)
	go func() { ends <- g.inner.Serve(g.tunnels) }()
	go func() { ends <- g.outer.Serve(g.cfg.Listener) }()
	err := <-ends
	if !errors.Is(err, http.ErrServerClosed) {
		_ = g.Shutdown(context.Background()) // the other server must end too; its end is no news
	}
	if other := <-ends; errors.Is(err, http.ErrServerClosed) {
		err = other
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Shutdown ends the gateway within a second. Requests that are being answered get half a second, or until ctx
// ends, to complete; idle connections, kept-alive tunnels and tunnels to API servers are closed at once.
func (g *Gateway) Shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stopGrace)
	defer cancel()
	g.relays.close()
	var stops sync.WaitGroup
	for _, server := range []*http.Server{g.outer, g.inner} {
		stops.Go(func() {
			if server.Shutdown(ctx) != nil {
				_ = server.Close() // what has not completed by now is cut off
			}
		})
	}
	stops.Wait()
	g.idle()
	// An http.Server has closed its listener, but only if it was serving it.
	_ = g.tunnels.Close()
	if err := g.cfg.Listener.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
