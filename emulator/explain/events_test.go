package explain

import (
	"fmt"
	"time"

	"github.com/eksemu/eksemu/emulator/trace"
)

// Fixtures of the tests: one account, one cluster, and the time at which most requests arrive.
const (
	cluster    = "my-cluster"
	aliceARN   = "arn:aws:iam::111122223333:user/alice"
	malloryARN = "arn:aws:iam::111122223333:user/mallory"
	roleARN    = "arn:aws:iam::111122223333:role/some-other-role"
	sessionARN = "arn:aws:sts::111122223333:assumed-role/some-other-role/botocore-session-1"
	stsHost    = "sts.us-west-2.amazonaws.com"
	kubectl    = "kubectl/v1.37.2 (linux/amd64) kubernetes/0123456"
	aliceKey   = "AKIAIOSFODNN7ALICE00"
	malloryKey = "AKIAIOSFODNN7MALLORY"
	tokenID    = "0123456789abcdef"
)

// noon is when the tests' requests arrive.
func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

// story collects the events of a test, each 10 ms after the one before.
type story struct {
	at     time.Time
	token  string // fingerprint of the token that events are about
	events []trace.Event
}

func newStory() *story { return &story{at: noon(), token: tokenID} }

func (s *story) add(e trace.Event) *story {
	s.at = s.at.Add(10 * time.Millisecond)
	if e.Time.IsZero() {
		e.Time = s.at
	}
	e.Seq = uint64(len(s.events) + 1)
	s.events = append(s.events, e)
	return s
}

// principal is an IAM identity of the fixtures.
type principal struct {
	arn, canonical, userID, session, key, username string
	groups                                         []string
}

func alice(groups ...string) principal {
	return principal{aliceARN, aliceARN, "AIDAALICE00000000001", "", aliceKey, "alice", groups}
}

func mallory() principal {
	return principal{arn: malloryARN, canonical: malloryARN, userID: "AIDAMALLORY000000001", key: malloryKey}
}

func otherRole(groups ...string) principal {
	return principal{sessionARN, roleARN, "AROAOTHERROLE0000001", "botocore-session-1", "ASIAIOSFODNN7ROLE000", "some-other-role", groups}
}

func (p principal) uid() string { return "aws-iam-authenticator:111122223333:" + p.userID }

func (p principal) extra() map[string][]string {
	return map[string][]string{
		"arn": {p.arn}, "canonicalArn": {p.canonical}, "sessionName": {p.session}, "accessKeyId": {p.key},
		"principalId": {p.userID}, "sigs.k8s.io/aws-iam-authenticator/principalId": {p.userID},
	}
}

// log adds a line of the authenticator.
func (s *story) log(level, message string, fields map[string]string) *story {
	return s.add(trace.Event{Kind: trace.KindLog, Cluster: cluster, Token: fields["token"], Log: &trace.LogLine{Component: "aws-iam-authenticator", Level: level, Message: message, Fields: without(fields, "token")}})
}

func without(fields map[string]string, name string) map[string]string {
	out := map[string]string{}
	for key, value := range fields {
		if key != name {
			out[key] = value
		}
	}
	return out
}

// sts adds the authenticator's GetCallerIdentity for a token.
func (s *story) sts(p principal, status int, code, message string) *story {
	call := &trace.AWSCall{Service: "sts", Operation: "GetCallerIdentity", Host: stsHost, Region: "us-west-2", Method: "GET", AccessKeyID: p.key,
		UserAgent: "Go-http-client/1.1", RequestID: "16fc956c-311e-4199-bee1-1680236e9698", Status: status, Code: code, Message: message}
	if status == 200 {
		call.Principal = p.arn
	}
	s.add(trace.Event{Kind: trace.KindAWS, Token: s.token, AWS: call})
	if status != 200 {
		return s
	}
	return s.log("info", "STS response", map[string]string{"token": s.token, "accesskeyid": p.key, "arn": p.arn, "accountid": "111122223333", "userid": p.userID, "session": p.session, "stsendpoint": stsHost})
}

// denied adds the line and the TokenReview of a refusal.
func (s *story) denied(p principal, status int, err string) *story {
	fields := map[string]string{"token": s.token, "error": err, "client": "127.0.0.1:57586", "method": "POST", "path": "/authenticate"}
	if p.canonical != "" {
		fields["arn"] = p.canonical
	}
	s.log("warning", "access denied", fields)
	started := s.at.Add(-20 * time.Millisecond)
	return s.add(trace.Event{Kind: trace.KindTokenReview, Cluster: cluster, Token: s.token, TokenReview: &trace.TokenReview{
		Host: stsHost, AccessKeyID: p.key, SignedAt: noon().Add(-3 * time.Second), Status: status, Authenticator: err, Started: started, Duration: s.at.Sub(started)}})
}

// granted adds everything up to the TokenReview that authenticates p.
func (s *story) granted(p principal) *story {
	s.sts(p, 200, "", "")
	s.log("info", "access granted", map[string]string{"token": s.token, "arn": p.canonical, "client": "127.0.0.1:57586", "groups": fmt.Sprint(p.groups), "method": "POST",
		"path": "/authenticate", "stsendpoint": stsHost, "uid": p.uid(), "username": p.username})
	started := s.at.Add(-30 * time.Millisecond)
	return s.add(trace.Event{Kind: trace.KindTokenReview, Cluster: cluster, Token: s.token, TokenReview: &trace.TokenReview{
		Host: stsHost, AccessKeyID: p.key, SignedAt: noon().Add(-3 * time.Second), Status: 200, Authenticated: true, Username: p.username, UID: p.uid(),
		Groups: p.groups, Extra: p.extra(), Started: started, Duration: s.at.Sub(started)}})
}

