package gateway

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
)

// newFallback makes the handler that sends requests to the emulator at target, and a function that closes its
// idle connections. The Host header stays: such emulators choose the service by it.
func newFallback(target *url.URL, log *slog.Logger) (http.Handler, func()) {
	transport := &http.Transport{DisableCompression: true} // and no proxy: the environment's may be this gateway
	proxy := &httputil.ReverseProxy{
		Transport: transport,
		ErrorLog:  slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host
			r.Out.URL.RawQuery = r.In.URL.RawQuery // as signed, not as net/url would write it
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			text := fmt.Sprintf("%s is not emulated, and the fallback %s did not answer: %v", r.Host, target.Redacted(), err)
			http.Error(w, text, http.StatusBadGateway)
		},
	}
	return proxy, transport.CloseIdleConnections
}
