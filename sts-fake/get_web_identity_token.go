package stsfake

import (
	"github.com/eksemu/eksemu/sts-fake/awsmodel"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

var getWebIdentityTokenModel = []awsmodel.Member{
	awsmodel.Required("Audience", webIdentityTokenAudiences),
	awsmodel.Optional("DurationSeconds", webIdentityTokenDuration),
	awsmodel.Required("SigningAlgorithm", jwtAlgorithmType),
	awsmodel.Optional("Tags", tagListType),
}

// getWebIdentityToken refuses everybody: this fake AWS is no identity provider. AWS would say
// OutboundWebIdentityFederationDisabledException to an account that has not switched it on, in words that are not on
// record; this is the refusal for want of permission, whose resource is inferred.
func (s *Server) getWebIdentityToken(r *request) (any, error) {
	return nil, &iam.AccessDeniedError{
		Principal: r.caller.ARN, Action: "sts:GetWebIdentityToken", Resource: "*",
		Reason: "outbound web identity federation is not emulated",
	}
}
