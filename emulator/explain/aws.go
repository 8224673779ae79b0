package explain

import (
	"strconv"
	"strings"

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
		DecidedBy: Hop(call.Service), Question: call.Service + ":" + call.Operation, Status: call.Status, Time: e.Time,
		Identity: Identity{ARN: call.Principal, CanonicalARN: canonicalARN(call.Principal), AccessKeyID: call.AccessKeyID},
		Cluster:  e.Cluster, Client: call.Client, RequestID: call.RequestID, UserAgent: call.UserAgent, Token: e.Token,
		Evidence: Evidence{Component: call.Service, Text: strings.TrimSpace(strconv.Itoa(call.Status) + " " + call.Code)},
	}
	if call.Message != "" {
		v.Evidence.Text += ": " + call.Message
	}
	if v.Identity.ARN != "" {
		v.Identity.Kind = KindIAM
	}
	cause, found := awsCause(call)
	f := facts{
		"service": strings.ToUpper(redact(call.Service)), "operation": call.Operation, "status": strconv.Itoa(call.Status), "action": v.Question,
		"arn": v.Identity.name(), "principal": v.Identity.CanonicalARN, "key": "an access key",
	}
	if call.AccessKeyID != "" {
		f["key"] = "access key " + call.AccessKeyID
	}
	f.set("cluster", e.Cluster)
	f.add(found)
	f.set("skew", clockSkew(f))
	v.Outcome, v.Cause, v.Summary, v.Fix = cause.Outcome, cause.ID, f.fill(cause.Sentence), f.fill(cause.Fix)
	if call.Reason != "" {
		v.Summary += "; here it is that " + call.Reason
	}
	v.Steps = awsSteps(v)
	v.clean()
	return v
}

// awsCause finds the cause of an answer of an AWS API.
func awsCause(call *trace.AWSCall) (Cause, facts) {
	if call.Status >= 200 && call.Status < 300 {
		return causeByID("aws-allowed"), nil
	}
	said := commonCode(call.Code) + ": " + call.Message
	for _, part := range [][]Cause{awsCauses(), stsSignatureCauses(), stsScopeCauses(), stsKeyCauses(), stsRequestCauses()} {
		cause, found, ok := recognise(part, said)
		switch {
		case ok && cause.ID == "signature-mismatch":
			return causeByID("aws-signature-mismatch"), found
		case ok && cause.ID != "sts-unavailable":
			return cause, found
		}
	}
	if call.Status >= 500 {
		return causeByID("aws-failure"), nil
	}
	return causeByID("aws-refused"), nil
}

// commonCode translates the error codes of the JSON protocols and of EC2 into those of STS, which the
// catalogue uses. The words that follow them are the same.
func commonCode(code string) string {
	switch code {
	case "InvalidSignatureException":
		return "SignatureDoesNotMatch"
	case "UnrecognizedClientException":
		return "InvalidClientTokenId"
	case "AuthFailure": // EC2, with words of its own
		return "InvalidClientTokenId: The security token included in the request is invalid."
	case "UnauthorizedOperation":
		return "AccessDenied"
	case "RequestLimitExceeded", "ThrottlingException", "TooManyRequestsException":
		return "Throttling"
	case "ServiceUnavailableException", "InternalServerException":
		return "ServiceUnavailable"
	case "AccessDeniedException", "ExpiredTokenException", "MissingAuthenticationTokenException", "IncompleteSignatureException":
		return strings.TrimSuffix(code, "Exception")
	}
	return code
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
