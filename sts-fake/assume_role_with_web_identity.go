package stsfake

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/eksemu/eksemu/sts-fake/awsmodel"
	"github.com/eksemu/eksemu/sts-fake/awsquery"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

var assumeRoleWithWebIdentityModel = []awsmodel.Member{
	awsmodel.Required("RoleArn", arnType),
	awsmodel.Required("RoleSessionName", roleSessionNameType),
	awsmodel.Required("WebIdentityToken", clientTokenType),
	awsmodel.Optional("ProviderId", urlType),
	awsmodel.Optional("PolicyArns", policyDescriptorListType),
	awsmodel.Optional("Policy", sessionPolicyDocumentType),
	awsmodel.Optional("DurationSeconds", roleDurationSecondsType),
	awsmodel.Optional("MinimumSessionTokenSize", minimumSessionTokenSizeType),
}

// webIdentityRole is the answer of AssumeRoleWithWebIdentity, in the order of the STS API reference's sample.
type webIdentityRole struct {
	SubjectFromWebIdentityToken string
	Audience                    string
	AssumedRoleUser             assumedRoleUser
	Credentials                 sessionCredentials
	SourceIdentity              string `xml:",omitempty" json:",omitempty"`
	Provider                    string // ARN of the OIDC provider (spec/sts.md section 4.4)
	PackedPolicySize            *int   `xml:",omitempty" json:",omitempty"`
	tokenSize
}

// assumeRoleWithWebIdentity gives the bearer of an OpenID Connect token a session of a role. The checks come in this
// order, which is inferred: the model, the ARN's form, the policies, the region, the token (see verifyWebIdentity), the
// role's trust policy, and the duration.
func (s *Server) assumeRoleWithWebIdentity(r *request) (any, error) {
	role, err := s.federatedRole(r)
	if err != nil {
		return nil, err
	}
	if r.params.Has("ProviderId") {
		return nil, notEmulated("AssumeRoleWithWebIdentity", "ProviderId",
			"OAuth 2.0 access tokens are not verified. Pass an OpenID Connect token, and leave the parameter out.")
	}
	policies, err := sessionPolicies(r)
	if err != nil {
		return nil, err
	}
	if err := s.checkRegion(r, role.AccountID); err != nil {
		return nil, err
	}
	identity, err := s.verifyWebIdentity(r, role.AccountID)
	if err != nil {
		return nil, err
	}
	err = s.gate.Store.AuthorizeWebIdentity(identity.principal(), r.params.Get("RoleArn"), iam.AssumeRoleContext{
		SessionName: r.params.Get("RoleSessionName"), SourceIdentity: identity.claims.SourceIdentity, Tags: identity.tags,
		Request: r.context(),
	})
	var answer any
	if err == nil {
		answer, err = s.issueWebIdentityRole(r, identity, iam.SessionOptions{Duration: duration(r.params, defaultSeconds), Policies: policies})
	}
	var denied *iam.AccessDeniedError
	if errors.As(err, &denied) || errors.Is(err, iam.ErrNotFound) { // the latter if the role was deleted since it was allowed
		return nil, notAuthorized("sts:AssumeRoleWithWebIdentity", fmt.Sprintf("%s of %s: ", identity.claims.Subject, identity.claims.Issuer), err)
	}
	return answer, err
}

// issueWebIdentityRole makes the session. The error is [iam.ErrNotFound] for a role that is gone.
func (s *Server) issueWebIdentityRole(r *request, identity webIdentity, o iam.SessionOptions) (any, error) {
	if err := s.checkDuration(r, r.params.Get("RoleArn"), o.Duration); err != nil {
		return nil, err
	}
	o.Tags, o.SourceIdentity, o.FederatedProvider = identity.tags, identity.claims.SourceIdentity, identity.provider
	o.MinimumTokenSize = awsmodel.Int(r.params, "MinimumSessionTokenSize", 0)
	credentials, session, err := s.gate.Store.IssueRoleSession(r.params.Get("RoleArn"), r.params.Get("RoleSessionName"), o)
	if err != nil {
		return nil, refuseIssue(err, o.Policies)
	}
	r.call.Principal = session.ARN
	return webIdentityRole{
		SubjectFromWebIdentityToken: identity.claims.Subject,
		Audience:                    identity.audience,
		AssumedRoleUser:             assumedRoleUser{session.ARN, session.UserID},
		Credentials:                 answerCredentials(credentials),
		SourceIdentity:              session.SourceIdentity,
		Provider:                    identity.provider,
		PackedPolicySize:            packedPolicySize(o.Tags, o.Policies),
		tokenSize:                   answerTokenSize(credentials),
	}, nil
}

// federatedRole is the role that an operation without a caller asks for. The text for an ARN that is not a role's is
// recorded (spec/sts.md section 2.2). That roles of another partition than the endpoint's get it too is inferred.
func (s *Server) federatedRole(r *request) (iam.ARN, error) {
	partition := s.gate.Store.Partition()
	role, ok := iam.ParseARN(r.params.Get("RoleArn"))
	if !ok || role.Service != "iam" || role.Region != "" || !strings.HasPrefix(role.Resource, "role/") ||
		role.Partition != partition || !r.endpoint.Direct && r.endpoint.Partition != partition {
		return iam.ARN{}, awsmodel.ValidationError("Request ARN is invalid")
	}
	return role, nil
}

// notAuthorized is AWS's answer to who is not trusted and has no ARN to be named by (spec/sts.md section 2.2), whatever
// the reason. who comes before the reason in the record.
func notAuthorized(action, who string, err error) error {
	_, reason := asAnswer(err)
	return &explained{
		&awsquery.Error{Status: http.StatusForbidden, Code: "AccessDenied", Message: "Not authorized to perform " + action},
		who + reason,
	}
}
