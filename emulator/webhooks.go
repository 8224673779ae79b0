package emulator

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/eksemu/eksemu/emulator/audit"
	"github.com/eksemu/eksemu/emulator/cluster"
	"github.com/eksemu/eksemu/emulator/internal/pki"
	"github.com/eksemu/eksemu/emulator/internal/port"
)

// openWebhooks serves the token webhook and the audit webhook, to the API server alone: whoever else reaches the
// loopback interface could have tokens reviewed, and forge the events that verdicts are made of. It returns how the API
// server calls a path of them.
func (e *Environment) openWebhooks(ctx context.Context, c *runningCluster) (func(path string) cluster.Webhook, error) {
	loopback := net.IPv4(127, 0, 0, 1)
	leaf, err := e.ca.IssueTLS(pki.Leaf{CommonName: "eksemu webhooks", Server: true, IPs: []net.IP{loopback}})
	if err != nil {
		return nil, err
	}
	listener, err := port.Listen(ctx, "127.0.0.1", 0)
	if err != nil {
		return nil, fmt.Errorf("listen for the API server's webhook calls: %w", err)
	}
	routes := http.NewServeMux()
	routes.Handle("/authenticate", c.recorder)
	routes.Handle("/audit", &audit.Sink{Cluster: c.spec.Name, Trace: e.trace})
	token := rand.Text() // another one for every start
	c.hooks = &http.Server{
		Handler:           withToken(token, routes),
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{leaf}, MinVersion: tls.VersionTLS12},
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // a broken connection shows in the API server's log
	}
	go func() {
		if err := c.hooks.ServeTLS(listener, "", ""); err != nil && !errors.Is(err, http.ErrServerClosed) {
			e.finish(fmt.Errorf("the webhooks of cluster %s broke, without which it authenticates nobody: %w", c.spec.Name, err))
		}
	}()
	return func(path string) cluster.Webhook {
		return cluster.Webhook{URL: "https://" + listener.Addr().String() + path, CAPEM: e.ca.CertPEM(), Token: token}
	}, nil
}

// withToken hands requests with the bearer token on, without the token; others get 401.
func withToken(token string, next http.Handler) http.Handler {
	want := sha256.Sum256([]byte(token)) // of equal length, so that the comparison takes as long for every token
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme, credentials, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		got := sha256.Sum256([]byte(credentials))
		if !strings.EqualFold(scheme, "Bearer") || subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "this webhook is for the cluster's API server: it needs the bearer token of the start", http.StatusUnauthorized)
			return
		}
		r = r.Clone(r.Context())
		r.Header.Del("Authorization")
		next.ServeHTTP(w, r)
	})
}
