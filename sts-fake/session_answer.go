package stsfake

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/eksemu/eksemu/sts-fake/awsquery"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// sessionCredentials is in the order of the STS API reference's sample of AssumeRole.
type sessionCredentials struct {
	AccessKeyID     string `xml:"AccessKeyId" json:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      awsquery.Timestamp
}

type assumedRoleUser struct {
	Arn           string
	AssumedRoleID string `xml:"AssumedRoleId" json:"AssumedRoleId"`
}

// tokenSize is what STS says about a session token since September 2026 (github.com/aws/aws-sdk-go-v2 service/sts
// v1.51.0). That every answer with credentials has it, that it comes last, and that percents are rounded up, is
// inferred.
type tokenSize struct {
	SessionTokenSize        int
	SessionTokenUtilization int
}

func answerCredentials(c iam.Credentials) sessionCredentials {
	return sessionCredentials{c.AccessKeyID, c.SecretAccessKey, c.SessionToken, awsquery.Timestamp(c.Expiration)}
}

func answerTokenSize(c iam.Credentials) tokenSize {
	size := len(c.SessionToken)
	return tokenSize{size, (size*100 + iam.MaxSessionTokenLength - 1) / iam.MaxSessionTokenLength}
}

// packedPolicySize is for the answer to a request with session tags or policies: a recorded answer to one without has
// no such element (spec/sts.md section 4.3), so that it is nil then. What AWS packs is not known, and so is its figure.
func packedPolicySize(tags []iam.Tag, policies []iam.Policy) *int {
	if len(tags) == 0 && len(policies) == 0 {
		return nil
	}
	percent := iam.PackedPercent(tags, policies)
	return &percent
}

// refuseIssue puts what keeps the store from issuing a session into AWS's words. The text about tags is recorded
// (spec/sts.md section 2.2), with a limit that AWS has given up since; that about policies is from memory. A policy
// that is no policy of a session (with a Principal, say) is found only here: its text is inferred.
func refuseIssue(err error, policies []iam.Policy) error {
	var problems iam.Problems
	if len(policies) > 0 && errors.As(err, &problems) {
		return &explained{malformedPolicy(""), err.Error()}
	}
	var tooLarge *iam.TokenTooLargeError
	if !errors.As(err, &tooLarge) {
		return err
	}
	message := fmt.Sprintf("Packed size of session tags consumes %d%% of allotted space.", tooLarge.Percent)
	if len(policies) > 0 {
		message = fmt.Sprintf("Packed policy consumes %d%% of allotted space, please use smaller policy.", tooLarge.Percent)
	}
	return &awsquery.Error{Status: http.StatusBadRequest, Code: "PackedPolicyTooLarge", Message: message}
}

// notEmulated refuses a parameter that would change what a session may do, or who it is for: ignoring it would be wrong
// in silence. Code and text are this project's, not AWS's.
func notEmulated(operation, parameter, instead string) error {
	return &awsquery.Error{
		Status: http.StatusBadRequest, Code: "NotEmulated",
		Message: operation + " with " + parameter + " is not emulated: " + instead,
	}
}
