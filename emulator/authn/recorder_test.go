package authn

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/emulator/trace"
)

const grantJSON = `{"metadata":{},"spec":{},"status":{"authenticated":true,"user":{"username":"alice","uid":"aws-iam-authenticator:111122223333:AIDAEXAMPLE","groups":["developers"],"extra":{"accessKeyId":["AKIAIOSFODNN7EXAMPLE"]}}}}` + "\n"

// TestPassThrough compares what the authenticator gets with what the API server sent, and back.
func TestPassThrough(t *testing.T) {
	t.Parallel()
	sent := reviewBody(testToken(testSignature)) + "  trailing \x00 bytes"
	server := fakeServer(t, func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil || string(body) != sent {
			t.Errorf("the authenticator got %q, %v", body, err)
		}
		if req.Proto != "HTTP/1.1" || req.Method != http.MethodPost || req.RequestURI != "/authenticate?timeout=30s" {
			t.Errorf("request %s %s %s", req.Method, req.RequestURI, req.Proto)
		}
		if got := req.Header.Get("Content-Type"); got != "application/json" {
			t.Errorf("Content-Type %q", got)
		}
		if _, there := req.Header["Idempotency-Key"]; there {
			t.Error("an Idempotency-Key was sent")
		}
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		w.Header()["X-Two"] = []string{"a", "b"}
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, grantJSON)
	})
	r := newRecorder(server)
	w := post(t, r, sent)
	if w.Code != http.StatusAccepted || w.Body.String() != grantJSON {
		t.Errorf("the API server got %d %q", w.Code, w.Body)
	}
	if diff := cmp.Diff([]string{"a", "b"}, w.Header().Values("X-Two")); diff != "" || w.Header().Get("Content-Type") != "application/json; charset=UTF-8" {
		t.Errorf("headers %v", w.Header())
	}
}

func TestRecordsGranted(t *testing.T) {
	t.Parallel()
	r := newRecorder(fakeServer(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, grantJSON) }))
	post(t, r, reviewBody(testToken(testSignature)))
	want := []trace.Event{{
		Seq: 1, Time: testNow, Kind: trace.KindTokenReview, Cluster: "my-cluster", Token: trace.Fingerprint(testSignature),
		TokenReview: &trace.TokenReview{
			Host: "sts.us-west-2.amazonaws.com", AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SignedAt: testNow.Add(-time.Second),
			Status: 200, Authenticated: true, Username: "alice", UID: "aws-iam-authenticator:111122223333:AIDAEXAMPLE",
			Groups: []string{"developers"}, Extra: map[string][]string{"accessKeyId": {"AKIAIOSFODNN7EXAMPLE"}}, Started: testNow,
		},
	}}
	if diff := cmp.Diff(want, events(r)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// TestRefusedWaitsForItsLine delivers the "access denied" line after the answer.
func TestRefusedWaitsForItsLine(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusForbidden, http.StatusTooManyRequests} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			client := make(chan *http.Request, 1)
			r := newRecorder(fakeServer(t, func(w http.ResponseWriter, req *http.Request) {
				w.WriteHeader(status)
				_, _ = io.WriteString(w, denyJSON)
				client <- req
			}))
			r.deniedWait = time.Hour
			go func() {
				r.Line(logLine(t, <-client, messageDenied, map[string]string{"error": "identity is not mapped"}))
			}()
			if w := post(t, r, reviewBody(testToken(testSignature))); w.Code != status || w.Body.String() != denyJSON {
				t.Errorf("answer %d %q", w.Code, w.Body)
			}
			got := events(r)
			if len(got) != 2 || got[0].Kind != trace.KindLog || got[1].Kind != trace.KindTokenReview {
				t.Fatalf("want the line, then the review; got %+v", got)
			}
			if review := got[1].TokenReview; review.Authenticator != "identity is not mapped" || review.Status != status || review.Authenticated {
				t.Errorf("review %+v", review)
			}
			if got[0].Token != trace.Fingerprint(testSignature) || got[0].Cluster != "my-cluster" {
				t.Errorf("line %+v", got[0])
			}
		})
	}
}

func TestRefusedWithoutLine(t *testing.T) {
	t.Parallel()
	r := newRecorder(fakeServer(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, denyJSON, http.StatusForbidden) }))
	r.deniedWait = time.Millisecond
	if w := post(t, r, reviewBody(testToken(testSignature))); w.Code != http.StatusForbidden {
		t.Errorf("status %d", w.Code)
	}
	if got := events(r); len(got) != 1 || got[0].TokenReview.Status != 403 || got[0].TokenReview.Authenticator != "" {
		t.Errorf("events %+v", got)
	}
}

func TestAuthenticatorDown(t *testing.T) {
	t.Parallel()
	server := fakeServer(t, nil)
	r := newRecorder(server)
	server.Close()
	w := post(t, r, reviewBody(testToken(testSignature)))
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "connection refused") {
		t.Errorf("answer %d %q", w.Code, w.Body)
	}
	got := events(r)
	if len(got) != 1 || got[0].Token != trace.Fingerprint(testSignature) {
		t.Fatalf("events %+v", got)
	}
	if review := got[0].TokenReview; review.Status != 0 || !strings.HasPrefix(review.Error, "ask aws-iam-authenticator: dial tcp 127.0.0.1:") || review.AccessKeyID != "AKIAIOSFODNN7EXAMPLE" {
		t.Errorf("review %+v", review)
	}
}

