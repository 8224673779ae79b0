package explain

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gotest.tools/v3/golden"

	"github.com/eksemu/eksemu/emulator/trace"
)

func byAuditID(t *testing.T, events []trace.Event, id string) Verdict {
	t.Helper()
	v, ok := ForRequest(events, id)
	if !ok {
		t.Fatalf("no verdict for %s", id)
	}
	return v
}

// review adds a bare TokenReview that began and ended at offsets from noon.
func (s *story) review(token, refusal string, from, to time.Duration) *story {
	return s.add(trace.Event{Kind: trace.KindTokenReview, Cluster: cluster, Token: token, TokenReview: &trace.TokenReview{
		Status: 403, Authenticator: refusal, Started: noon().Add(from), Duration: to - from}})
}

// refusedRequest adds a 401 that was received and completed at offsets from noon.
func (s *story) refusedRequest(id string, from, to time.Duration) *story {
	return s.add(trace.Event{Kind: trace.KindRequest, Cluster: cluster, Request: &trace.Request{AuditID: id, Code: 401, UserAgent: kubectl, Message: "Authentication failed, attempted: bearer",
		Received: noon().Add(from), Completed: noon().Add(to)}})
}

func TestRefusalsAreTakenToTheirRequests(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	s := newStory().
		review("first", "input token was not properly formatted: token is too large", 100*ms, 500*ms).
		review("second", "identity is not mapped", 700*ms, 1400*ms).
		review("late", "identity is not mapped", 5000*ms, 5100*ms).
		refusedRequest("a", 90*ms, 510*ms).
		refusedRequest("b", 100*ms, 1410*ms).  // contains both of the first, ends with the second
		refusedRequest("c", 900*ms, 1412*ms).  // joined the second review, which had begun before it came
		refusedRequest("d", 2000*ms, 2100*ms). // no review
		refusedRequest("e", 5120*ms, 5130*ms). // within the tolerance
		refusedRequest("f", 5300*ms, 5310*ms)  // beyond it
	s.events[2].Cluster = "other-cluster" // and of another cluster
	for id, want := range map[string][2]string{
		"a": {"first", "token-too-large"}, "b": {"second", "not-mapped"}, "c": {"second", "not-mapped"}, "d": {"", "webhook-not-asked"}, "e": {"", "webhook-not-asked"}, "f": {"", "webhook-not-asked"},
	} {
		v := byAuditID(t, s.events, id)
		if got := [2]string{v.Token, v.Cause}; got != want {
			t.Errorf("%s: %v, want %v", id, got, want)
		}
	}
	s.events[2].Cluster = cluster
	if v := byAuditID(t, s.events, "e"); v.Token != "late" {
		t.Errorf("e: token %q, want late: %v", v.Token, v.Cause)
	}
}

// TestConcurrentRefusals: each of several requests that are refused at the same time gets a review of its own.
func TestConcurrentRefusals(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	const tooLarge = "input token was not properly formatted: token is too large"
	s := newStory().
		// Three at once, the second of which is answered when the third one's review has ended.
		review("first", tooLarge, 0, 100*ms).
		review("second", "identity is not mapped", 0, 101*ms).
		review("third", tooLarge, 0, 102*ms).
		refusedRequest("a", 0, 101500*time.Microsecond).
		refusedRequest("b", 0, 102500*time.Microsecond).
		refusedRequest("c", 0, 103*ms).
		refusedRequest("d", 0, 104*ms). // had a token in common with one of them
		// The review that ends right after a request is nearer to its end than the request's own.
		review("mine", "identity is not mapped", 1000*ms, 1010*ms).
		refusedRequest("e", 1000*ms, 1030*ms).
		review("next", tooLarge, 1005*ms, 1032*ms).
		refusedRequest("f", 1005*ms, 1040*ms)
	for id, want := range map[string]struct {
		token, cause string
		others       []string
	}{
		"a": {"first", "token-too-large", []string{"second"}},
		"b": {"second", "not-mapped", []string{"first", "third"}},
		"c": {"third", "token-too-large", []string{"second"}},
		"d": {"third", "token-too-large", nil},
		"e": {"mine", "not-mapped", nil},
		"f": {"next", "token-too-large", nil},
	} {
		v := byAuditID(t, s.events, id)
		if v.Token != want.token || v.Cause != want.cause {
			t.Errorf("%s: %s because %s, want %+v", id, v.Token, v.Cause, want)
		}
		if id == "d" { // shares a review: any could be its own
			want.others = []string{"first", "second"}
		}
		if diff := cmp.Diff(want.others, v.OtherTokens); diff != "" {
			t.Errorf("%s: other tokens (-want +got):\n%s", id, diff)
		}
		if doubted := strings.Contains(v.Summary, "refused at the same time"); doubted != (len(want.others) > 0) {
			t.Errorf("%s: summary %q with other tokens %v", id, v.Summary, v.OtherTokens)
		}
	}
}

