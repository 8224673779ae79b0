package stsfake

import (
	"github.com/eksemu/eksemu/sts-fake/awsmodel"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

var getDelegatedAccessTokenModel = []awsmodel.Member{
	awsmodel.Required("TradeInToken", tradeInTokenType),
}

// getDelegatedAccessToken refuses everybody: nobody here issues trade-in tokens. Text and resource are inferred.
func (s *Server) getDelegatedAccessToken(r *request) (any, error) {
	return nil, &iam.AccessDeniedError{
		Principal: r.caller.ARN, Action: "sts:GetDelegatedAccessToken", Resource: "*",
		Reason: "nothing here issues trade-in tokens",
	}
}
