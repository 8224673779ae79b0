package explain

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/golden"

	"github.com/eksemu/eksemu/emulator/trace"
)

// TestWrite keeps the texts that people read: the article's three answers, and the scenarios around them.
func TestWrite(t *testing.T) {
	t.Parallel()
	const mismatch = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	node := principal{"arn:aws:sts::111122223333:assumed-role/node/i-0123456789abcdef0", "arn:aws:iam::111122223333:role/node", "AROANODE000000000001", "i-0123456789abcdef0", "ASIAIOSFODNN7NODE000",
		"system:node:ip-10-0-0-1.us-west-2.compute.internal", []string{"system:bootstrappers", "system:nodes"}}
	nodeRequest := answeredTo(node, allow(""), func(r *trace.Request) {
		r.Verb, r.Resource, r.Namespace, r.Name, r.UserAgent = "get", "nodes", "", "ip-10-0-0-1.us-west-2.compute.internal", "kubelet/v1.37.2 (linux/amd64)"
	})
	otherCluster := newStory()
	otherCluster.events = append(otherCluster.events, awsCall("sts", "GetCallerIdentity", 200, "", "").events...)
	otherCluster.events[0].AWS.AccessKeyID, otherCluster.events[0].Time = malloryKey, noon().Add(-time.Minute)
	otherCluster.events = append(otherCluster.events, stsError("SignatureDoesNotMatch", mismatch).events...)
	unmapped := newStory().log("info", "Received aws-auth watch event", nil)
	unmapped.sts(otherRole(), 200, "", "").denied(otherRole(), 403, notMapped).unauthorized()
	unmappedCanI := newStory().sts(mallory(), 200, "", "").denied(mallory(), 403, notMapped).request(noon(), func(r *trace.Request) {
		canI(false, "")(r)
		r.Code, r.Message, r.Decision, r.Reason, r.Review = 401, "Authentication failed, attempted: bearer", "", "", nil
	})
	robot := user("system:serviceaccount:default:robot", "system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated")
	for name, s := range map[string]*story{
		"yes-masters":                   answeredTo(alice("system:masters"), canI(true, "")),
		"yes-rbac":                      answeredTo(alice("developers"), canI(true, `RBAC: allowed by RoleBinding "developers-view/default" of ClusterRole "view" to Group "developers"`)),
		"yes-role":                      answeredTo(otherRole("system:masters"), canI(true, "")),
		"yes-service-account":           newStory().request(noon(), all(robot, canI(true, `RBAC: allowed by RoleBinding "robot/default" of ClusterRole "view" to ServiceAccount "robot/default"`))),
		"yes-node":                      nodeRequest,
		"no-binding":                    answeredTo(alice(), canI(false, "")),
		"no-forbidden":                  answeredTo(alice("developers"), forbid(bobForbidden, "")),
		"unauthorized-not-mapped":       unmappedCanI,
		"unauthorized-role-unmapped":    unmapped,
		"unauthorized-forged-signature": stsError("SignatureDoesNotMatch", mismatch),
		"unauthorized-other-cluster":    otherCluster,
		"unauthorized-unknown-key":      stsError("InvalidClientTokenId", "The security token included in the request is invalid."),
		"unauthorized-token-expired":    formError("X-Amz-Date parameter is expired (15 minute expiration) 2026-11-23 11:42:40 +0000 UTC"),
		"unauthorized-unreachable":      transportError("error during GET: dial tcp: lookup sts.us-west-2.amazonaws.com: no such host on us-west-2 endpoint"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkWritten(t, name, Explain(s.events)[0], TextOptions{})
		})
	}
	denied := awsCall("sts", "AssumeRole", 403, "AccessDenied", "User: "+aliceARN+" is not authorized to perform: sts:AssumeRole on resource: "+roleARN)
	checkWritten(t, "aws-assume-role", ExplainAWS(denied.events[0]), TextOptions{})
	checkWritten(t, "wide-color", Explain(mapperError(mallory(), notMapped).events)[0], TextOptions{Color: true, Wide: true})
}

func checkWritten(t *testing.T, name string, v Verdict, opts TextOptions) {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, v, opts); err != nil {
		t.Fatal(err)
	}
	golden.Assert(t, out.String(), name+".txt")
}

func TestWriteKeepsItsArgumentAndPassesErrorsOn(t *testing.T) {
	t.Parallel()
	v := Verdict{Identity: Identity{Groups: []string{"a\x1b[31mb"}}, Steps: []Step{{Hop: HopRBAC, Detail: "x\ny"}}}
	if err := Write(brokenWriter{}, v, TextOptions{}); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
	if v.Steps[0].Detail != "x\ny" || v.Identity.Groups[0] != "a\x1b[31mb" {
		t.Errorf("Write changed the verdict: %+v", v)
	}
	var out strings.Builder
	v.Question, v.Summary = "get \x1b[2Jpods", "evil\x07"
	if err := Write(&out, v, TextOptions{}); err != nil || strings.ContainsAny(out.String(), "\x1b\x07") {
		t.Errorf("control characters were printed: %q, %v", out.String(), err)
	}
}

var errBroken = errors.New("broken")

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }
