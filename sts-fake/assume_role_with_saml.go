package stsfake

import (
	"github.com/eksemu/eksemu/sts-fake/awsmodel"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

var assumeRoleWithSAMLModel = []awsmodel.Member{
	awsmodel.Required("RoleArn", arnType),
	awsmodel.Required("PrincipalArn", arnType),
	awsmodel.Required("SAMLAssertion", samlAssertionType),
	awsmodel.Optional("PolicyArns", policyDescriptorListType),
	awsmodel.Optional("Policy", sessionPolicyDocumentType),
	awsmodel.Optional("DurationSeconds", roleDurationSecondsType),
	awsmodel.Optional("MinimumSessionTokenSize", minimumSessionTokenSizeType),
}

// assumeRoleWithSAML refuses everybody, as AWS does who is not trusted: the store has no SAML providers, so that no
// role trusts one. The assertion is not looked at.
func (s *Server) assumeRoleWithSAML(r *request) (any, error) {
	role, err := s.federatedRole(r)
	if err != nil {
		return nil, err
	}
	if err := s.checkRegion(r, role.AccountID); err != nil {
		return nil, err
	}
	return nil, notAuthorized("sts:AssumeRoleWithSAML", "", &iam.AccessDeniedError{Reason: "there are no SAML providers here: use AssumeRoleWithWebIdentity"})
}
