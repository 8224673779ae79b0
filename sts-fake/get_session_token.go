package stsfake

import (
	"net/http"

	"github.com/eksemu/eksemu/sts-fake/awsmodel"
	"github.com/eksemu/eksemu/sts-fake/awsquery"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

var getSessionTokenModel = []awsmodel.Member{
	awsmodel.Optional("DurationSeconds", durationSecondsType),
	awsmodel.Optional("SerialNumber", serialNumberType),
	awsmodel.Optional("TokenCode", tokenCodeType),
	awsmodel.Optional("MinimumSessionTokenSize", minimumSessionTokenSizeType),
}

// sessionToken is the answer of GetSessionToken.
type sessionToken struct {
	Credentials sessionCredentials
	tokenSize
}

// getSessionToken gives a user, or the root user, a session of its own. It needs no permission (STS API reference,
// GetSessionToken). A root user's session is cut to an hour (same).
func (s *Server) getSessionToken(r *request) (any, error) {
	if err := refuseTemporary(r); err != nil {
		return nil, err
	}
	if err := s.checkRegion(r, r.caller.AccountID); err != nil {
		return nil, err
	}
	o := iam.SessionOptions{
		Duration: duration(r.params, defaultUserSeconds), MinimumTokenSize: awsmodel.Int(r.params, "MinimumSessionTokenSize", 0),
	}
	device, err := s.verifyMFA(r)
	if err != nil {
		return nil, err
	}
	if device {
		o.MFATime = s.gate.Now()
	}
	credentials, _, err := s.gate.Store.IssueUserSession(r.caller, o)
	if err != nil {
		return nil, err
	}
	return sessionToken{answerCredentials(credentials), answerTokenSize(credentials)}, nil
}

// defaultUserSeconds is the duration of GetSessionToken and GetFederationToken (spec/sts.md section 4.2).
const defaultUserSeconds = 43200

// refuseTemporary refuses session credentials, which GetSessionToken and GetFederationToken do not take. The text is
// recorded (spec/sts.md section 2.2); that it comes before permissions is inferred.
func refuseTemporary(r *request) error {
	if !r.caller.Temporary {
		return nil
	}
	return &awsquery.Error{
		Status: http.StatusForbidden, Code: "AccessDenied",
		Message: "Cannot call " + r.params.Get("Action") + " with session credentials",
	}
}
