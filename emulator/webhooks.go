package emulator

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/eksemu/eksemu/emulator/audit"
	"github.com/eksemu/eksemu/emulator/cluster"
	"github.com/eksemu/eksemu/emulator/internal/atomicfile"
	"github.com/eksemu/eksemu/emulator/internal/pki"
	"github.com/eksemu/eksemu/emulator/internal/port"
)

// openWebhooks serves the webhooks for tokens, access policies and audit events, to the API server alone: whoever else reaches the address
// could have tokens reviewed, and forge the events that verdicts are made of. It returns how the API server calls a path
// of them, which stays the same over restarts as long as the port can be had again: the API server of a kind cluster
// outlives this process.
func (e *Environment) openWebhooks(ctx context.Context, c *runningCluster) (func(path string) cluster.Webhook, error) {
	files := webhookFiles{filepath.Join(c.dir, "webhooks")}
	if err := os.MkdirAll(files.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the webhooks' folder: %w", err)
	}
	client, err := files.client(e.ca, apiServerName(c.arn), e.opts.Now())
	if err != nil {
		return nil, err
	}
	leaf, err := e.ca.IssueTLS(webhookLeaf(c.site))
	if err != nil {
		return nil, err
	}
	listener, err := files.listen(ctx, c.site.Listen)
	if err != nil {
		return nil, err
	}
	routes := http.NewServeMux()
	routes.Handle("/authenticate", c.recorder)
	routes.Handle("/authorize", c.authorizer)
	routes.Handle("/audit", c.onceOpened(&audit.Sink{Cluster: c.name, Trace: e.trace}))
	c.hooks = &http.Server{
		Handler:           routes,
		TLSConfig:         onlyFor(apiServerName(c.arn), e.ca.Pool(), leaf),
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // a broken connection shows in the API server's log
	}
	go func() {
		if err := c.hooks.ServeTLS(listener, "", ""); err != nil && !errors.Is(err, http.ErrServerClosed) {
			e.finish(fmt.Errorf("the webhooks of cluster %s broke, without which it authenticates nobody: %w", c.name, err))
		}
	}()
	address := net.JoinHostPort(c.site.Dial, strconv.Itoa(port.Of(listener)))
	return func(path string) cluster.Webhook {
		return cluster.Webhook{URL: "https://" + address + path, CAPEM: e.ca.CertPEM(), Client: client}
	}, nil
}

// onceOpened drops what happened before anybody could use the cluster: those were the requests of whoever made it.
func (c *runningCluster) onceOpened(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.opened.Load() {
			next.ServeHTTP(w, r)
		}
	})
}

// apiServerName is the common name of the client certificate of a cluster's API server. ARNs are too long for one.
func apiServerName(arn string) string {
	sum := sha256.Sum256([]byte(arn))
	return "apiserver-" + hex.EncodeToString(sum[:16])
}

// webhookLeaf is the server certificate of webhooks that are called by one address or name.
func webhookLeaf(site cluster.Site) pki.Leaf {
	leaf := pki.Leaf{CommonName: "eksemu webhooks", Server: true}
	if ip := net.ParseIP(site.Dial); ip != nil {
		leaf.IPs = []net.IP{ip}
	} else {
		leaf.DNSNames = []string{site.Dial}
	}
	return leaf
}

// onlyFor is the configuration of a TLS server that talks to nobody but the owner of one client certificate.
func onlyFor(client string, clients *x509.CertPool, server tls.Certificate) *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{server},
		MinVersion:   tls.VersionTLS12,
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    clients,
		VerifyConnection: func(state tls.ConnectionState) error {
			if got := state.PeerCertificates[0].Subject.CommonName; got != client {
				return fmt.Errorf("this webhook is for the cluster's API server %s, not for %q", client, got)
			}
			return nil
		},
	}
}

// webhookFiles is the folder with what of a cluster's webhooks outlives the process.
//
//	client.crt, client.key   with which the API server calls them
//	port                     on which they listen
type webhookFiles struct{ dir string }

func (f webhookFiles) path(name string) string { return filepath.Join(f.dir, name) }

// listen opens the webhooks' port: that of the last start if it is free, or any.
func (f webhookFiles) listen(ctx context.Context, host string) (net.Listener, error) {
	text, _ := os.ReadFile(f.path("port"))                     // there may be none yet
	before, _ := strconv.Atoi(strings.TrimSpace(string(text))) // an unreadable port is as good as none
	listener, err := port.Listen(ctx, host, before)
	if err != nil {
		return nil, fmt.Errorf("listen for the API server's webhook calls: %w", err)
	}
	if err := atomicfile.Write(f.path("port"), []byte(strconv.Itoa(port.Of(listener))+"\n"), 0o600); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return listener, nil
}

// renewBefore is how long before its end a client certificate is replaced.
const renewBefore = 60 * 24 * time.Hour

// client is the client certificate of an API server: that of the last start if it is good for a while, or a new one.
func (f webhookFiles) client(ca *pki.CA, name string, now time.Time) (cluster.Client, error) {
	cert, certErr := os.ReadFile(f.path("client.crt"))
	key, keyErr := os.ReadFile(f.path("client.key"))
	if certErr == nil && keyErr == nil && isClient(ca, name, cert, key, now.Add(renewBefore)) {
		return cluster.Client{CertPEM: cert, KeyPEM: key}, nil
	}
	cert, key, err := ca.Issue(pki.Leaf{CommonName: name, Client: true})
	if err != nil {
		return cluster.Client{}, err
	}
	for file, content := range map[string][]byte{"client.key": key, "client.crt": cert} {
		if err := atomicfile.Write(f.path(file), content, 0o600); err != nil {
			return cluster.Client{}, err
		}
	}
	return cluster.Client{CertPEM: cert, KeyPEM: key}, nil
}

// isClient tells whether a certificate is a client's of that name, from the authority, with its key, and valid at a time.
func isClient(ca *pki.CA, name string, cert, key []byte, at time.Time) bool {
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil || pair.Leaf.Subject.CommonName != name {
		return false
	}
	_, err = pair.Leaf.Verify(x509.VerifyOptions{Roots: ca.Pool(), CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	return err == nil
}
