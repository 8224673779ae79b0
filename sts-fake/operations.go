package stsfake

import (
	"cmp"
	"net/http"
	"net/netip"
	"time"

	"github.com/eksemu/eksemu/sts-fake/awsmodel"
	"github.com/eksemu/eksemu/sts-fake/awsquery"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// operation is an operation of STS's API.
type operation struct {
	// run answers a request. The result is for [awsquery.Success]; the error is an *[awsquery.Error] or an
	// *[iam.AccessDeniedError].
	run func(*Server, *request) (any, error)
	// model is what the request is held against before run sees it.
	model []awsmodel.Member
	// unsigned needs no signature (the model's authtype "none"), and looks at none.
	unsigned bool
	// regional is not available on the global endpoint. That is recorded for AssumeRoot (spec/sts.md section 2.2) and
	// documented for GetWebIdentityToken, whose answer there is inferred.
	regional bool
}

// request is a request for an operation.
type request struct {
	http     *http.Request
	call     *Call
	endpoint Endpoint
	params   awsquery.Params
	caller   iam.Caller // nobody for an unsigned operation
	region   string     // that the request is for; "" if nothing says
}

// operationNamed finds an operation of this version of STS.
func operationNamed(name, version string) (operation, bool) {
	if version != apiVersion {
		return operation{}, false
	}
	switch name {
	case "GetCallerIdentity":
		return operation{run: (*Server).getCallerIdentity}, true
	case "AssumeRole":
		return operation{run: (*Server).assumeRole, model: assumeRoleModel}, true
	case "AssumeRoleWithWebIdentity":
		return operation{run: (*Server).assumeRoleWithWebIdentity, model: assumeRoleWithWebIdentityModel, unsigned: true}, true
	case "AssumeRoleWithSAML":
		return operation{run: (*Server).assumeRoleWithSAML, model: assumeRoleWithSAMLModel, unsigned: true}, true
	case "AssumeRoot":
		return operation{run: (*Server).assumeRoot, model: assumeRootModel, regional: true}, true
	case "GetSessionToken":
		return operation{run: (*Server).getSessionToken, model: getSessionTokenModel}, true
	case "GetFederationToken":
		return operation{run: (*Server).getFederationToken, model: getFederationTokenModel}, true
	case "GetAccessKeyInfo":
		return operation{run: (*Server).getAccessKeyInfo, model: getAccessKeyInfoModel}, true
	case "DecodeAuthorizationMessage":
		return operation{run: (*Server).decodeAuthorizationMessage, model: decodeAuthorizationMessageModel}, true
	case "GetDelegatedAccessToken":
		return operation{run: (*Server).getDelegatedAccessToken, model: getDelegatedAccessTokenModel}, true
	case "GetWebIdentityToken":
		return operation{run: (*Server).getWebIdentityToken, model: getWebIdentityTokenModel, regional: true}, true
	}
	return operation{}, false
}

// context is the request as policies see it.
func (r *request) context() iam.RequestContext { return policyContext(r.http, r.region) }

// policyContext is a request as policies see it. They see no more of a user agent than a record does, so that nobody
// makes their patterns expensive; AWS's bound is not known.
func policyContext(r *http.Request, region string) iam.RequestContext {
	c := iam.RequestContext{Region: region, UserAgent: clip(r.UserAgent(), maxField), Secure: r.TLS != nil}
	if from, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		c.SourceIP = from.Addr().Unmap()
	}
	return c
}

// checkRegion is AWS's answer where an account has STS switched off, for the operations that issue credentials of it
// (in the model those with RegionDisabledException; spec/sts.md section 2.2). Its place, behind the request's form and
// before permissions, is inferred.
func (s *Server) checkRegion(r *request, accountID string) error {
	if s.inactiveRegion == nil || !s.inactiveRegion(accountID, r.region) {
		return nil
	}
	return &awsquery.Error{
		Status: http.StatusForbidden, Code: "RegionDisabledException",
		Message: "STS is not activated in this region for account:" + accountID +
			". Your account administrator can activate STS in this region using the IAM Console.",
	}
}

// unknownOperation is the answer to an Action and Version that are none of STS's.
func unknownOperation(action, version string) *awsquery.Error {
	return invalidActionError("Could not find operation " + cmp.Or(action, "NO_ACTION_SPECIFIED") +
		" for version " + cmp.Or(version, "NO_VERSION_SPECIFIED"))
}

func invalidActionError(message string) *awsquery.Error {
	return &awsquery.Error{Status: http.StatusBadRequest, Code: invalidAction, Message: message}
}

// duration is DurationSeconds.
func duration(p awsquery.Params, absent int) time.Duration {
	return time.Duration(awsmodel.Int(p, "DurationSeconds", absent)) * time.Second
}
