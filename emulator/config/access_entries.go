package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eksemu/eksemu/emulator/access"
	"github.com/eksemu/eksemu/emulator/eks"
	"github.com/eksemu/eksemu/emulator/strictyaml"
)

// AccessEntry is an access entry that a cluster starts with: what CreateAccessEntry and AssociateAccessPolicy would make.
type AccessEntry struct {
	Principal        string            `yaml:"principal"` // name of a user or role, or its ARN
	Type             string            `yaml:"type,omitempty"`
	Username         string            `yaml:"username,omitempty"` // EKS's if left out
	KubernetesGroups []string          `yaml:"kubernetesGroups,omitempty"`
	Tags             map[string]string `yaml:"tags,omitempty"`
	AccessPolicies   []AccessPolicy    `yaml:"accessPolicies,omitempty"`
}

// AccessPolicy is an access policy of an access entry.
type AccessPolicy struct {
	Policy     string   `yaml:"policy"`               // its name or ARN
	Namespaces []string `yaml:"namespaces,omitempty"` // where it counts, wildcards allowed; the whole cluster if left out
}

// InitialEntries are the access entries of a cluster of the environment, without the unique IDs of the principals.
func (e *Environment) InitialEntries(c Cluster) []eks.EntrySpec {
	var specs []eks.EntrySpec
	for _, entry := range c.AccessEntries {
		specs = append(specs, e.entrySpec(entry))
	}
	return specs
}

func (e *Environment) entrySpec(entry AccessEntry) eks.EntrySpec {
	spec := eks.EntrySpec{
		PrincipalARN: e.principalARN(entry.Principal), Type: eks.AccessEntryType(entry.Type), Username: entry.Username,
		KubernetesGroups: entry.KubernetesGroups, Tags: entry.Tags,
	}
	for _, policy := range entry.AccessPolicies {
		spec.Policies = append(spec.Policies, e.policySpec(policy))
	}
	return spec
}

func (e *Environment) policySpec(policy AccessPolicy) eks.PolicySpec {
	spec := eks.PolicySpec{PolicyARN: policy.Policy, Scope: access.Scope{Type: access.ScopeCluster}}
	if !isARN(policy.Policy) {
		spec.PolicyARN = access.Policy{Name: policy.Policy}.ARN(e.Partition())
	}
	if len(policy.Namespaces) > 0 {
		spec.Scope = access.Scope{Type: access.ScopeNamespace, Namespaces: policy.Namespaces}
	}
	return spec
}

func isARN(text string) bool { return strings.HasPrefix(text, "arn:") }

// principalARN is the ARN of a user or role by its name or ARN.
func (e *Environment) principalARN(principal string) string {
	if identity, ok := e.Identity(principal); ok {
		return identity.ARN
	}
	return principal
}

// accessEntries checks access entries by the rules of the EKS API.
func (v *validator) accessEntries(env *Environment, cluster *Cluster, at []any) {
	if cluster.AuthenticationMode == AuthenticationModeConfigMap {
		v.onlyConfigMap(cluster, at)
		return
	}
	taken := map[string]int{}
	if creator, ok := env.Identity(cluster.Creator); ok && cluster.CreatorIsAdmin() {
		taken[creator.ARN] = v.doc.Line(v.at(sub(at, "creator"))...)
	}
	for i, entry := range cluster.AccessEntries {
		path := sub(at, "accessEntries", i)
		if !v.entryPrincipal(env, entry.Principal, taken, sub(path, "principal")) {
			continue
		}
		v.entry(env, entry, path)
	}
}

// onlyConfigMap reports what does not go with the authentication mode CONFIG_MAP.
func (v *validator) onlyConfigMap(cluster *Cluster, at []any) {
	const fix = "set authenticationMode: API_AND_CONFIG_MAP, or remove this"
	if len(cluster.AccessEntries) > 0 {
		v.report(fix, "with authenticationMode CONFIG_MAP a cluster has no access entries", sub(at, "accessEntries")...)
	}
	if !cluster.CreatorIsAdmin() { // the words are EKS's (spec/eks.md section 3.5)
		v.report(fix, "bootstrapClusterCreatorAdminPermissions must be true if cluster authentication mode is set to CONFIG_MAP",
			sub(at, "bootstrapClusterCreatorAdminPermissions")...)
	}
}

// entryPrincipal checks whom an access entry is for, and tells whether that is somebody.
func (v *validator) entryPrincipal(env *Environment, principal string, taken map[string]int, at []any) bool {
	if !isARN(principal) {
		before := len(v.problems)
		v.reference(principal, []IdentityKind{KindUser, KindRole}, at...)
		if _, ok := env.Identity(principal); !ok || len(v.problems) > before {
			return false
		}
	} else if !slices.ContainsFunc(env.Identities(), func(i Identity) bool { return i.Kind != KindInstance && i.ARN == principal }) {
		v.report("write the name of a user or role, or the ARN of one, its path included", fmt.Sprintf("there is no user or role with the ARN %s", principal), at...)
		return false
	}
	arn := env.principalARN(principal)
	if line, twice := taken[arn]; twice {
		v.report("remove one", fmt.Sprintf("the principal of line %d has an access entry already", line), at...)
		return false
	}
	taken[arn] = v.doc.Line(v.at(at)...)
	return true
}

// entry checks an access entry and its policies.
func (v *validator) entry(env *Environment, entry AccessEntry, at []any) {
	const fix = "see the user guide of EKS, Grant IAM users access to Kubernetes with EKS access entries"
	alone := entry
	alone.AccessPolicies = nil
	if err := env.entrySpec(alone).Check(env.Partition(), env.Account); err != nil {
		v.report(fix, "access entry: "+err.Error(), at...)
		return
	}
	taken := map[string]int{}
	for i, policy := range entry.AccessPolicies {
		v.accessPolicy(env, alone, policy, taken, sub(at, "accessPolicies", i))
	}
}

// accessPolicy checks an access policy of an access entry. One that an entry has twice would have the scope of the last, as
// AssociateAccessPolicy replaces it, and no namespaces must not mean all of them.
func (v *validator) accessPolicy(env *Environment, entry AccessEntry, policy AccessPolicy, taken map[string]int, at []any) {
	named, listed := sub(at, "policy"), sub(at, "namespaces")
	entry.AccessPolicies = []AccessPolicy{policy}
	spec := env.entrySpec(entry)
	if err := spec.Check(env.Partition(), env.Account); err != nil {
		v.report(policyFix(policy.Policy), "access policy: "+err.Error(), named...)
		return
	}
	if len(policy.Namespaces) == 0 && (policy.Namespaces != nil || v.written(listed...)) { // the words are EKS's (spec/eks.md section 3.5)
		v.report("list some, or remove namespaces: the policy then counts in the whole cluster",
			"access policy: At least 1 namespace must be provided if the type is set as namespace", listed...)
	}
	arn := spec.Policies[0].PolicyARN
	if line, twice := taken[arn]; twice {
		v.report("remove one, or put the namespaces of both into one", fmt.Sprintf("the access entry has the policy of line %d already", line), named...)
		return
	}
	taken[arn] = v.doc.Line(v.at(named)...)
}

// policyFix says what may have been meant by the name of a policy.
func policyFix(name string) string {
	var names []string
	for _, policy := range access.Policies() {
		names = append(names, policy.Name)
	}
	if meant := strictyaml.Nearest(name, names); meant != "" && meant != name {
		return fmt.Sprintf("did you mean %q?", meant)
	}
	return "`aws eks list-access-policies` lists them"
}
