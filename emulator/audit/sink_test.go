package audit

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"gotest.tools/v3/golden"
	authnv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"

	"github.com/eksemu/eksemu/emulator/trace"
)

var received = time.Date(2026, 11, 23, 12, 0, 0, 123456000, time.UTC)

func newSink() *Sink {
	return &Sink{Cluster: "my-cluster", Trace: trace.NewRecorder(16, func() time.Time { return received }, nil)}
}

func post(t *testing.T, s *Sink, body string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/?timeout=30s", strings.NewReader(body)))
	return w
}

func requests(s *Sink) []*trace.Request {
	events, _ := s.Trace.Since(0)
	var out []*trace.Request
	for _, e := range events {
		out = append(out, e.Request)
	}
	return out
}

// TestSinkGolden feeds an EventList with one event of every kind and compares what is recorded.
func TestSinkGolden(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile("testdata/eventlist.json")
	if err != nil {
		t.Fatal(err)
	}
	s := newSink()
	if w := post(t, s, string(body)); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	events, _ := s.Trace.Since(0)
	got, err := json.MarshalIndent(events, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden.Assert(t, string(append(got, '\n')), "events.json")
}

// TestSinkUpstreamTypes checks the field names against the API server's own types.
func TestSinkUpstreamTypes(t *testing.T) {
	t.Parallel()
	completed := received.Add(time.Millisecond)
	body, err := json.Marshal(auditv1.EventList{
		TypeMeta: metav1.TypeMeta{APIVersion: "audit.k8s.io/v1", Kind: "EventList"},
		Items: []auditv1.Event{{
			AuditID: "id-1", Stage: auditv1.StageResponseComplete, RequestURI: "/apis/apps/v1/namespaces/default/deployments/web/scale",
			Verb: "update", UserAgent: "kubectl/v1.37.2",
			User: authnv1.UserInfo{
				Username: "alice", UID: "aws-iam-authenticator:111122223333:AIDAEXAMPLE", Groups: []string{"developers"},
				Extra: map[string]authnv1.ExtraValue{"arn": {"arn:aws:iam::111122223333:user/alice"}},
			},
			ImpersonatedUser: &authnv1.UserInfo{Username: "bob", Groups: []string{"ops"}},
			ObjectRef:        &auditv1.ObjectReference{APIGroup: "apps", Resource: "deployments", Subresource: "scale", Namespace: "default", Name: "web"},
			ResponseStatus:   &metav1.Status{Code: 403, Message: "forbidden: no"},
			Annotations: map[string]string{
				"authorization.k8s.io/decision": "forbid", "authorization.k8s.io/reason": "",
			},
			RequestReceivedTimestamp: metav1.NewMicroTime(received), StageTimestamp: metav1.NewMicroTime(completed),
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := newSink()
	if w := post(t, s, string(body)); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	want := []*trace.Request{{
		AuditID: "id-1", Verb: "update", URI: "/apis/apps/v1/namespaces/default/deployments/web/scale", UserAgent: "kubectl/v1.37.2",
		Username: "alice", UID: "aws-iam-authenticator:111122223333:AIDAEXAMPLE", Groups: []string{"developers"},
		Extra:       map[string][]string{"arn": {"arn:aws:iam::111122223333:user/alice"}},
		Impersonate: "bob", ImpersonateGroups: []string{"ops"}, Resource: "deployments.apps/scale", Namespace: "default", Name: "web",
		Code: 403, Message: "forbidden: no", Decision: "forbid", Received: received, Completed: completed,
	}}
	if diff := cmp.Diff(want, requests(s)); diff != "" {
		t.Errorf("recorded request (-want +got):\n%s", diff)
	}
}

func TestSinkRefuses(t *testing.T) {
	t.Parallel()
	const one = `{"stage":"ResponseComplete","user":{"username":"alice"}}`
	for name, test := range map[string]struct {
		body string
		code int
		text string
	}{
		"not JSON":        {"audit", http.StatusBadRequest, "decode audit events"},
		"other kind":      {`{"apiVersion":"audit.k8s.io/v1","kind":"Event","items":[` + one + `]}`, http.StatusBadRequest, `"Event"`},
		"other version":   {`{"apiVersion":"audit.k8s.io/v1beta1","kind":"EventList","items":[` + one + `]}`, http.StatusBadRequest, "--audit-webhook-version"},
		"half a list":     {`{"apiVersion":"audit.k8s.io/v1","kind":"EventList","items":[` + one + `,`, http.StatusBadRequest, "decode"},
		"a wrong field":   {`{"apiVersion":"audit.k8s.io/v1","kind":"EventList","items":[` + one + `,{"user":7}]}`, http.StatusBadRequest, "user"},
		"too long a body": {strings.Repeat(" ", maxBody+1), http.StatusRequestEntityTooLarge, "too large"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSink()
			w := post(t, s, test.body)
			if w.Code != test.code || !strings.Contains(w.Body.String(), test.text) {
				t.Errorf("got %d %q, want %d with %q", w.Code, w.Body, test.code, test.text)
			}
			if got := requests(s); len(got) != 0 {
				t.Errorf("recorded %v from a refused list", got)
			}
		})
	}
	w := httptest.NewRecorder()
	newSink().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "POST" {
		t.Errorf("GET: %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}

// TestSinkBoundsTexts: a client that nobody authenticated can send a megabyte of headers.
func TestSinkBoundsTexts(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 450<<10) // two bytes each
	many := make([]string, 10*maxList)
	for i := range many {
		many[i] = long[:40]
	}
	extra := map[string]authnv1.ExtraValue{long: {"x"}, "arn": {long}}
	body, err := json.Marshal(auditv1.EventList{
		TypeMeta: metav1.TypeMeta{APIVersion: "audit.k8s.io/v1", Kind: "EventList"},
		Items: []auditv1.Event{{
			AuditID: types.UID(long), Stage: auditv1.StageResponseComplete, RequestURI: "/" + long, Verb: long, UserAgent: long,
			User:             authnv1.UserInfo{Username: long, UID: long, Groups: append([]string{long}, many...), Extra: extra},
			ImpersonatedUser: &authnv1.UserInfo{Username: long, Groups: many},
			ObjectRef:        &auditv1.ObjectReference{Resource: long, Namespace: long, Name: long},
			ResponseStatus:   &metav1.Status{Code: 403, Message: long},
			Annotations:      map[string]string{"authorization.k8s.io/decision": long, "authorization.k8s.io/reason": long},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := newSink()
	if w := post(t, s, string(body)); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	got := requests(s)[0]
	if len(got.UserAgent) > 1<<10 || len(got.UserAgent) < 1000 || !strings.HasSuffix(got.UserAgent, "é…") || !utf8.ValidString(got.UserAgent) {
		t.Errorf("user agent of %d bytes", len(got.UserAgent))
	}
	if len(got.Message) > 4<<10 || len(got.Message) < 4000 || len(got.Groups) != maxList || len(got.Extra) != 1 {
		t.Errorf("message of %d bytes, %d groups, %d extra keys", len(got.Message), len(got.Groups), len(got.Extra))
	}
	out, err := json.Marshal(got)
	if err != nil || len(out) > 64<<10 {
		t.Errorf("an event of %d bytes, %v", len(out), err)
	}
}

func TestWithoutToken(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"/api?timeout=32s": "/api?timeout=32s",
		"/api/v1/namespaces/default/pods?access_token=k8s-aws-v1.secret&limit=500": "/api/v1/namespaces/default/pods?access_token=REDACTED&limit=500",
		"/api?access%5Ftoken=secret":     "/api?access_token=REDACTED",
		"/api?access_token=secret&a=%zz": "/api",
	} {
		if got := withoutToken(uri); got != want {
			t.Errorf("withoutToken(%q) = %q, want %q", uri, got, want)
		}
	}
}

// FuzzEvents: no input panics, and what is accepted was an EventList.
func FuzzEvents(f *testing.F) {
	list, err := os.ReadFile("testdata/eventlist.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(list)
	f.Add([]byte(`{"apiVersion":"audit.k8s.io/v1","kind":"EventList"}`))
	f.Add([]byte(`{"apiVersion":"audit.k8s.io/v1","kind":"EventList","items":[null,{}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := newSink().events(body)
		if err != nil && events != nil {
			t.Errorf("both events and the error %v", err)
		}
		for _, e := range events {
			if e.Kind != trace.KindRequest || e.Request == nil || e.Cluster != "my-cluster" {
				t.Errorf("event %+v", e)
			}
		}
	})
}
