package stsfake

import (
	"strings"

	"github.com/eksemu/eksemu/sts-fake/awsmodel"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

var assumeRootModel = []awsmodel.Member{
	awsmodel.Required("TargetPrincipal", targetPrincipalType),
	awsmodel.Required("TaskPolicyArn", policyDescriptorType),
	awsmodel.Optional("DurationSeconds", rootDurationSecondsType),
	awsmodel.Optional("MinimumSessionTokenSize", minimumSessionTokenSizeType),
}

// assumeRoot refuses everybody: it is for the management account of an organization, and there are no organizations
// here. The text is that of other operations, which is inferred, as is the resource in it.
func (s *Server) assumeRoot(r *request) (any, error) {
	target := r.params.Get("TargetPrincipal")
	if !strings.HasPrefix(target, "arn:") {
		target = iam.RootARN(s.gate.Store.Partition(), target)
	}
	return nil, &iam.AccessDeniedError{
		Principal: r.caller.ARN, Action: "sts:AssumeRoot", Resource: target,
		Reason: "there are no organizations here, so that no account has centralized root access",
	}
}
