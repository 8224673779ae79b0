package stsfake

import (
	"github.com/eksemu/eksemu/sts-fake/awsmodel"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

var getFederationTokenModel = []awsmodel.Member{
	awsmodel.Required("Name", userNameType),
	awsmodel.Optional("Policy", sessionPolicyDocumentType),
	awsmodel.Optional("PolicyArns", policyDescriptorListType),
	awsmodel.Optional("DurationSeconds", durationSecondsType),
	awsmodel.Optional("Tags", tagListType),
	awsmodel.Optional("MinimumSessionTokenSize", minimumSessionTokenSizeType),
}

// federationToken is the answer of GetFederationToken, in the order of the STS API reference's sample.
type federationToken struct {
	Credentials      sessionCredentials
	FederatedUser    federatedUser
	PackedPolicySize int // 0 in a recorded answer to a request without policies and tags (spec/sts.md section 4.3)
	tokenSize
}

type federatedUser struct {
	Arn             string
	FederatedUserID string `xml:"FederatedUserId" json:"FederatedUserId"`
}

// getFederationToken gives a user, or the root user, a session for somebody else, who may do what both the user's
// policies and the session's allow. It needs permission for sts:GetFederationToken, and for sts:TagSession if there are
// tags (IAM User Guide, id_credentials_temp_control-access_enable-create and id_session-tags). That it is refused in the
// words of AssumeRole is inferred.
func (s *Server) getFederationToken(r *request) (any, error) {
	if err := refuseTemporary(r); err != nil {
		return nil, err
	}
	policies, err := sessionPolicies(r)
	if err != nil {
		return nil, err
	}
	tags, err := requestedTags(r, nil)
	if err != nil {
		return nil, err
	}
	if err := s.checkRegion(r, r.caller.AccountID); err != nil {
		return nil, err
	}
	name := r.params.Get("Name")
	resource := iam.FederatedUserARN(s.gate.Store.Partition(), r.caller.AccountID, name)
	if err := s.authorizeFederation(r, resource, tags); err != nil {
		return nil, err
	}
	credentials, session, err := s.gate.Store.IssueFederatedSession(r.caller, name, iam.SessionOptions{
		Duration: duration(r.params, defaultUserSeconds), Tags: tags, Policies: policies,
		MinimumTokenSize: awsmodel.Int(r.params, "MinimumSessionTokenSize", 0),
	})
	if err != nil {
		return nil, refuseIssue(err, policies)
	}
	return federationToken{
		Credentials:      answerCredentials(credentials),
		FederatedUser:    federatedUser{session.ARN, session.UserID},
		PackedPolicySize: iam.PackedPercent(tags, policies),
		tokenSize:        answerTokenSize(credentials),
	}, nil
}

func (s *Server) authorizeFederation(r *request, resource string, tags []iam.Tag) error {
	context := r.context()
	context.Tags = tags
	if err := s.gate.Store.Authorize(r.caller, "sts:GetFederationToken", resource, context, nil); err != nil || len(tags) == 0 {
		return err
	}
	return s.gate.Store.Authorize(r.caller, "sts:TagSession", resource, context, nil)
}
