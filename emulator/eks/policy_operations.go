package eks

import (
	"slices"
	"strings"

	"github.com/eksemu/eksemu/emulator/access"
)

// checkPolicyARN refuses what has not the form of an access policy's ARN, such as an IAM policy's (measured). What EKS does
// not know by that name is another matter, an ARN with a part too few included (spec/eks.md section 3.5).
func checkPolicyARN(arn string) error {
	if parts := strings.SplitN(arn, ":", 4); len(parts) < 4 || parts[0] != "arn" || parts[2] != "eks" {
		return invalidParameter("The policyArn parameter format is not valid")
	}
	return nil
}

// policyNotFound is measured for policies that EKS does not have, those of another partition included.
func policyNotFound() *exception {
	return refuse("ResourceNotFoundException", "The specified policyArn could not be found. You can view your available access policies with 'list-access-policies'")
}

// policy finds an associated policy: its place, and whether there is one.
func (e *SavedEntry) policy(arn string) (int, bool) {
	return slices.BinarySearchFunc(e.Policies, arn, func(p AssociatedAccessPolicy, arn string) int { return strings.Compare(p.PolicyARN, arn) })
}

// accessPolicy is an access policy as ListAccessPolicies shows it.
type accessPolicy struct {
	Name string `json:"name"`
	ARN  string `json:"arn"`
}

// listAccessPolicies answers ListAccessPolicies.
func (s *Server) listAccessPolicies(r *request) (any, error) {
	if err := s.authorize(r, "*", nil); err != nil {
		return nil, err
	}
	var policies []accessPolicy
	for _, policy := range access.Policies() {
		policies = append(policies, accessPolicy{policy.Name, policy.ARN(s.gate.Store.Partition())})
	}
	found, err := paginate(r, policies, func(p accessPolicy) string { return p.Name })
	if err != nil {
		return nil, err
	}
	return struct {
		AccessPolicies []accessPolicy `json:"accessPolicies"`
		NextToken      *string        `json:"nextToken"`
	}{found.items, found.next}, nil
}

// listAssociatedAccessPolicies answers ListAssociatedAccessPolicies.
func (s *Server) listAssociatedAccessPolicies(r *request) (any, error) {
	entry, err := s.findEntry(r)
	if err != nil {
		return nil, err
	}
	found, err := paginate(r, entry.Policies, func(p AssociatedAccessPolicy) string { return p.PolicyARN })
	if err != nil {
		return nil, err
	}
	return struct {
		ClusterName  string                   `json:"clusterName"`
		PrincipalARN string                   `json:"principalArn"`
		NextToken    *string                  `json:"nextToken"`
		Policies     []AssociatedAccessPolicy `json:"associatedAccessPolicies"`
	}{entry.AccessEntry.ClusterName, entry.AccessEntry.PrincipalARN, found.next, found.items}, nil
}

type associateInput struct {
	PolicyARN   *string     `json:"policyArn"`
	AccessScope *scopeInput `json:"accessScope"`
}

type scopeInput struct {
	Type       *access.ScopeType `json:"type"`
	Namespaces []string          `json:"namespaces"`
}

func (in associateInput) keys() conditionKeys {
	keys := conditionKeys{}.text("eks:policyArn", in.PolicyARN)
	if in.AccessScope != nil {
		keys.list("eks:namespaces", in.AccessScope.Namespaces)
		if in.AccessScope.Type != nil {
			keys["eks:accessScope"] = []string{string(*in.AccessScope.Type)}
		}
	}
	return keys
}

// check refuses what the request alone says. That this comes before the cluster is looked up, as in CreateAccessEntry, is
// inferred.
func (in associateInput) check() error {
	switch {
	case in.PolicyARN == nil:
		return missing("policyArn")
	case in.AccessScope == nil:
		return missing("accessScope")
	}
	if err := checkPolicyARN(*in.PolicyARN); err != nil {
		return err
	}
	return in.AccessScope.check()
}

// check holds the rules of scopes (measured; the text about the type is ours).
func (in scopeInput) check() error {
	kind := access.ScopeType("")
	if in.Type != nil {
		kind = *in.Type
	}
	switch {
	case kind != access.ScopeCluster && kind != access.ScopeNamespace:
		return notOneOf("accessScope.type", []string{string(access.ScopeCluster), string(access.ScopeNamespace)})
	case kind == access.ScopeCluster && len(in.Namespaces) > 0:
		return invalidParameter("accessScope should not include namespaces if the type is not set as namespace")
	case kind == access.ScopeNamespace && len(in.Namespaces) == 0:
		return invalidParameter("At least 1 namespace must be provided if the type is set as namespace")
	}
	return nil
}

