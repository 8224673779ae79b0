package emulator

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/eksemu/eksemu/emulator/authn"
	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/internal/pki"
	"github.com/eksemu/eksemu/emulator/trace"
)

// TestWebhooksAskForTheToken: nobody but the API server has tokens reviewed or writes audit events.
func TestWebhooksAskForTheToken(t *testing.T) {
	t.Parallel()
	ca, err := pki.NewCA("test", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	e := &Environment{ca: ca, trace: trace.NewRecorder(0, time.Now, nil)}
	c := &runningCluster{spec: config.Cluster{Name: "my-cluster"}}
	c.recorder = authn.NewRecorder(authn.RecorderConfig{Cluster: "my-cluster", Address: "127.0.0.1:1", RootCAs: ca.Pool(), Trace: e.trace, Now: time.Now})
	webhook, err := e.openWebhooks(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.hooks.Close() }()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ca.Pool()}}}
	defer client.CloseIdleConnections()
	const forged = `{"apiVersion":"audit.k8s.io/v1","kind":"EventList","items":[{"stage":"ResponseComplete","user":{"username":"alice"}}]}`
	for _, path := range []string{"/audit", "/authenticate", "/"} {
		for _, token := range []string{"", "x", webhook(path).Token} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, webhook(path).URL, strings.NewReader(forged))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+token)
			answer, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			if refused := answer.StatusCode == http.StatusUnauthorized; refused != (token != webhook(path).Token) {
				t.Errorf("%s with token %q: %s", path, token, answer.Status)
			}
		}
	}
	if got := e.trace.Last(); got != 2 { // the right token's event and its review
		t.Errorf("%d events were recorded, want 2", got)
	}
}

func TestWithToken(t *testing.T) {
	t.Parallel()
	for authorization, want := range map[string]int{
		"Bearer secret":  http.StatusNoContent,
		"bearer secret":  http.StatusNoContent,
		"":               http.StatusUnauthorized,
		"Bearer":         http.StatusUnauthorized,
		"Bearer ":        http.StatusUnauthorized,
		"Bearer secre":   http.StatusUnauthorized,
		"Bearer secrets": http.StatusUnauthorized,
		"Basic secret":   http.StatusUnauthorized,
		"secret":         http.StatusUnauthorized,
	} {
		handler := withToken("secret", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if got := r.Header.Values("Authorization"); len(got) > 0 {
				t.Errorf("%q was passed on as %q", authorization, got)
			}
			w.WriteHeader(http.StatusNoContent)
		}))
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/audit", nil)
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%q: %d, want %d", authorization, w.Code, want)
		}
		if r.Header.Get("Authorization") != authorization {
			t.Errorf("%q: the caller's request was changed", authorization)
		}
	}
}