// policies adds what the access policies said to the question of the next request: nothing.
func (s *story) policies(p principal, names, unknown []string) *story {
	return s.add(trace.Event{Kind: trace.KindPolicyReview, Cluster: cluster, PolicyReview: &trace.PolicyReview{
		PrincipalID: p.userID, Username: p.username, Verb: "list", Resource: "pods", Namespace: "default", Policies: names, Unknown: unknown}})
}

// request adds an audit event that spans the events since the story began, or since it waited.
func (s *story) request(received time.Time, change func(*trace.Request)) *story {
	r := &trace.Request{AuditID: fmt.Sprintf("audit-%d", len(s.events)), Verb: "list", URI: "/api/v1/namespaces/default/pods?limit=500", UserAgent: kubectl,
		Resource: "pods", Namespace: "default", Received: received, Completed: s.at.Add(5 * time.Millisecond)}
	change(r)
	return s.add(trace.Event{Kind: trace.KindRequest, Cluster: cluster, Request: r})
}

// inMode says which authentication mode the cluster was in.
func (s *story) inMode(mode string) *story {
	for _, e := range s.events {
		if e.TokenReview != nil {
			e.TokenReview.Mode = mode
		}
	}
	return s
}

// unauthorized adds the audit event of a refused token.
func (s *story) unauthorized() *story {
	return s.request(noon(), unauthorizedAnswer)
}

func unauthorizedAnswer(r *trace.Request) {
	r.Code, r.Message = 401, "Authentication failed, attempted: bearer"
}

// as makes the user of an audit event.
func as(p principal) func(*trace.Request) {
	return func(r *trace.Request) {
		r.Username, r.UID, r.Groups, r.Extra = p.username, p.uid(), append(append([]string{}, p.groups...), "system:authenticated"), p.extra()
	}
}

// allow and forbid add the annotations of an authorizer's answer.
func allow(reason string) func(*trace.Request) {
	return func(r *trace.Request) { r.Code, r.Decision, r.Reason = 200, "allow", reason }
}

func forbid(message, reason string) func(*trace.Request) {
	return func(r *trace.Request) { r.Code, r.Decision, r.Reason, r.Message = 403, "forbid", reason, message }
}

// canI turns the request into kubectl auth can-i get pods.
func canI(allowed bool, reason string) func(*trace.Request) {
	return func(r *trace.Request) {
		r.Verb, r.URI, r.Resource, r.Namespace, r.Code = "create", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "selfsubjectaccessreviews.authorization.k8s.io", "", 201
		r.Decision, r.Reason = "allow", `RBAC: allowed by ClusterRoleBinding "system:basic-user" of ClusterRole "system:basic-user" to Group "system:authenticated"`
		r.Review = &trace.AccessReview{Verb: "get", Resource: "pods", Namespace: "default", Allowed: allowed, Reason: reason}
	}
}

// all applies several changes.
func all(changes ...func(*trace.Request)) func(*trace.Request) {
	return func(r *trace.Request) {
		for _, change := range changes {
			change(r)
		}
	}
}

// user sets a user that did not come through IAM.
func user(name string, groups ...string) func(*trace.Request) {
	return func(r *trace.Request) { r.Username, r.Groups = name, groups }
}

// refusedWith tells the whole story of a token that the authenticator refuses before it asks STS.
func refusedWith(err string) *story {
	return newStory().denied(principal{key: malloryKey}, 403, err).unauthorized()
}

// formError is a refusal of a token's form.
func formError(message string) *story {
	return refusedWith("input token was not properly formatted: " + message)
}

// stsError is a refusal by STS, as the authenticator passes it on.
func stsError(code, message string) *story {
	status := 403
	if code == "IncompleteSignature" || code == "MalformedQueryString" {
		status = 400
	}
	return newStory().sts(mallory(), status, code, message).denied(principal{key: malloryKey}, 403, fmt.Sprintf(
		`sts getCallerIdentity failed: error from AWS (expected 200, got %d) on us-west-2 endpoint. Body: {"Error":{"Code":%q,"Message":%q,"Type":"Sender"},"RequestId":"16fc956c-311e-4199-bee1-1680236e9698"}`,
		status, code, message)).unauthorized()
}

// transportError is a failure to get an answer from STS.
func transportError(text string) *story { return refusedWith("sts getCallerIdentity failed: " + text) }

// mapperError is a refusal after STS has told who the caller is.
func mapperError(p principal, err string) *story {
	return newStory().sts(p, 200, "", "").denied(p, 403, err).unauthorized()
}

// answeredTo is a request of an IAM principal with an answer of the authorizers.
func answeredTo(p principal, changes ...func(*trace.Request)) *story {
	return newStory().granted(p).request(noon(), all(append([]func(*trace.Request){as(p)}, changes...)...))
}

// awsCall is a call of the aws CLI.
func awsCall(service, operation string, status int, code, message string) *story {
	return newStory().add(trace.Event{Kind: trace.KindAWS, AWS: &trace.AWSCall{Client: "alice", Service: service, Operation: operation, Host: service + ".us-west-2.amazonaws.com",
		Region: "us-west-2", Method: "POST", AccessKeyID: aliceKey, Principal: aliceARN, UserAgent: "aws-cli/1.45.11 md/Botocore#1.43.11", RequestID: "b1946ac9-2492-4d23-8e11-000000000001", Status: status, Code: code, Message: message}})
}
