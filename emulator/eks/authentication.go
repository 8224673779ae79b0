package eks

import (
	"errors"
	"net/http"

	stsfake "github.com/eksemu/eksemu/sts-fake"
	"github.com/eksemu/eksemu/sts-fake/sigv4"
)

// unauthenticated is the answer to a request that the Gate refused. The status is 403 whatever the code: on
// record for UnrecognizedClientException at EKS (github.com/aws-quickstart/quickstart-helm-resource-provider
// issue 19), inferred for the others, because real EKS answers through API Gateway, which uses 403 for all.
func unauthenticated(err error) *exception {
	var refusal *sigv4.Refusal
	switch {
	case !errors.As(err, &refusal):
		return &exception{Status: http.StatusInternalServerError, Type: "ServerException", Body: messageBody{err.Error()}}
	case refusal.Code == "": // a request that is no HTTP to AWS, such as a path outside the root; type and text are ours
		return &exception{Status: refusal.Status, Type: "BadRequestException", Body: messageBody{"The request is malformed: " + refusal.Message + "."}}
	}
	return &exception{Status: http.StatusForbidden, Type: jsonName(refusal.Code), Body: messageBody{refusal.Message}}
}

// jsonName translates an error code of the query protocol, in which the Gate speaks, to the exception of the
// JSON protocols. UnrecognizedClientException is on record for EKS (github.com/aws/aws-cli issue 5823, with its
// text), ExpiredTokenException for an EKS client (github.com/terraform-aws-modules/terraform-aws-eks issue
// 2991). The others are inferred from other AWS services that speak JSON.
func jsonName(code string) string {
	switch code {
	case "InvalidClientTokenId":
		return "UnrecognizedClientException"
	case "SignatureDoesNotMatch":
		return "InvalidSignatureException"
	}
	return code + "Exception" // ExpiredToken, MissingAuthenticationToken, IncompleteSignature, MalformedQueryString
}

// unreadable is the answer to a body that is too large or broke off. Type and text of the former are API
// Gateway's; that EKS gives the same is inferred. Nobody is left to read the latter.
func unreadable(err error) *exception {
	if errors.Is(err, stsfake.ErrBodyTooLarge) {
		return &exception{Status: http.StatusRequestEntityTooLarge, Type: "RequestEntityTooLargeException", Body: messageBody{"Request Too Long"}}
	}
	return &exception{Status: http.StatusBadRequest, Type: "BadRequestException", Body: messageBody{"The request body did not arrive in full."}}
}
