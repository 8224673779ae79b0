package stsfake

import (
	"errors"
	"net/http"

	"github.com/eksemu/eksemu/sts-fake/awsquery"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// verifyMFA checks the MFA device that a request names, if it names one, and says whether it does. The texts for a
// wrong code and for an unknown device are recorded (spec/sts.md section 2.2); that for half of the two parameters is
// from memory.
func (s *Server) verifyMFA(r *request) (bool, error) {
	serial, code := r.params.Get("SerialNumber"), r.params.Get("TokenCode")
	if serial == "" && code == "" {
		return false, nil
	}
	refused := &awsquery.Error{Status: http.StatusForbidden, Code: "AccessDenied"}
	if serial == "" || code == "" {
		refused.Message = "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."
		return false, refused
	}
	err := s.gate.Store.VerifyMFA(r.caller, serial, code)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, iam.ErrInvalidMFACode):
		refused.Message = "MultiFactorAuthentication failed with invalid MFA one time pass code."
	case errors.Is(err, iam.ErrUnknownMFADevice):
		refused.Message = "MultiFactorAuthentication failed, unable to validate MFA code.  " +
			"Please verify your MFA serial number is valid and associated with this user."
	default:
		return false, err
	}
	return false, &explained{refused, err.Error()}
}