func TestWrongCertificate(t *testing.T) {
	t.Parallel()
	r := newRecorder(fakeServer(t, func(http.ResponseWriter, *http.Request) { t.Error("the token left for an unknown server") }))
	r.client = newClient(x509.NewCertPool())
	if w := post(t, r, reviewBody(testToken(testSignature))); w.Code != http.StatusServiceUnavailable {
		t.Errorf("status %d", w.Code)
	}
	if got := events(r)[0].TokenReview; got.Status != 0 || !strings.Contains(got.Error, "certificate") {
		t.Errorf("review %+v", got)
	}
}

// TestAuthenticatorRestarted: the first review after a restart meets a dead connection and must not fail.
func TestAuthenticatorRestarted(t *testing.T) {
	t.Parallel()
	grant := func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, grantJSON) }
	first := fakeServer(t, grant)
	r := newRecorder(first)
	if w := post(t, r, reviewBody(testToken("1"))); w.Code != http.StatusOK {
		t.Fatalf("before: %d", w.Code)
	}
	first.Close()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", r.cfg.Address)
	if err != nil {
		t.Fatal(err)
	}
	second := httptest.NewUnstartedServer(http.HandlerFunc(grant))
	second.Listener.Close()
	second.Listener = listener
	second.StartTLS() // httptest has one certificate for all servers
	defer second.Close()
	if w := post(t, r, reviewBody(testToken("2"))); w.Code != http.StatusOK {
		t.Errorf("after: %d %s", w.Code, w.Body)
	}
}

func TestBadRequests(t *testing.T) {
	t.Parallel()
	r := newRecorder(fakeServer(t, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "expected a request body to be a TokenReview", http.StatusBadRequest)
	}))
	for _, test := range []struct {
		body       string
		code       int
		tokenError string
		status     int
	}{
		{"token=" + testToken(testSignature), http.StatusBadRequest, "request is not a TokenReview", 400},
		{"", http.StatusBadRequest, "request is not a TokenReview", 400},
		{"{}", http.StatusBadRequest, "no token", 400},
		{strings.Repeat("x", maxReview+1), http.StatusRequestEntityTooLarge, "", 0},
	} {
		before := r.cfg.Trace.Last()
		if w := post(t, r, test.body); w.Code != test.code {
			t.Errorf("%.20q: %d, want %d", test.body, w.Code, test.code)
		}
		got, _ := r.cfg.Trace.Since(before)
		if len(got) != 1 || got[0].TokenReview.TokenError != test.tokenError || got[0].TokenReview.Status != test.status || got[0].Token != "" {
			t.Errorf("%.20q: %+v", test.body, got)
		}
	}
	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusNotFound || r.cfg.Trace.Last() != 4 {
		t.Errorf("another path: %d, %d events", w.Code, r.cfg.Trace.Last())
	}
}

func TestAnswerTooLong(t *testing.T) {
	t.Parallel()
	r := newRecorder(fakeServer(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat(" ", maxReview+1))
	}))
	if w := post(t, r, reviewBody("x")); w.Code != http.StatusServiceUnavailable {
		t.Errorf("status %d", w.Code)
	}
	if got := events(r)[0].TokenReview; got.Error != "read the answer of aws-iam-authenticator: answer is longer than 1048576 bytes" {
		t.Errorf("error %q", got.Error)
	}
}

// TestNoSecrets: the authenticator repeats everything that it got, and no event holds it.
func TestNoSecrets(t *testing.T) {
	t.Parallel()
	var r *Recorder
	r = newRecorder(fakeServer(t, func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		r.Line(logLine(t, req, "STS response", map[string]string{"url": presigned(testSignature), "body": string(body)}))
		r.Line(logLine(t, req, messageDenied, map[string]string{"error": `parse "` + presigned(testSignature) + `": bad; ` + string(body)}))
		w.WriteHeader(http.StatusForbidden)
	}))
	for _, token := range []string{
		testToken(testSignature),
		testToken(testSignature + "%zz"),
		tokenFor("https://sts.amazonaws.com\x7f/?X-Amz-Signature=" + testSignature + "&X-Amz-Security-Token=" + testSessionToken),
		testToken(testSignature) + "!",
	} {
		post(t, r, reviewBody(token))
		post(t, r, `{"spec":{"token":`+token)
	}
	out, err := json.Marshal(events(r))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{testSignature, testSessionToken, strings.ReplaceAll(testSessionToken, "/", "%2F"), testToken(testSignature)[:40]} {
		if strings.Contains(string(out), secret) {
			t.Errorf("events hold %q:\n%s", secret, out)
		}
	}
}

func TestAwaitLog(t *testing.T) {
	t.Parallel()
	r := newRecorder(fakeServer(t, nil))
	r.Line(`{"level":"info","msg":"Received aws-auth watch event"}`)
	r.Line(`{"level":"error","msg":"healthz server exited","error":"listen tcp: address 65536: invalid port"}`)
	r.Line(`{"level":"error","msg":"healthz server exited","error":"listen tcp :21363: bind: address already in use"}`)
	if got := len(events(r)); got != 2 {
		t.Errorf("%d lines recorded, want 2: the failure of the unusable health port is expected", got)
	}
	event, err := r.AwaitLog(t.Context(), 0, ReceivedConfigMap)
	if err != nil || event.Seq != 1 || event.Token != "" {
		t.Errorf("a line that was there: %+v, %v", event, err)
	}
	go r.Line(`{"level":"info","msg":"Received aws-auth watch event"}`)
	if event, err = r.AwaitLog(t.Context(), 1, ReceivedConfigMap); err != nil || event.Seq != 3 {
		t.Errorf("a line that came: %+v, %v", event, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = r.AwaitLog(ctx, 3, ReceivedConfigMap); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), `"my-cluster"`) {
		t.Errorf("no line: %v", err)
	}
}