func TestTokenCache(t *testing.T) {
	t.Parallel()
	p := alice("developers")
	s := newStory().granted(p)
	s.request(noon(), all(as(p), allow(`RBAC: allowed by RoleBinding "x/default" of Role "x" to Group "developers"`)))
	s.at = noon().Add(8 * time.Second)
	s.request(s.at, all(as(p), allow(`RBAC: allowed by RoleBinding "x/default" of Role "x" to Group "developers"`)))
	verdicts := Explain(s.events)
	if len(verdicts) != 2 || verdicts[0].Cached || !verdicts[1].Cached || verdicts[1].Token != tokenID {
		t.Fatalf("got %+v", verdicts)
	}
	want := Step{HopAPIServer, StatePassed, "answered from the API server's token cache, 8s after the authenticator was asked"}
	if got := verdicts[1].Steps[4]; got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}

	// A second token: the request that has it reviewed is known, the ones after it may have had either.
	bound := all(as(p), allow(`RBAC: allowed by RoleBinding "x/default" of Role "x" to Group "developers"`))
	s.at = noon().Add(20 * time.Second)
	s.token = "fedcba9876543210"
	s.granted(p).request(noon().Add(20*time.Second), bound)
	s.at = noon().Add(30 * time.Second)
	s.request(s.at, bound)
	s.at = noon().Add(130 * time.Second) // the first has been forgotten
	s.request(s.at, bound)
	verdicts = Explain(s.events)
	if v := verdicts[2]; v.Cached || v.Token != s.token {
		t.Errorf("the request of the second token: %+v", v)
	}
	if v := verdicts[3]; !v.Cached || v.Token != "" || v.Steps[1].Detail != "one of several that the authenticator accepted" || v.Steps[4].Detail != "answered from the API server's token cache" {
		t.Errorf("a request of either token: %+v", v)
	}
	if v := verdicts[4]; !v.Cached || v.Token != s.token {
		t.Errorf("a request when only the second token was remembered: %+v", v)
	}

	other := p
	other.key = "AKIAANOTHERKEY"
	s.request(s.at.Add(time.Second), all(as(other), allow("")))
	if v := Explain(s.events)[5]; v.Token != "" || v.Cached {
		t.Errorf("the review of another access key was taken: %+v", v)
	}
}

// TestImpersonation: the authorizers are asked about the impersonated user, and so is the sentence.
func TestImpersonation(t *testing.T) {
	t.Parallel()
	asBob := func(groups ...string) func(*trace.Request) {
		return func(r *trace.Request) {
			r.Impersonate, r.ImpersonateGroups = "bob", slices.Concat(groups, []string{"system:authenticated"})
		}
	}
	const bound = `RBAC: allowed by RoleBinding "x/default" of Role "x" to User "bob"`
	for name, tc := range map[string]struct {
		story    *story
		cause    string
		says     string
		evidence string
	}{
		"allowed by a binding": {answeredTo(alice("admins"), asBob(), allow(bound)), "allowed-rbac", "allows bob (impersonated by alice) to list pods in default", bound},
		"as-group masters":     {answeredTo(alice("admins"), asBob("system:masters"), allow("")), "allowed-masters", "bob (impersonated by alice) is a member of system:masters", `"allow"`},
		"a master as bob":      {answeredTo(alice("system:masters"), asBob(), allow("")), "allowed-other", "without giving a reason", `"allow"`},
		"a node":               {answeredTo(alice("system:masters"), asBob("system:nodes"), allow("")), "allowed-node", "bob (impersonated by alice)", `"allow"`},
		"refused":              {answeredTo(alice("system:masters"), asBob(), forbid("no", "")), "no-rule-impersonated", "bob may not list pods in default, and", "no"},
		"role missing": {answeredTo(alice("admins"), asBob(), forbid("no", `RBAC: role.rbac.authorization.k8s.io "x" not found`)), "role-missing",
			"a binding for bob (impersonated by alice) names", "no"},
	} {
		v := Explain(tc.story.events)[0]
		if v.Cause != tc.cause || !strings.Contains(v.Summary, tc.says) || !strings.Contains(v.Evidence.Text, tc.evidence) || strings.Contains(v.Evidence.Text, "access granted") {
			t.Errorf("%s: %s: %s\n%+v", name, v.Cause, v.Summary, v.Evidence)
		}
	}
	own := answeredTo(alice("admins"), asBob("ops"), allow("")).events
	if diff := cmp.Diff([]string{"ops", "system:authenticated"}, Explain(own)[0].Identity.ImpersonatesGroups); diff != "" {
		t.Error(diff)
	}
}

