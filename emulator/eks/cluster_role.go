package eks

import (
	"encoding/json"
	"path"
	"strings"

	"github.com/eksemu/eksemu/sts-fake/iam"
)

// eksService is who assumes the role of a cluster.
const eksService = "eks.amazonaws.com"

// checkClusterRole refuses a role that EKS could not use: one of another account (measured: cdk-preflight rule
// pf-eks-cluster-role-arn-account), one that the caller may not pass, and one that does not exist or does not trust EKS
// (github.com/terraform-aws-modules/terraform-aws-eks issue 2406).
func (s *Server) checkClusterRole(r *request, arn string) error {
	role, ok := parsePrincipal(arn)
	if ok && role.accountID != r.scope.AccountID {
		return plain("AccessDeniedException", "Cross-account pass role is not allowed.")
	}
	if err := s.mayPass(r, arn); err != nil {
		return err
	}
	found, err := s.gate.Store.Role(arn)
	if err != nil || !trusts(found.TrustPolicy, eksService) {
		return invalidParameter("Role with arn: %s, could not be assumed because it does not exist or the trusted entity is not correct", arn)
	}
	return nil
}

// trusts says whether a trust policy lets a service assume its role. Conditions count as met: which keys a service's
// request has is not known.
func trusts(policy iam.Policy, service string) bool {
	raw, err := json.Marshal(policy)
	if err != nil {
		return false
	}
	var document struct {
		Statement []struct {
			Effect    string
			Principal any
			Action    []string
		}
	}
	if json.Unmarshal(raw, &document) != nil {
		return false
	}
	allowed := false
	for _, statement := range document.Statement {
		if !namesService(statement.Principal, service) || !coversAssumeRole(statement.Action) {
			continue
		}
		if statement.Effect == "Deny" {
			return false
		}
		allowed = true
	}
	return allowed
}

// namesService says whether a Principal element, as [iam.Policy] writes it, names a service.
func namesService(principal any, service string) bool {
	kinds, ok := principal.(map[string]any)
	if !ok {
		return false // "*" is everybody with an ARN: services are not among them
	}
	names, _ := kinds["Service"].([]any)
	for _, name := range names {
		if name == service {
			return true
		}
	}
	return false
}

func coversAssumeRole(actions []string) bool {
	for _, action := range actions {
		if ok, err := path.Match(strings.ToLower(action), "sts:assumerole"); ok && err == nil {
			return true
		}
	}
	return false
}
