package stsfake

import (
	"github.com/eksemu/eksemu/sts-fake/awsquery"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// callerIdentity is in the order of the STS API reference's sample.
type callerIdentity struct {
	Arn     string
	UserID  string `xml:"UserId" json:"UserId"`
	Account string
}

// getCallerIdentity says who the caller is. It needs no permission: not even an explicit Deny keeps anyone from
// it (spec/sts.md section 4.1).
func (s *Server) getCallerIdentity(caller iam.Caller, _ awsquery.Params, _ string) (any, error) {
	return callerIdentity{Arn: caller.ARN, UserID: caller.UserID, Account: caller.AccountID}, nil
}
