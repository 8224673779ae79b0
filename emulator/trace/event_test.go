package trace_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gotest.tools/v3/golden"

	"github.com/eksemu/eksemu/emulator/trace"
)

// fullEvents is an event of each kind with every field set.
func fullEvents() []trace.Event {
	event := trace.Event{Seq: 7, Time: testNow, Cluster: "my-cluster", Token: trace.Fingerprint("aa11")}
	of := func(kind trace.Kind, set func(*trace.Event)) trace.Event {
		e := event
		e.Kind = kind
		set(&e)
		return e
	}
	return []trace.Event{
		of(trace.KindAWS, func(e *trace.Event) { e.AWS = fullCall() }),
		of(trace.KindTokenReview, func(e *trace.Event) { e.TokenReview = fullTokenReview() }),
		of(trace.KindLog, func(e *trace.Event) {
			e.Log = &trace.LogLine{
				Component: "aws-iam-authenticator", Level: "warning", Message: "access denied",
				Fields: map[string]string{"arn": "arn:aws:iam::111122223333:user/mallory", "error": "ARN is not mapped"},
			}
		}),
		of(trace.KindRequest, func(e *trace.Event) { e.Request = fullRequest() }),
		of(trace.KindProcess, func(e *trace.Event) {
			e.Process = &trace.Process{Name: "etcd", State: "exited", PID: 4711, Error: "signal: killed"}
		}),
		of(trace.KindPolicyReview, func(e *trace.Event) { e.PolicyReview = fullPolicyReview() }),
	}
}

func fullCall() *trace.AWSCall {
	return &trace.AWSCall{
		Client: "step-1", Service: "sts", Operation: "GetCallerIdentity", Host: "sts.us-west-2.amazonaws.com",
		Region: "us-west-2", Method: "GET", AccessKeyID: "AKIAIOSFODNN7EXAMPLE",
		Principal: "arn:aws:iam::111122223333:user/alice", UserAgent: "aws-cli/1.45.7", RequestID: "id-1", Status: 403,
		Code: "SignatureDoesNotMatch", Message: "The request signature we calculated does not match …",
		Reason: "the secret key is another", CanonicalRequest: "GET\n/\n", StringToSign: "AWS4-HMAC-SHA256\n",
		Duration: 1500 * time.Microsecond,
	}
}

func fullTokenReview() *trace.TokenReview {
	return &trace.TokenReview{
		Host: "sts.us-west-2.amazonaws.com", AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SignedAt: testNow.Add(-time.Second),
		TokenError: "not base64", Status: 200, Error: "connection refused", Authenticated: true, Username: "alice",
		UID: "aws-iam-authenticator:111122223333:AIDAEXAMPLE", Groups: []string{"developers"},
		Extra: map[string][]string{"arn": {"arn:aws:iam::111122223333:user/alice"}}, Authenticator: "ARN is not mapped", Mode: "API",
		Started: testNow.Add(-time.Millisecond), Duration: time.Millisecond,
	}
}

func fullRequest() *trace.Request {
	return &trace.Request{
		AuditID: "audit-1", Verb: "create", URI: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
		UserAgent: "kubectl/v1.37.2", Username: "bob", UID: "aws-iam-authenticator:111122223333:AIDAEXAMPLE",
		Groups: []string{"guests"}, Extra: map[string][]string{"sessionName": {""}}, Impersonate: "alice", ImpersonateGroups: []string{"developers"},
		Resource: "selfsubjectaccessreviews.authorization.k8s.io", Namespace: "default", Name: "web", Code: 201,
		Message: "forbidden", Decision: "allow", Reason: "RBAC: allowed by …",
		Review: &trace.AccessReview{
			Verb: "get", Group: "apps", Resource: "pods", Namespace: "default", Name: "web", Path: "/healthz",
			Allowed: true, Denied: true, Reason: "no binding", Error: "role not found",
		},
		Received: testNow.Add(-2 * time.Millisecond), Completed: testNow.Add(-time.Millisecond),
	}
}

func fullPolicyReview() *trace.PolicyReview {
	return &trace.PolicyReview{
		PrincipalID: "AIDAEXAMPLE", Username: "arn:aws:iam::111122223333:user/alice",
		Verb: "get", Group: "apps", Resource: "deployments", Namespace: "default", Name: "web", Path: "/metrics",
		Allowed: true, Reason: "EKS Access Policy: allowed by …", Policies: []string{"AmazonEKSViewPolicy in default", "AmazonEKSEventPolicy"}, Unknown: []string{"AmazonEKSEventPolicy"},
	}
}

// TestJSON holds the form of events in trace.jsonl, in the admin API and in `eksemu trace -o json`: other programs
// read it.
func TestJSON(t *testing.T) {
	t.Parallel()
	for name, events := range map[string][]trace.Event{
		"full": fullEvents(),
		"bare": {{Seq: 1, Time: testNow, Kind: trace.KindAWS, AWS: &trace.AWSCall{}},
			{Seq: 2, Time: testNow, Kind: trace.KindTokenReview, TokenReview: &trace.TokenReview{}},
			{Seq: 3, Time: testNow, Kind: trace.KindLog, Log: &trace.LogLine{}},
			{Seq: 4, Time: testNow, Kind: trace.KindRequest, Request: &trace.Request{Review: &trace.AccessReview{}}},
			{Seq: 5, Time: testNow, Kind: trace.KindProcess, Process: &trace.Process{}},
			{Seq: 6, Time: testNow, Kind: trace.KindPolicyReview, PolicyReview: &trace.PolicyReview{}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw, err := json.MarshalIndent(events, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			raw = append(raw, '\n')
			golden.Assert(t, string(raw), name+".json")
			var back []trace.Event
			if err := json.Unmarshal(raw, &back); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(events, back); diff != "" {
				t.Errorf("read back (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	const signature = "fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963176630326f1024"
	// printf %s "$signature" | sha256sum | cut -c1-16; the test of sigv4.Fingerprint has the same value.
	if got := trace.Fingerprint(signature); got != "7a84d0770bb949b6" {
		t.Errorf("fingerprint %q", got)
	}
	if got := trace.Fingerprint(""); got != "" {
		t.Errorf("fingerprint of nothing is %q", got)
	}
}

// TestFullEventsAreFull fails when a field is added that the golden file does not show.
func TestFullEventsAreFull(t *testing.T) {
	t.Parallel()
	for _, event := range fullEvents() {
		for name, hop := range map[trace.Kind]any{
			trace.KindAWS: event.AWS, trace.KindTokenReview: event.TokenReview, trace.KindLog: event.Log,
			trace.KindRequest: event.Request, trace.KindProcess: event.Process, trace.KindPolicyReview: event.PolicyReview,
		} {
			set := !reflect.ValueOf(hop).IsNil()
			if set != (name == event.Kind) {
				t.Errorf("event of kind %s: %s set: %t", event.Kind, name, set)
			}
			if set {
				checkFull(t, reflect.ValueOf(hop).Elem())
			}
		}
	}
}

func checkFull(t *testing.T, v reflect.Value) {
	t.Helper()
	for i := range v.NumField() {
		field := v.Field(i)
		if field.IsZero() {
			t.Errorf("%s.%s is not set", v.Type(), v.Type().Field(i).Name)
		} else if field.Kind() == reflect.Pointer {
			checkFull(t, field.Elem())
		}
	}
}
