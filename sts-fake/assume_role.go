package stsfake

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/eksemu/eksemu/sts-fake/awsmodel"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

var assumeRoleModel = []awsmodel.Member{
	awsmodel.Required("RoleArn", arnType),
	awsmodel.Required("RoleSessionName", roleSessionNameType),
	awsmodel.Optional("PolicyArns", policyDescriptorListType),
	awsmodel.Optional("Policy", sessionPolicyDocumentType),
	awsmodel.Optional("DurationSeconds", roleDurationSecondsType),
	awsmodel.Optional("Tags", tagListType),
	awsmodel.Optional("TransitiveTagKeys", tagKeyListType),
	awsmodel.Optional("ExternalId", externalIDType),
	awsmodel.Optional("SerialNumber", serialNumberType),
	awsmodel.Optional("TokenCode", tokenCodeType),
	awsmodel.Optional("SourceIdentity", sourceIdentityType),
	awsmodel.Optional("ProvidedContexts", providedContextsListType),
	awsmodel.Optional("MinimumSessionTokenSize", minimumSessionTokenSizeType),
}

// chainedSessionLimit is the longest session of a role that session credentials assume (spec/sts.md section 4.3).
const chainedSessionLimit = time.Hour

// assumedRole is the answer of AssumeRole, in the order of the STS API reference's sample.
type assumedRole struct {
	SourceIdentity   string `xml:",omitempty" json:",omitempty"`
	AssumedRoleUser  assumedRoleUser
	Credentials      sessionCredentials
	PackedPolicySize *int `xml:",omitempty" json:",omitempty"`
	tokenSize
}

// assumeRole gives a caller a session of a role. The checks come in this order: the model, the ARN's form, policies
// and tags that are wrong in themselves, the region, the MFA device, permission, and the duration (chaining before the
// role's own limit). Beyond the model coming first, that order is inferred; permission must come before the role's
// limit so that nobody learns that a role exists.
func (s *Server) assumeRole(r *request) (any, error) {
	roleARN := r.params.Get("RoleArn")
	role, ok := iam.ParseARN(roleARN)
	if !ok {
		return nil, awsmodel.ValidationError(roleARN + " is invalid")
	}
	if r.params.Has("ProvidedContexts") {
		return nil, notEmulated("AssumeRole", "ProvidedContexts", "nothing here issues context assertions. Leave the parameter out.")
	}
	policies, err := sessionPolicies(r)
	if err != nil {
		return nil, err
	}
	tags, err := requestedTags(r, r.params.Strings("TransitiveTagKeys.member"))
	if err != nil {
		return nil, err
	}
	if err := s.checkRegion(r, role.AccountID); err != nil {
		return nil, err
	}
	if err := s.authorizeAssumeRole(r, roleARN, tags); err != nil {
		return nil, err
	}
	answer, err := s.issueAssumedRole(r, iam.SessionOptions{Duration: duration(r.params, defaultSeconds), Tags: tags, Policies: policies})
	if errors.Is(err, iam.ErrNotFound) { // deleted since it was allowed
		return nil, &iam.AccessDeniedError{Principal: r.caller.ARN, Action: "sts:AssumeRole", Resource: roleARN, Reason: err.Error()}
	}
	return answer, err
}

func (s *Server) authorizeAssumeRole(r *request, roleARN string, tags []iam.Tag) error {
	device, err := s.verifyMFA(r)
	if err != nil {
		return err
	}
	return s.gate.Store.AuthorizeAssumeRole(r.caller, roleARN, iam.AssumeRoleContext{
		SessionName: r.params.Get("RoleSessionName"), ExternalID: r.params.Get("ExternalId"),
		SourceIdentity: r.params.Get("SourceIdentity"), Tags: tags, MFAAuthenticated: device,
		Request: r.context(),
	})
}

// checkDuration holds a session's duration against what chaining and the role allow. The credentials of GetSessionToken
// count as a chain, as a record shows (spec/sts.md section 4.3).
func (s *Server) checkDuration(r *request, roleARN string, lasts time.Duration) error {
	if r.caller.Temporary && lasts > chainedSessionLimit {
		return awsmodel.ValidationError("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	}
	role, err := s.gate.Store.Role(roleARN)
	if err != nil {
		return fmt.Errorf("assume a role: %w", err)
	}
	if lasts > role.MaxSessionDuration {
		return awsmodel.ValidationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	return nil
}

// issueAssumedRole makes the session. Transitive tags and the source identity of the caller's session pass on to it. The
// error is [iam.ErrNotFound] for a role that is gone.
func (s *Server) issueAssumedRole(r *request, o iam.SessionOptions) (any, error) {
	if err := s.checkDuration(r, r.params.Get("RoleArn"), o.Duration); err != nil {
		return nil, err
	}
	packed := packedPolicySize(o.Tags, o.Policies)
	o.Tags = slices.Concat(o.Tags, iam.TransitiveTags(r.caller))
	o.SourceIdentity = cmp.Or(r.params.Get("SourceIdentity"), r.caller.SourceIdentity)
	o.MinimumTokenSize = awsmodel.Int(r.params, "MinimumSessionTokenSize", 0)
	credentials, session, err := s.gate.Store.IssueRoleSession(r.params.Get("RoleArn"), r.params.Get("RoleSessionName"), o)
	if err != nil {
		return nil, refuseIssue(err, o.Policies)
	}
	return assumedRole{
		SourceIdentity:   session.SourceIdentity,
		AssumedRoleUser:  assumedRoleUser{session.ARN, session.UserID},
		Credentials:      answerCredentials(credentials),
		PackedPolicySize: packed,
		tokenSize:        answerTokenSize(credentials),
	}, nil
}
