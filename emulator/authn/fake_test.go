package authn

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/eksemu/eksemu/emulator/trace"
)

var testNow = time.Date(2026, 11, 23, 12, 0, 1, 0, time.UTC)

// denyJSON is what upstream answers to every refused review.
const denyJSON = `{"metadata":{},"spec":{},"status":{"user":{}}}`

// fakeServer serves TLS like the authenticator, and offers HTTP/2 like it.
func fakeServer(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // connections that a test cuts off
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func pool(server *httptest.Server) *x509.CertPool {
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return roots
}

func newRecorder(server *httptest.Server) *Recorder {
	now := func() time.Time { return testNow }
	return NewRecorder(RecorderConfig{
		Cluster: "my-cluster", Address: server.Listener.Addr().String(), RootCAs: pool(server),
		Trace: trace.NewRecorder(0, now, nil), Now: now,
	})
}

// reviewBody is a TokenReview as kube-apiserver sends it.
func reviewBody(token string) string {
	return fmt.Sprintf(`{"kind":"TokenReview","apiVersion":"authentication.k8s.io/v1beta1","metadata":{"creationTimestamp":null},"spec":{"token":%q},"status":{"user":{}}}`+"\n", token)
}

func post(t *testing.T, r *Recorder, body string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "https://127.0.0.1:1/authenticate?timeout=30s", strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	r.ServeHTTP(w, req)
	return w
}

func events(r *Recorder) []trace.Event {
	all, _ := r.cfg.Trace.Since(0)
	return all
}

// tokenOf reads the token of the review that a fake authenticator got.
func tokenOf(t *testing.T, req *http.Request) string {
	t.Helper()
	body, err := io.ReadAll(req.Body)
	if err != nil {
		t.Error(err)
	}
	var review tokenReview
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&review); err != nil {
		t.Error(err)
	}
	return review.Spec.Token
}

// logLine is a line as logrus writes it for a request.
func logLine(t *testing.T, req *http.Request, message string, fields map[string]string) string {
	t.Helper()
	line := map[string]string{"level": "info", "msg": message, "client": req.RemoteAddr, "method": req.Method, "path": req.URL.Path}
	for name, value := range fields {
		line[name] = value
	}
	out, err := json.Marshal(line)
	if err != nil {
		t.Error(err)
	}
	return string(out)
}
