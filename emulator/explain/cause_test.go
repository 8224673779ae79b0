package explain

import (
	"strings"
	"testing"
	"time"

	"github.com/eksemu/eksemu/emulator/trace"
)

// bobForbidden is what the API server answers to a user without rights.
const bobForbidden = `pods is forbidden: User "alice" cannot list resource "pods" in API group "" in the namespace "default"`

// causeCase is a story that must end in one cause.
type causeCase struct {
	cause string
	story *story
	says  string // part of the summary
	fix   string // part of the fix
}

// TestEveryCause tells a story for every entry of the catalogue, and checks that it is recognised and that the
// texts are filled in.
func TestEveryCause(t *testing.T) {
	t.Parallel()
	tested := map[string]bool{}
	for _, cases := range [][]causeCase{
		tokenCases(), stsCases(), scopeCases(), mapperCases(), apiServerCases(), allowedCases(), deniedCases(), nodeCases(),
	} {
		for _, tc := range cases {
			tested[tc.cause] = true
			verdicts := Explain(tc.story.events)
			if len(verdicts) == 0 {
				t.Errorf("%s: no verdict", tc.cause)
				continue
			}
			checkCase(t, tc, verdicts[len(verdicts)-1], causeByID(tc.cause).Hop)
		}
	}
	for _, tc := range append(webIdentityCases(), awsCases()...) {
		tested[tc.cause] = true
		e := tc.story.events[0]
		v := ExplainAWS(e)
		checkCase(t, tc, v, Hop(e.AWS.Service))
		if strings.HasSuffix(v.Question, ":") || e.AWS.Principal == "" && strings.Contains(v.Summary, "knows the caller") {
			t.Errorf("%s: question %q, summary %q", tc.cause, v.Question, v.Summary)
		}
	}
	for _, tc := range clientCases() { // see TestForClient
		tested[tc.cause] = true
	}
	for _, c := range Causes() {
		if !tested[c.ID] {
			t.Errorf("no test reaches cause %q", c.ID)
		}
	}
}

func checkCase(t *testing.T, tc causeCase, v Verdict, hop Hop) {
	t.Helper()
	want := causeByID(tc.cause)
	if v.Cause != tc.cause || v.Outcome != want.Outcome || v.DecidedBy != hop {
		t.Errorf("%s: got %s by %s because %s", tc.cause, v.Outcome, v.DecidedBy, v.Cause)
		return
	}
	if !strings.Contains(v.Summary, tc.says) || v.Summary == "" {
		t.Errorf("%s: summary %q does not say %q", tc.cause, v.Summary, tc.says)
	}
	if !strings.Contains(v.Fix, tc.fix) {
		t.Errorf("%s: fix %q does not have %q", tc.cause, v.Fix, tc.fix)
	}
	if v.Evidence.Text == "" || v.Evidence.Component == "" {
		t.Errorf("%s: no evidence: %+v", tc.cause, v.Evidence)
	}
	for _, text := range []string{v.Summary, v.Fix} {
		for _, unfilled := range []string{"USERNAME", "PRINCIPAL", "QUESTION", "MAPPED", "CANONICAL", "CLUSTER ", "KEY ", " AGE", "SKEW"} {
			if strings.Contains(text, unfilled) {
				t.Errorf("%s: %q is not filled in: %s", tc.cause, unfilled, text)
			}
		}
	}
	deciders := 0
	for _, step := range v.Steps {
		if step.State == StateDecided || step.State == StateRefused {
			deciders++
			if step.Hop != v.DecidedBy {
				t.Errorf("%s: step %+v, but %s decided", tc.cause, step, v.DecidedBy)
			}
		}
	}
	if deciders != 1 {
		t.Errorf("%s: %d steps decide: %+v", tc.cause, deciders, v.Steps)
	}
}

