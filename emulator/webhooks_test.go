package emulator

import (
	"bytes"
	"crypto/tls"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/eksemu/eksemu/emulator/access"
	"github.com/eksemu/eksemu/emulator/authn"
	"github.com/eksemu/eksemu/emulator/cluster"
	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/internal/pki"
	"github.com/eksemu/eksemu/emulator/trace"
)

const testARN = "arn:aws:eks:us-west-2:111122223333:cluster/my-cluster"

// TestWebhooksTalkToTheAPIServerAlone: nobody else has tokens reviewed or writes audit events.
func TestWebhooksTalkToTheAPIServerAlone(t *testing.T) {
	t.Parallel()
	ca, err := pki.NewCA("test", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	e := &Environment{ca: ca, trace: trace.NewRecorder(0, time.Now, nil), opts: Options{Now: time.Now}}
	c := &runningCluster{
		spec: config.Cluster{Name: "my-cluster"}, name: "my-cluster", arn: testARN, dir: t.TempDir(),
		authorizer: access.NewAuthorizer(access.Options{}),
		site:       cluster.Site{Listen: "127.0.0.1", Dial: "127.0.0.1"},
	}
	c.recorder = authn.NewRecorder(authn.RecorderConfig{Cluster: "my-cluster", Address: "127.0.0.1:1", RootCAs: ca.Pool(), Trace: e.trace, Now: time.Now})
	c.opened.Store(true)
	webhook, err := e.openWebhooks(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.hooks.Close() }()
	own, err := tls.X509KeyPair(webhook("/").Client.CertPEM, webhook("/").Client.KeyPEM)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := pki.NewCA("test", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for name, client := range map[string]*tls.Certificate{
		"the API server":              &own,
		"nobody":                      {},
		"another cluster's":           issued(t, ca, pki.Leaf{CommonName: apiServerName(testARN + "2"), Client: true}),
		"a server":                    issued(t, ca, pki.Leaf{CommonName: apiServerName(testARN), Server: true, DNSNames: []string{"x"}}),
		"of that name elsewhere":      issued(t, foreign, pki.Leaf{CommonName: apiServerName(testARN), Client: true}),
		"a user of the cluster's own": issued(t, foreign, pki.Leaf{CommonName: "eksemu-admin", Organization: []string{"system:masters"}, Client: true}),
	} {
		before := e.trace.Last()
		got := postForged(t, ca, client, webhook("/audit").URL)
		if want := name == "the API server"; got != want {
			t.Errorf("%s: answered: %t, want %t", name, got, want)
		} else if recorded := e.trace.Last() > before; recorded != want {
			t.Errorf("%s: an event was recorded: %t, want %t", name, recorded, want)
		}
	}
}

func issued(t *testing.T, ca *pki.CA, leaf pki.Leaf) *tls.Certificate {
	t.Helper()
	pair, err := ca.IssueTLS(leaf)
	if err != nil {
		t.Fatal(err)
	}
	return &pair
}

// postForged posts an audit event with a client certificate, and tells whether it was taken.
func postForged(t *testing.T, ca *pki.CA, client *tls.Certificate, url string) bool {
	t.Helper()
	const forged = `{"apiVersion":"audit.k8s.io/v1","kind":"EventList","items":[{"stage":"ResponseComplete","user":{"username":"alice"}}]}`
	as := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{
		RootCAs:              ca.Pool(), // the client certificate is given, whether the server asks for it or not
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return client, nil },
	}}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(forged))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := as.Do(r)
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// TestWebhooksStayOverRestarts: an API server that outlives the process finds them again.
func TestWebhooksStayOverRestarts(t *testing.T) {
	t.Parallel()
	ca, err := pki.NewCA("test", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	open := func() (webhook cluster.Webhook, stop func()) {
		e := &Environment{ca: ca, trace: trace.NewRecorder(0, time.Now, nil), opts: Options{Now: time.Now}}
		c := &runningCluster{arn: testARN, dir: dir, site: cluster.Site{Listen: "127.0.0.1", Dial: "127.0.0.1"}}
		c.recorder = authn.NewRecorder(authn.RecorderConfig{Cluster: "my-cluster", Address: "127.0.0.1:1", RootCAs: ca.Pool(), Trace: e.trace, Now: time.Now})
		find, err := e.openWebhooks(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		own, err := tls.X509KeyPair(find("/audit").Client.CertPEM, find("/audit").Client.KeyPEM)
		if err != nil {
			t.Fatal(err)
		}
		if !postForged(t, ca, &own, find("/audit").URL) { // a server that does not serve yet closes its port later
			t.Error("no answer")
		}
		return find("/audit"), func() { _ = c.hooks.Close() }
	}
	first, stop := open()
	stop()
	second, stop := open()
	if second.URL != first.URL || !bytes.Equal(second.Client.CertPEM, first.Client.CertPEM) || !bytes.Equal(second.Client.KeyPEM, first.Client.KeyPEM) {
		t.Errorf("webhook at %s, was at %s, or another client certificate", second.URL, first.URL)
	}
	third, stopThird := open() // the port is taken
	defer stopThird()
	stop()
	if third.URL == second.URL {
		t.Errorf("two webhooks at %s", third.URL)
	}
}

func TestClientCertificateOfWebhooks(t *testing.T) {
	t.Parallel()
	ca, err := pki.NewCA("test", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	other, err := pki.NewCA("test", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		spoil func(files webhookFiles) // between two uses
		ca    *pki.CA
		name  string
		at    time.Duration
		kept  bool
	}{
		"the same":              {ca: ca, name: "x", kept: true},
		"for a while":           {ca: ca, name: "x", at: 300 * 24 * time.Hour, kept: true},
		"nearly over":           {ca: ca, name: "x", at: 310 * 24 * time.Hour},
		"another cluster":       {ca: ca, name: "y"},
		"another authority":     {ca: other, name: "x"},
		"a damaged certificate": {ca: ca, name: "x", spoil: func(f webhookFiles) { write(t, f.path("client.crt"), "?") }},
		"a damaged key":         {ca: ca, name: "x", spoil: func(f webhookFiles) { write(t, f.path("client.key"), "?") }},
	} {
		files := webhookFiles{t.TempDir()}
		first, err := files.client(ca, "x", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if test.spoil != nil {
			test.spoil(files)
		}
		second, err := files.client(test.ca, test.name, time.Now().Add(test.at))
		if err != nil {
			t.Fatal(err)
		}
		if kept := bytes.Equal(first.CertPEM, second.CertPEM); kept != test.kept {
			t.Errorf("%s: kept %t, want %t", name, kept, test.kept)
		}
		if !isClient(test.ca, test.name, second.CertPEM, second.KeyPEM, time.Now()) {
			t.Errorf("%s: not a client certificate of %s", name, test.name)
		}
		if got := read(t, filepath.Join(files.dir, "client.crt")); got != string(second.CertPEM) {
			t.Errorf("%s: another certificate is kept", name)
		}
	}
}
