package eks

// eksService is who assumes the role of a cluster, ec2Service who assumes those of nodes.
const (
	eksService = "eks.amazonaws.com"
	ec2Service = "ec2.amazonaws.com"
)

// checkClusterRole refuses a role that EKS could not use: one of another account (measured: cdk-preflight rule
// pf-eks-cluster-role-arn-account), one that the caller may not pass, and one that does not exist or does not trust EKS
// (github.com/terraform-aws-modules/terraform-aws-eks issue 2406).
func (s *Server) checkClusterRole(r *request, arn string) error {
	role, ok := parsePrincipal(arn)
	if ok && role.accountID != r.scope.AccountID {
		return plain("AccessDeniedException", "Cross-account pass role is not allowed.")
	}
	if err := s.mayPass(r, arn, eksService); err != nil {
		return err
	}
	found, err := s.gate.Store.Role(arn)
	if err != nil || !found.TrustPolicy.TrustsService(eksService) {
		return invalidParameter("Role with arn: %s, could not be assumed because it does not exist or the trusted entity is not correct", arn)
	}
	return nil
}