func tokenCases() []causeCase {
	return []causeCase{
		{"token-too-large", formError("token is too large"), "4096", "--cluster-name my-cluster"},
		{"token-prefix", formError(`token is missing expected "k8s-aws-v1." prefix`), `"k8s-aws-v1."`, "aws eks get-token"},
		{"token-base64", formError("illegal base64 data at input byte 12"), "base64", "RawURLEncoding"},
		{"token-request", formError(`error creating HTTP request: net/http: nil Context`), "HTTP request", "presigner"},
		{"token-url", formError(`parse "https://sts.us-west-2.amazonaws.com\x7f/?X-Amz-Signature=0123": net/url: invalid control character in URL`), "not a URL", ""},
		{"token-no-url", formError(`unexpected scheme "" in pre-signed URL`), "is no URL", "Encode the presigned URL once"},
		{"token-scheme", formError(`unexpected scheme "http" in pre-signed URL`), "for a http URL", "unset AWS_ENDPOINT_URL"},
		{"token-global-endpoint", formError("global endpoint unsupported in partition aws-cn"), "aws-cn", "--region"},
		{"token-region-format", formError("invalid region identifier format provided: us_west"), "cannot be a region", ""},
		{"token-host-format", formError("could not parse region for pre-signed URL localhost:4566, invalid host format: localhost:4566"), "custom STS endpoint", "unset"},
		{"token-host-format", refusedWith("invalid host format, too few labels: sts.local"), "custom STS endpoint", "unset"},
		{"token-host", formError(`unexpected hostname "sts.localhost.localstack.cloud" in pre-signed URL`), "sts.localhost.localstack.cloud", "unset"},
		{"token-partition", formError("partition {aws} does not support hostname sts.cn-north-1.amazonaws.com.cn"), "the cluster's (aws)", "--region"},
		{"token-partition-unknown", refusedWith("partition mars not valid"), "mars", "--partition"},
		{"token-path", formError("unexpected path in pre-signed URL"), "path", ""},
		{"token-query", formError("malformed query parameter"), "query string", ""},
		{"token-duplicate-parameter", refusedWith(`input token was not properly formatted: duplicate query parameter found: "x-amz-date"`), `"x-amz-date" twice`, ""},
		{"token-unknown-parameter", formError(`non-whitelisted query parameter "X-Amz-Meta"`), `"X-Amz-Meta"`, ""},
		{"token-repeated-parameter", formError("query parameter with multiple values not supported"), "several values", ""},
		{"token-action", formError("unexpected action parameter in pre-signed URL"), "GetCallerIdentity", ""},
		{"token-cluster-header", formError("client did not sign the x-k8s-aws-id header in the pre-signed URL"), "x-k8s-aws-id", "x-k8s-aws-id: my-cluster"},
		{"token-expires", formError("invalid X-Amz-Expires parameter in pre-signed URL: 3600"), "900 seconds", "X-Amz-Expires=60"},
		{"token-date-missing", formError("X-Amz-Date parameter must be present in pre-signed URL"), "no X-Amz-Date", ""},
		{"token-date-format", formError(`error parsing X-Amz-Date parameter 2026-11-23 into format 20060102T150405Z: parsing time "2026-11-23" as "20060102T150405Z"`), "is 2026-11-23, not", ""},
		{"token-expired", formError("X-Amz-Date parameter is expired (15 minute expiration) 2026-11-23 11:42:40 +0000 UTC"), "signed 17m20s before the authenticator saw it, 2m20s past", "update-kubeconfig"},
		{"token-format", formError("something new"), "form", ""},
	}
}