// TestKeyThatWorksLater: what happens after a refusal does not change its verdict.
func TestKeyThatWorksLater(t *testing.T) {
	t.Parallel()
	s := stsError("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")
	before := Explain(s.events)[0]
	s.at = s.at.Add(time.Second)
	s.add(trace.Event{Kind: trace.KindAWS, AWS: &trace.AWSCall{Service: "sts", Operation: "GetCallerIdentity", AccessKeyID: malloryKey, Status: 200}})
	if diff := cmp.Diff(before, Explain(s.events)[0]); diff != "" {
		t.Errorf("the verdict changed (-before +after):\n%s", diff)
	}
	if before.Cause != "signature-mismatch" || strings.Contains(before.Summary, "succeeded before") {
		t.Errorf("got %s: %s", before.Cause, before.Summary)
	}
}

func TestExplainLeavesTheControlPlaneOut(t *testing.T) {
	t.Parallel()
	s := newStory()
	for _, r := range []trace.Request{
		{AuditID: "1", Username: "system:apiserver", Code: 200, Decision: "allow"},
		{AuditID: "2", Username: "system:serviceaccount:kube-system:namespace-controller", UserAgent: "kube-controller-manager/v1.37.2 (linux/amd64) kubernetes/abcdef0/system:serviceaccount:kube-system:namespace-controller", Code: 200, Decision: "allow"},
		{AuditID: "3", Username: "system:anonymous", URI: "/readyz?verbose", Code: 200, Decision: "allow"},
		{AuditID: "4", Username: "eks:authenticator", Code: 200, Decision: "allow"},
		{AuditID: "5", Username: "alice", UserAgent: "step-1/1", Code: 200, Decision: "allow"},
		{AuditID: "6", Username: "system:anonymous", URI: "/readyzzz", Code: 403, Decision: "forbid"},
	} {
		s.add(trace.Event{Kind: trace.KindRequest, Request: &r})
	}
	var got []string
	for _, v := range Explain(s.events) {
		got = append(got, v.AuditID)
	}
	if diff := cmp.Diff([]string{"5", "6"}, got); diff != "" {
		t.Error(diff)
	}
	if verdicts := ForUserAgent(s.events, "step-1/"); len(verdicts) != 1 || verdicts[0].AuditID != "5" {
		t.Errorf("ForUserAgent: %+v", verdicts)
	}
	if v := byAuditID(t, s.events, "2"); v.Identity.Kind != KindServiceAccount {
		t.Errorf("ForRequest: %+v", v)
	}
	if _, ok := ForRequest(s.events, "none"); ok {
		t.Error("there is a verdict for an audit event that never came")
	}
}

func TestCanIIsJudgedByItsReview(t *testing.T) {
	t.Parallel()
	v := Explain(answeredTo(alice("developers"), canI(false, "")).events)[0]
	if v.Outcome != Denied || v.Status != 201 || v.Question != "get pods in default" {
		t.Errorf("can-i: %+v", v)
	}
	v = Explain(answeredTo(alice("system:masters"), canI(false, ""), func(r *trace.Request) { r.Resource, r.Reason = "subjectaccessreviews.authorization.k8s.io", "" }).events)[0]
	if v.Outcome != Allowed || v.Question != "create subjectaccessreviews.authorization.k8s.io" {
		t.Errorf("a review about somebody else: %+v", v)
	}
	v = Explain(answeredTo(alice(), canI(false, ""), func(r *trace.Request) { r.Code, r.Decision, r.Review.Allowed = 403, "forbid", true }).events)[0]
	if v.Outcome != Denied || v.Question != "create selfsubjectaccessreviews.authorization.k8s.io (kubectl auth can-i)" {
		t.Errorf("a review that was refused itself: %+v", v)
	}
}

// TestVerdictAsJSON fixes the field names, which programs read.
func TestVerdictAsJSON(t *testing.T) {
	t.Parallel()
	v := Explain(mapperError(mallory(), notMapped).events)[0]
	v.Summary, v.Fix, v.Steps = "S", "F", v.Steps[:2]
	got, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden.Assert(t, string(append(got, '\n')), "verdict.json")
}