// associateAccessPolicy answers AssociateAccessPolicy. A policy that the entry has already gets the new scope (user
// guide, "Associate access policies with access entries").
func (s *Server) associateAccessPolicy(r *request) (any, error) {
	var in associateInput
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	answer := struct {
		ClusterName  string                 `json:"clusterName"`
		PrincipalARN string                 `json:"principalArn"`
		Policy       AssociatedAccessPolicy `json:"associatedAccessPolicy"`
	}{ClusterName: r.variable("name"), PrincipalARN: r.variable("principalArn")}
	err := s.editEntry(r, in.keys(), in.check, func(c *SavedCluster, entry *SavedEntry) error {
		// EC2 is the one type for nodes that takes policies (github.com/terraform-aws-modules/terraform-aws-eks issue 3274).
		if kind := entry.AccessEntry.Type; kind != TypeStandard && kind != TypeEC2 {
			return standardOnly()
		}
		policy, err := findPolicy(s.gate.Store.Partition(), *in.PolicyARN)
		if err != nil {
			return err
		}
		if policy.Rules == nil {
			r.call.Reason = policy.Name + ": its rules are documented in prose only: it allows nothing here"
		}
		scope := access.Scope{Type: *in.AccessScope.Type, Namespaces: append([]string{}, in.AccessScope.Namespaces...)}
		answer.Policy = entry.associate(*in.PolicyARN, scope, r.now)
		c.put(entry)
		return nil
	})
	return &answer, err
}

// findPolicy finds an access policy of a partition. Those for service-linked roles cannot be used with roles
// of customers (user guide, "Review access policy permissions"); the text of that refusal is ours.
func findPolicy(partition, arn string) (access.Policy, error) {
	policy, ok := access.Find(partition, arn)
	if !ok {
		return access.Policy{}, policyNotFound()
	}
	if policy.ServiceLinked {
		return access.Policy{}, invalidParameter("The specified policyArn is designated for AWS service-linked roles only")
	}
	return policy, nil
}

// associate gives a copy of an entry a policy, or the policy another scope.
func (e *SavedEntry) associate(policyARN string, scope access.Scope, now Timestamp) AssociatedAccessPolicy {
	associated := AssociatedAccessPolicy{PolicyARN: policyARN, Scope: scope, AssociatedAt: now, ModifiedAt: now}
	at, found := e.policy(policyARN)
	end := at
	if found {
		associated.AssociatedAt = e.Policies[at].AssociatedAt
		end++
	}
	e.Policies = slices.Concat(e.Policies[:at], []AssociatedAccessPolicy{associated}, e.Policies[end:])
	return associated
}

// disassociateAccessPolicy answers DisassociateAccessPolicy. The answer for a policy that the entry does not have is
// inferred: that for one that there is not at all.
func (s *Server) disassociateAccessPolicy(r *request) (any, error) {
	policy := r.variable("policyArn")
	check := func() error { return checkPolicyARN(policy) }
	return nothing{}, s.editEntry(r, s.associatedKeys(r, policy), check, func(c *SavedCluster, entry *SavedEntry) error {
		at, found := entry.policy(policy)
		if !found {
			return policyNotFound()
		}
		entry.Policies = slices.Concat(entry.Policies[:at], entry.Policies[at+1:])
		c.put(entry)
		return nil
	})
}

// associatedKeys are the condition keys of a policy that an entry has. The scope is that of the association.
func (s *Server) associatedKeys(r *request, policyARN string) conditionKeys {
	in := associateInput{PolicyARN: &policyARN}
	if c := s.clusters.read()[r.scope][r.variable("name")]; c != nil {
		if at, found := c.entry(r.variable("principalArn")); found {
			if i, found := c.Entries[at].policy(policyARN); found {
				scope := c.Entries[at].Policies[i].Scope
				in.AccessScope = &scopeInput{Type: &scope.Type, Namespaces: scope.Namespaces}
			}
		}
	}
	return in.keys()
}