func stsCases() []causeCase {
	const mismatch = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	throttled := newStory().sts(mallory(), 400, "Throttling", "Rate exceeded").
		denied(principal{key: malloryKey}, 429, `sts getCallerIdentity was throttled: {"Error":{"Code":"Throttling","Message":"Rate exceeded","Type":"Sender"},"RequestId":"x"}`).unauthorized()
	otherCluster := stsError("SignatureDoesNotMatch", mismatch)
	otherCluster.add(trace.Event{Time: noon().Add(-time.Minute), Kind: trace.KindAWS, AWS: &trace.AWSCall{Service: "eks", Operation: "DescribeCluster", AccessKeyID: malloryKey, Status: 200}})
	return []causeCase{
		{"sts-throttled", throttled, "throttled", "Retry"},
		{"sts-timeout", transportError("error during GET: net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers) on us-west-2 endpoint"), "10 seconds", stsHost},
		{"sts-untrusted-certificate", transportError("error during GET: tls: failed to verify certificate: x509: certificate signed by unknown authority on us-west-2 endpoint"), "trust", "SSL_CERT_FILE"},
		{"sts-unreachable", transportError("error during GET: dial tcp: lookup sts.us-west-2.amazonaws.com: no such host on us-west-2 endpoint"), "reach STS", "curl -sS https://" + stsHost},
		{"sts-truncated-answer", transportError("error reading HTTP result: unexpected EOF"), "broke", ""},
		{"sts-unusable-answer", transportError("invalid character '<' looking for beginning of value"), "answered 200", ""},
		{"sts-unusable-answer", transportError(`malformed UserID "AROAX"`), "answered 200", ""},
		{"signature-expired", stsError("SignatureDoesNotMatch", "Signature expired: 20261123T104000Z is now earlier than 20261123T114500Z (20261123T120000Z - 15 min.)"), "1h20m0s before", "timedatectl"},
		{"signature-not-yet-current", stsError("SignatureDoesNotMatch", "Signature not yet current: 20261123T121634Z is still later than 20261123T121500Z (20261123T120000Z + 15 min.)"), "16m34s after", "timedatectl"},
		{"host-not-signed", stsError("SignatureDoesNotMatch", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."), "host name", ""},
		{"signed-twice", stsError("SignatureDoesNotMatch", "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."), "twice", ""},
		{"signature-mismatch", stsError("SignatureDoesNotMatch", mismatch), "another cluster than my-cluster", "aws sts get-caller-identity"},
		{"signature-mismatch", otherCluster, "the secret key is right in the client that sent it", "update-kubeconfig --name my-cluster"},
		{"unknown-access-key", stsError("InvalidClientTokenId", "The security token included in the request is invalid."), malloryKey, "aws configure list"},
		{"invalid-session-token", stsError("InvalidClientTokenId", "The security token included in the request is invalid"), malloryKey, ""},
		{"deleted-access-key", stsError("InvalidClientTokenId", "The AWS access key provided does not exist in our records."), malloryKey, ""},
		{"session-expired", stsError("ExpiredToken", "The security token included in the request is expired"), "expired", "aws sso login"},
		{"region-disabled", stsError("RegionDisabledException", "STS is not activated in this region for account:111122223333. Your account administrator can activate STS in this region using the IAM Console."), "not activated", ""},
	}
}

func scopeCases() []causeCase {
	unavailable := newStory().denied(principal{key: malloryKey}, 403, "sts getCallerIdentity failed: error from AWS (expected 200, got 503) on us-west-2 endpoint. Body: <html>").unauthorized()
	return []causeCase{
		{"scope-region", stsError("SignatureDoesNotMatch", "Credential should be scoped to a valid region. "), "another region", "AWS_STS_REGIONAL_ENDPOINTS"},
		{"scope-service", stsError("SignatureDoesNotMatch", "Credential should be scoped to correct service: 'sts'. "), "another service", ""},
		{"scope-terminator", stsError("SignatureDoesNotMatch", "Credential should be scoped with a valid terminator: 'aws4_request', not 'x'. "), "aws4_request", ""},
		{"scope-date", stsError("SignatureDoesNotMatch", "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20151124' != '20151125', from '20151125T154140Z'."), "date", ""},
		{"missing-authentication", stsError("MissingAuthenticationToken", "Request is missing Authentication Token"), "without a SigV4 signature", ""},
		{"credential-format", stsError("IncompleteSignature", "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'X'"), "five parts", ""},
		{"signature-parameters", stsError("IncompleteSignature", "AWS query-string parameters must include 'X-Amz-Signature'. Re-examine the query-string parameters."), "missing", ""},
		{"signature-algorithm", stsError("IncompleteSignature", "Unsupported AWS 'algorithm': 'AWS5-HMAC-SHA256'."), "algorithm", ""},
		{"signature-date-format", stsError("IncompleteSignature", "Date must be in ISO-8601 'basic format'. Got '2015/08/30T12/36/00Z'. See http://en.wikipedia.org/wiki/ISO_8601"), "ISO 8601", ""},
		{"authorization-header", stsError("IncompleteSignature", "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): 'x'."), "Authorization header", ""},
		{"incomplete-signature", stsError("IncompleteSignature", "Something new"), "not completely signed", ""},
		{"malformed-query", stsError("MalformedQueryString", "Illegal hex character in escape % pattern: %yy"), "percent", ""},
		{"sts-unavailable", unavailable, "503", "Retry"},
		{"sts-refused", stsError("AccessDenied", "Something new"), "refused", ""},
	}
}

// recreated is a role that was let in, and is refused after it was made anew.
func recreated(byAccessEntry bool) *story {
	s := newStory()
	if byAccessEntry {
		s.at = noon().Add(15 * time.Millisecond)
		s.log("info", "additional arn comparison for IAM arn. arn from STS response is "+strings.ToLower(roleARN)+", arn in mapper is "+strings.ToLower(roleARN), nil)
	}
	s.at = noon()
	s.granted(principal{sessionARN, roleARN, "AROAOLD", "s", "ASIAOLD", "some-other-role", nil})
	s.at = noon().Add(time.Minute)
	return s.sts(otherRole(), 200, "", "").denied(otherRole(), 403, notMapped).request(noon().Add(time.Minute), func(r *trace.Request) { r.Code = 401 })
}

// TestRecreatedWithoutAccessEntry: aws-auth goes by ARN, so a new principal ID explains nothing there, and neither does
// what another cluster accepted.
func TestRecreatedWithoutAccessEntry(t *testing.T) {
	t.Parallel()
	elsewhere := recreated(true)
	for i := range elsewhere.events[:len(elsewhere.events)-5] {
		elsewhere.events[i].Cluster = "other-cluster"
	}
	for name, s := range map[string]*story{"aws-auth": recreated(false), "another cluster": elsewhere} {
		if v := Explain(s.events)[0]; v.Cause != "not-mapped-role" {
			t.Errorf("%s: %s: %s", name, v.Cause, v.Summary)
		}
	}
}

func mapperCases() []causeCase {
	p := mallory()
	sso := principal{arn: "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/mallory@example.com", canonical: "arn:aws:iam::111122223333:role/AWSReservedSSO_Admin_0123456789abcdef", userID: "AROASSO"}
	root := principal{arn: "arn:aws:iam::111122223333:root", canonical: "arn:aws:iam::111122223333:root", userID: "111122223333"}
	deleted := newStory().log("info", "Received aws-auth watch event", nil).log("info", "Resetting configmap on delete", nil).sts(p, 200, "", "").denied(p, 403, notMapped).unauthorized()
	malformed := newStory().log("info", "Received aws-auth watch event", nil).log("warning", "Errors parsing configmap: [yaml: line 2: found a tab character]", nil).sts(p, 200, "", "").denied(p, 403, notMapped).unauthorized()
	return []causeCase{
		{"not-mapped-user", mapperError(p, notMapped), malloryARN, "- userarn: " + malloryARN + "\n      username: mallory"},
		{"not-mapped-role", mapperError(otherRole(), notMapped), roleARN, "- rolearn: " + roleARN},
		{"not-mapped-sso", mapperError(sso, notMapped), "aws-reserved/sso.amazonaws.com/", "- rolearn: " + sso.canonical},
		{"not-mapped", mapperError(root, notMapped), root.arn, root.arn},
		{"not-mapped-role", mapperError(otherRole(), notMapped).inMode("API_AND_CONFIG_MAP"), roleARN, "associate-access-policy --cluster-name my-cluster --principal-arn " + roleARN},
		{"no-access-entry", mapperError(otherRole(), notMapped).inMode("API"), "aws-auth is not read", "create-access-entry --cluster-name my-cluster --principal-arn " + roleARN},
		{"aws-auth-deleted", deleted, "was deleted", "kubectl apply"},
		{"aws-auth-malformed", malformed, "could not parse", "configmap/aws-auth"},
		{"principal-recreated", recreated(true), "old ID AROAOLD", "aws eks describe-access-entry --cluster-name my-cluster --principal-arn " + roleARN},
		{"principal-recreated", recreated(true), "old ID AROAOLD", "aws eks list-associated-access-policies --cluster-name my-cluster --principal-arn " + roleARN},
		{"principal-recreated", recreated(true), "old ID AROAOLD, and the caller's is AROAOTHERROLE0000001", "delete-access-entry --cluster-name my-cluster --principal-arn " + roleARN},
		{"not-an-instance", mapperError(otherRole(), `mapper EKSConfigMap renderTemplates error: error rendering username template "system:node:{{EC2PrivateDNSName}}": SessionName did not contain an instance id`), `"botocore-session-1"`, "{{EC2PrivateDNSName}}"},
		{"instance-lookup-failed", mapperError(otherRole(), `mapper EKSConfigMap renderTemplates error: error rendering username template "system:node:{{EC2PrivateDNSName}}": failed querying private DNS from EC2 API for node i-0123456789abcdef0: UnauthorizedOperation `), "i-0123456789abcdef0", "ec2:DescribeInstances"},
		{"instance-not-found", mapperError(otherRole(), `mapper EKSConfigMap renderTemplates error: error rendering username template "system:node:{{EC2PrivateDNSName}}": failed to find node i-0123456789abcdef0 `), "instance i-0123456789abcdef0 in", ""},
		{"template-failed", mapperError(otherRole(), `mapper EKSConfigMap renderTemplates error: error rendering group template "{{X}}": something new`), `"{{X}}"`, "{{SessionName}}"},
		{"reserved-prefix", mapperError(p, "invalid username 'system:admin' for mapper DynamicFile: username must not begin with with the following prefixes: [system: eks:]"), "system:admin", "[system: eks:]"},
		{"id-and-arn-mismatch", mapperError(otherRole(), "mapper DynamicFile Map error: ARN does not match User ID"), "AROAOTHERROLE0000001", roleARN},
		{"mapper-error", mapperError(p, "mapper CRD Map error: something new"), malloryARN, "eksemu logs"},
	}
}

func apiServerCases() []causeCase {
	refuse := func(message string) *story {
		return newStory().request(noon(), func(r *trace.Request) { r.Code, r.Message = 401, message })
	}
	silent := func(status int, problem string) *story {
		return newStory().add(trace.Event{Kind: trace.KindTokenReview, Cluster: cluster, Token: tokenID,
			TokenReview: &trace.TokenReview{Status: status, Error: problem, Started: noon(), Duration: 5 * time.Millisecond}}).unauthorized()
	}
	return []causeCase{
		{"no-credentials", refuse("Authentication failed, no credentials provided"), "no credentials", "update-kubeconfig"},
		{"webhook-not-asked", refuse("Authentication failed, attempted: bearer"), "without asking", "--authentication-token-webhook-config-file"},
		{"credentials-refused", refuse("Authentication failed, attempted: x509"), "certificate", ""},
		{"authenticator-unreachable", silent(0, "dial tcp 127.0.0.1:21362: connect: connection refused"), "no answer", "eksemu status"},
		{"authenticator-bad-request", silent(400, "expected a request body to be a TokenReview"), "TokenReview", "v1beta1"},
		{"answer-not-accepted", newStory().granted(alice()).unauthorized(), "audiences", "--api-audiences"},
		{"backend-unauthorized", answeredTo(alice(), func(r *trace.Request) { r.Code, r.Message = 401, "Unauthorized" }), "alice", "apiservices"},
	}
}

func allowedCases() []causeCase {
	const policy = `EKS Access Policy: allowed by ClusterRoleBinding "arn:aws:iam::111122223333:user/alice+arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy" of ClusterRole "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy" to User "AIDAALICE00000000001"`
	const binding = `RoleBinding "view-pods/default" of ClusterRole "view" to Group "developers"`
	return []causeCase{
		{"allowed-masters", answeredTo(alice("system:masters"), canI(true, "")), "alice is a member of system:masters", ""},
		{"allowed-rbac", answeredTo(alice("developers"), canI(true, "RBAC: allowed by "+binding)), binding + " allows alice to get pods in default", ""},
		{"allowed-rbac", answeredTo(alice("developers"), allow("RBAC: allowed by "+binding)), binding + " allows alice to list pods in default", ""},
		{"allowed-service-account", newStory().request(noon(), all(user("system:serviceaccount:default:robot", "system:serviceaccounts"), canI(true, `RBAC: allowed by RoleBinding "robot/default" of Role "robot" to ServiceAccount "robot/default"`))), "IAM and aws-auth were not asked", ""},
		{"allowed-access-policy", answeredTo(alice(), canI(true, policy)), "AmazonEKSViewPolicy", ""},
		{"allowed-node", answeredTo(principal{sessionARN, roleARN, "AROANODE", "i-0123456789abcdef0", "ASIANODE", "system:node:ip-10-0-0-1.us-west-2.compute.internal", []string{"system:bootstrappers", "system:nodes"}}, allow("")), "kubelet", ""},
		{"allowed-other", answeredTo(alice(), allow("my-webhook says yes")), "my-webhook says yes", ""},
	}
}

func deniedCases() []causeCase {
	const grant = "kubectl create role allow-list-pods --verb=list --resource=pods -n default\nkubectl create rolebinding allow-list-pods --role=allow-list-pods --user=alice -n default"
	const policy = `EKS Access Policy: allowed by ClusterRoleBinding "x" of ClusterRole "y" to User "z"`
	policyHolder := newStory().granted(alice()).request(noon(), all(as(alice()), allow(policy)))
	policyHolder.request(noon().Add(time.Second), all(as(alice()), forbid(bobForbidden, "")))
	no := forbid(bobForbidden, "")
	asked := func(policies, unknown []string) *story {
		return newStory().granted(alice()).policies(alice(), policies, unknown).request(noon(), all(as(alice()), no))
	}
	return []causeCase{
		{"role-missing", answeredTo(alice("developers"), forbid(bobForbidden, `RBAC: role.rbac.authorization.k8s.io "view-pods" not found`)), "view-pods", "kubectl create role"},
		{"no-rule-anonymous", newStory().request(noon(), all(user("system:anonymous", "system:unauthenticated"), no)), "the public", "update-kubeconfig"},
		{"no-rule-impersonated", answeredTo(alice("developers"), func(r *trace.Request) { r.Impersonate = "bob" }, no), "bob may not", "--user=bob"},
		{"no-rule-service-account", newStory().request(noon(), all(user("system:serviceaccount:default:robot", "system:serviceaccounts"), no)), "service account", "--serviceaccount=default:robot"},
		{"policy-does-not-cover", asked([]string{"AmazonEKSViewPolicy in dev"}, nil), "(AmazonEKSViewPolicy in dev) do not cover it", "--access-scope"},
		{"policy-rules-unknown", asked([]string{"AmazonEKSEventPolicy", "AmazonEKSViewPolicy in dev"}, []string{"AmazonEKSEventPolicy"}), "AWS does not publish what AmazonEKSEventPolicy allows", "--access-scope"},
		{"policy-no-longer-allows", policyHolder, "no longer associated", "--access-scope"},
		{"no-groups", answeredTo(alice(), no), "to no group", grant},
		{"no-groups", answeredTo(alice(), canI(false, "")), "to no group", "allow-get-pods"},
		{"no-rule", answeredTo(alice("developers"), no), "developers", "--group=developers"},
		{"impersonation-forbidden", answeredTo(alice(), func(r *trace.Request) {
			r.Code, r.Message = 403, `users "bob" is forbidden: User "alice" cannot impersonate resource "users" in API group "" at the cluster scope`
		}), "act as somebody else", "--verb=impersonate"},
		{"impersonation-forbidden", answeredTo(alice(), func(r *trace.Request) {
			r.Code, r.Message = 403, `pods is forbidden: User "alice" cannot impersonate-on:user-info:list resource "pods" in API group "" in the namespace "default"`
		}), "act as somebody else", "--verb=impersonate"},
		{"escalation", answeredTo(alice(), allow(policy), func(r *trace.Request) {
			r.Verb, r.Resource, r.Code = "create", "rolebindings.rbac.authorization.k8s.io", 403
			r.Message = `rolebindings.rbac.authorization.k8s.io "x" is forbidden: user "alice" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held: {APIGroups:[""], Resources:["pods"], Verbs:["get"]}`
		}), "rights from an access policy do not count", "escalate"},
		{"admission-forbidden", answeredTo(alice("system:masters"), allow(""), func(r *trace.Request) {
			r.Code, r.Message = 403, `pods "x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1`
		}), "admission", ""},
		{"authorizer-denied", answeredTo(alice(), canI(false, "not on Sundays"), func(r *trace.Request) { r.Review.Denied = true }), "outright", ""},
		{"authorizer-error", answeredTo(alice(), func(r *trace.Request) {
			r.Code, r.Reason, r.Message = 500, "internal error", "Internal Server Error: x"
		}), "failed", "eksemu logs"},
		{"not-decided", answeredTo(alice(), func(r *trace.Request) { r.Code, r.Message = 429, "Too many requests, please try again later." }), "429", ""},
	}
}

func nodeCases() []causeCase {
	node := principal{sessionARN, roleARN, "AROANODE", "i-0123456789abcdef0", "ASIANODE", "system:node:ip-10-0-0-1.us-west-2.compute.internal", []string{"system:bootstrappers - system:nodes"}}
	member, nameless := node, node
	member.groups = []string{"system:nodes"}
	nameless.username, nameless.groups = "node-1", member.groups
	return []causeCase{
		{"node-not-in-group", answeredTo(node, forbid("nodes is forbidden", "")), "not in the group system:nodes", "- system:nodes"},
		{"node-unknown", answeredTo(nameless, forbid("nodes is forbidden", `Node: unknown node for user "node-1"`)), "node-1", "system:node:{{EC2PrivateDNSName}}"},
		{"node-not-permitted", answeredTo(member, forbid("secrets is forbidden", "Node: no relationship found between node 'ip-10-0-0-1.us-west-2.compute.internal' and this object")), "its own node", ""},
	}
}

// unknown takes the caller out of a call, because has the emulator say what AWS does not.
func unknown(s *story) *story {
	s.events[0].AWS.Principal, s.events[0].AWS.AccessKeyID = "", ""
	return s
}

func because(reason string, s *story) *story {
	s.events[0].AWS.Reason = reason
	return s
}

// webIdentityCases: the texts are [R] (spec/sts.md section 2.2), but for the two that say otherwise.
func webIdentityCases() []causeCase {
	refused := func(status int, code, message string) *story {
		s := unknown(awsCall("sts", "AssumeRoleWithWebIdentity", status, code, message))
		s.events[0].AWS.AccessKeyID = ""
		return s
	}
	const issuer = "https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
	return []causeCase{
		{"no-oidc-provider", refused(400, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for "+issuer), issuer, "--url " + issuer + " "},
		{"web-identity-audience", refused(400, "InvalidIdentityToken", "Incorrect token audience"), "audience", "--audience sts.amazonaws.com"},
		{"web-identity-claim", refused(400, "InvalidIdentityToken", "Missing a required claim: aud"), "no claim aud", ""},
		{"web-identity-expired", refused(400, "ExpiredTokenException", "Token expired: current date/time 1731098245 must be before the expiration date/time 1731095240"), "is over", "AWS_WEB_IDENTITY_TOKEN_FILE"},
		{"web-identity-expired", refused(400, "ExpiredTokenException", "Token too old: 441398"), "is over", ""},
		{"web-identity-keys", refused(400, "InvalidIdentityToken", "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements"), "key", ".well-known/openid-configuration"},
		{"web-identity-certificate", refused(400, "InvalidIdentityToken", "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint"), "thumbprint", "update-open-id-connect-provider-thumbprint"},
		{"web-identity-issuer", refused(400, "IDPCommunicationError", "x"), "could not reach", ""},           // [D] for the code
		{"web-identity-invalid", refused(400, "InvalidIdentityToken", "x"), "its form or its signature", ""}, // the text is anything
		{"web-identity-denied", because("system:serviceaccount:default:other of "+issuer+": no statement allows it", refused(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")), "; here: system:serviceaccount:default:other of", `"Federated"`},
	}
}

func awsCases() []causeCase {
	const assume = "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111122223333:role/r"
	return []causeCase{
		{"aws-allowed", awsCall("sts", "GetCallerIdentity", 200, "", ""), aliceARN, ""},
		{"aws-signature-mismatch", awsCall("eks", "ListClusters", 403, "InvalidSignatureException", "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method."), aliceKey, "aws configure list"},
		{"assume-role-root", awsCall("sts", "AssumeRole", 403, "AccessDenied", "Roles may not be assumed by root accounts."), "root", ""},
		{"assume-role-denied", awsCall("sts", "AssumeRole", 403, "AccessDenied", assume), "may not assume arn:aws:iam::111122223333:role/r", `"AWS": "` + aliceARN},
		{"aws-access-denied", awsCall("eks", "DescribeCluster", 403, "AccessDeniedException", "User: x is not authorized to perform: eks:DescribeCluster on resource: y"), "not allowed eks:DescribeCluster", `"Action": "eks:DescribeCluster"`},
		{"aws-access-denied", awsCall("ec2", "DescribeInstances", 403, "UnauthorizedOperation", "You are not authorized to perform this operation."), "ec2:DescribeInstances", ""},
		{"aws-throttled", awsCall("ec2", "DescribeInstances", 503, "RequestLimitExceeded", "Request limit exceeded."), "throttled", ""},
		{"aws-not-found", awsCall("eks", "DescribeCluster", 404, "ResourceNotFoundException", "No cluster found for name: x."), "no such thing", ""},
		{"aws-conflict", awsCall("eks", "CreateAccessEntry", 409, "ResourceInUseException", "The specified access entry resource is already in use on this cluster."), "in use", ""},
		{"aws-invalid-request", awsCall("eks", "CreateAccessEntry", 400, "InvalidParameterException", "The specified principalArn is invalid: invalid principal."), "not what to do", ""},
		{"aws-failure", awsCall("eks", "ListClusters", 500, "ServerException", "x"), "500", ""},
		{"aws-no-answer", because("a fault that was asked for", awsCall("sts", "GetCallerIdentity", 0, "", "")), "without an answer; here: a fault that was asked for", ""},
		{"aws-refused", awsCall("eks", "ListClusters", 418, "", ""), "418", ""},
		{"aws-auth-failure", because("signature: The request signature we calculated does not match", awsCall("ec2", "DescribeInstances", 401, "AuthFailure", "AWS was not able to validate the provided access credentials")),
			"is wrong; here: signature: The request signature we", "aws sts get-caller-identity"},
		{"session-expired", awsCall("ec2", "DescribeInstances", 400, "RequestExpired", "Request has expired."), "have expired", ""},
		{"aws-not-identified", because("the request has no Action", unknown(awsCall("sts", "", 302, "", ""))), "STS answered 302 to a request that names no operation, and had not found out who is calling; here: the request has no Action", "signed"},
		{"aws-not-identified", unknown(awsCall("ec2", "", 400, "InvalidRequest", "The request is malformed: x.")), "EC2 answered 400", ""},
		{"malformed-query", unknown(awsCall("eks", "ListClusters", 403, "MalformedQueryStringException", "Illegal hex character in escape % pattern: %yy")), "percent", ""},
		// [R] awsu#27, eks-anywhere#9485
		{"session-too-long", awsCall("sts", "AssumeRole", 400, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."), "than the role allows", "--max-session-duration"},
		{"session-too-long-chained", awsCall("sts", "AssumeRole", 400, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."), "an hour at most", "3600 seconds"},
		{"aws-invalid-request", awsCall("ec2", "DescribeInstances", 400, "MalformedQueryString", "x"), "knows the caller", ""},
		{"aws-invalid-request", awsCall("eks", "", 404, "UnknownOperationException", "x"), "knows the caller", ""},
		{"aws-invalid-request", awsCall("ec2", "DescribeInstances", 400, "MissingParameter", "x"), "knows the caller", ""},
		{"aws-access-denied", awsCall("eks", "ListClusters", 403, "AccessDeniedException", "x"), "not allowed eks:ListClusters", ""},
		{"mfa-code", awsCall("sts", "AssumeRole", 403, "AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code. "), aliceARN, "eksemu mfa"},
		{"mfa-device", awsCall("sts", "AssumeRole", 403, "AccessDenied", "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user."), aliceARN, "list-mfa-devices"},
		{"session-expired", awsCall("sts", "AssumeRole", 403, "ExpiredToken", "The security token included in the request is expired"), "expired", ""},
	}
}

// TestPolicyThatAllowsLater: what an access policy allowed after a request says nothing about that request.
func TestPolicyThatAllowsLater(t *testing.T) {
	t.Parallel()
	told := newStory().granted(alice()).request(noon(), all(as(alice()), forbid(bobForbidden, "")))
	told.at = told.at.Add(time.Minute)
	told.request(noon().Add(time.Minute), all(as(alice()), allow(`EKS Access Policy: allowed by ClusterRoleBinding "x" of ClusterRole "y" to User "z"`)))
	verdicts := Explain(told.events)
	if len(verdicts) != 2 || verdicts[0].Cause != "no-groups" || verdicts[1].Cause != "allowed-access-policy" {
		t.Errorf("verdicts: %+v", verdicts)
	}
}

// TestFixesByMode: a fix does not tell of a way that the cluster does not have.
func TestFixesByMode(t *testing.T) {
	t.Parallel()
	const entry, edit = "create-access-entry", "configmap/aws-auth"
	for _, test := range []struct {
		mode          string
		entries, auth bool
	}{{"", true, true}, {"CONFIG_MAP", false, true}, {"API_AND_CONFIG_MAP", true, true}, {"API", true, false}} {
		verdicts := Explain(mapperError(mallory(), notMapped).inMode(test.mode).events)
		fix := verdicts[len(verdicts)-1].Fix
		if strings.Contains(fix, entry) != test.entries || strings.Contains(fix, edit) != test.auth || strings.HasSuffix(fix, "\n") {
			t.Errorf("%s: %s", test.mode, fix)
		}
	}
}
