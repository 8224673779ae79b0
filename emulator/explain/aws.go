package explain

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/eksemu/eksemu/emulator/redact"
	"github.com/eksemu/eksemu/emulator/trace"
)

// ExplainAWS explains a call to an AWS API: what STS, EKS or EC2 answered to a CLI, an SDK or the authenticator.
// DecidedBy is the name of the service. An event of another kind has the zero verdict.
func ExplainAWS(e trace.Event) Verdict { //nolint:revive // Explain for one call to AWS; a shorter name would say less
	call := e.AWS
	if e.Kind != trace.KindAWS || call == nil {
		return Verdict{}
	}
	v := Verdict{
		DecidedBy: Hop(call.Service), Question: awsQuestion(call), Status: call.Status, Time: e.Time,
		Identity: Identity{ARN: call.Principal, CanonicalARN: canonicalARN(call.Principal), AccessKeyID: call.AccessKeyID},
		Cluster:  e.Cluster, Client: call.Client, RequestID: call.RequestID, UserAgent: call.UserAgent, Token: e.Token,
		Evidence: Evidence{Component: call.Service, Text: strings.TrimSpace(strconv.Itoa(call.Status) + " " + call.Code)},
	}
	if call.Status == 0 {
		v.Evidence.Text = "no answer"
	}
	if call.Message != "" {
		v.Evidence.Text += ": " + call.Message
	}
	if v.Identity.ARN != "" {
		v.Identity.Kind = KindIAM
	}
	cause, found := awsCause(call)
	f := awsFacts(call, v)
	f.add(found)
	f.set("skew", clockSkew(f))
	v.Outcome, v.Cause, v.Summary, v.Fix = cause.Outcome, cause.ID, f.fill(cause.Sentence), f.fill(cause.Fix)
	if call.Reason != "" {
		v.Summary += "; here: " + call.Reason
	}
	v.Steps = awsSteps(v)
	v.clean()
	return v
}

// awsQuestion writes the operation the way IAM writes actions.
func awsQuestion(call *trace.AWSCall) string {
	if call.Operation == "" {
		return call.Service + " request without an operation"
	}
	return call.Service + ":" + call.Operation
}

// awsFacts collects what the sentence about a call may mention.
func awsFacts(call *trace.AWSCall, v Verdict) facts {
	f := facts{
		"service": strings.ToUpper(redact.Line(call.Service)), "operation": cmp.Or(call.Operation, "a request that names no operation"),
		"status": strconv.Itoa(call.Status), "action": v.Question,
		"arn": v.Identity.name(), "principal": v.Identity.CanonicalARN, "key": "an access key",
	}
	if call.AccessKeyID != "" {
		f["key"] = "access key " + call.AccessKeyID
	}
	f.set("cluster", v.Cluster)
	return f
}

// awsCause finds the cause of an answer of an AWS API.
func awsCause(call *trace.AWSCall) (Cause, facts) {
	if call.Status >= 200 && call.Status < 300 {
		return causeByID("aws-allowed"), nil
	}
	if call.Status == 0 { // the connection was closed instead
		return causeByID("aws-no-answer"), nil
	}
	said := commonCode(call.Code) + ": " + call.Message
	for _, part := range [][]Cause{webIdentityCauses(), mfaCauses(), awsCauses(), stsSignatureCauses(), stsScopeCauses(), stsKeyCauses(), stsRequestCauses()} {
		cause, found, ok := recognise(part, said)
		if !ok || cause.ID == "sts-unavailable" {
			continue
		}
		return causeOfCall(cause.ID, call), found
	}
	if call.Status >= 500 {
		return causeByID("aws-failure"), nil
	}
	return causeOfCall("aws-refused", call), nil
}

// causeOfCall tells causes apart whose words are the same, by who is asked and whether the caller was known by then.
func causeOfCall(id string, call *trace.AWSCall) Cause {
	known := call.Principal != ""
	switch {
	case id == "signature-mismatch":
		id = "aws-signature-mismatch"
	case id == "malformed-query" && known:
		id = "aws-invalid-request"
	case !known && (id == "aws-invalid-request" || id == "aws-refused"):
		id = "aws-not-identified"
	}
	return causeByID(id)
}

// commonCode translates the error codes of the JSON protocols and of EC2 into those of STS, which the
// catalogue uses. The words that follow them are the same.
func commonCode(code string) string {
	switch code {
	case "InvalidSignatureException":
		return "SignatureDoesNotMatch"
	case "UnrecognizedClientException":
		return "InvalidClientTokenId"
	case "UnauthorizedOperation":
		return "AccessDenied"
	case "RequestExpired":
		return "ExpiredToken"
	case "RequestLimitExceeded", "TooManyRequestsException":
		return "Throttling"
	case "ServerException", "InternalServerException":
		return "ServiceUnavailable"
	}
	return strings.TrimSuffix(code, "Exception")
}

// awsSteps are the two parties of a call to an AWS API.
func awsSteps(v Verdict) []Step {
	agent, _, _ := strings.Cut(v.UserAgent, " ")
	service := Step{Hop: v.DecidedBy, State: StateRefused, Detail: v.Evidence.Text}
	if v.Outcome == Allowed {
		service.State, service.Detail = StateDecided, v.Identity.ARN
	}
	return []Step{{Hop: HopClient, State: StatePassed, Detail: agent}, service}
}
