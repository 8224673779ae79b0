package stsfake

import (
	"github.com/eksemu/eksemu/sts-fake/awsquery"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// operation answers a request of an authenticated caller. The result is for [awsquery.Success]; the error is an
// *[awsquery.Error] or an *[iam.AccessDeniedError].
type operation func(s *Server, caller iam.Caller, params awsquery.Params, region string) (any, error)

// operationNamed finds an operation of this version of STS.
func operationNamed(name, version string) (operation, bool) {
	if version != apiVersion {
		return nil, false
	}
	switch name {
	case "GetCallerIdentity":
		return (*Server).getCallerIdentity, true
	case "AssumeRole":
		return (*Server).assumeRole, true
	}
	return nil, false
}
