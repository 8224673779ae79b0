package iam

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// maxPolicyNameLength is of inline and managed policies (IAM API reference, PutRolePolicy and CreatePolicy).
const maxPolicyNameLength = 128

// InlinePolicy is a policy that belongs to one user or role. Name "" lets the store choose: policy-1, policy-2, …
type InlinePolicy struct {
	Name     string `json:"name"`
	Document Policy `json:"document"`
}

// UnmarshalJSON reads an inline policy, or a document alone, which is how they were saved before they had names.
func (p *InlinePolicy) UnmarshalJSON(data []byte) error {
	var named struct {
		Name     string          `json:"name"`
		Document json.RawMessage `json:"document"`
	}
	if err := json.Unmarshal(data, &named); err != nil {
		return err
	}
	if named.Document == nil {
		named.Document = data
	}
	p.Name = named.Name
	return json.Unmarshal(named.Document, &p.Document)
}

// nameInlinePolicies gives names to those without.
func nameInlinePolicies(policies []InlinePolicy) []InlinePolicy {
	out := slices.Clone(policies)
	for i := range out {
		for n := i + 1; out[i].Name == ""; n++ {
			name := fmt.Sprintf("policy-%d", n)
			if indexPolicy(out, name) < 0 {
				out[i].Name = name
			}
		}
	}
	return out
}

// indexPolicy finds a policy by its name. That the names do not distinguish case, as IAM's others do not, is inferred.
func indexPolicy(policies []InlinePolicy, name string) int {
	return slices.IndexFunc(policies, func(p InlinePolicy) bool { return strings.EqualFold(p.Name, name) })
}

func checkInlinePolicies(policies []InlinePolicy, ps *Problems) {
	for i, p := range policies {
		at := fmt.Sprintf("policy %d", i+1)
		if p.Name != "" {
			at = fmt.Sprintf("policy %q", p.Name)
			checkPolicyName(at, p.Name, ps)
		}
		if p.Name != "" && indexPolicy(policies, p.Name) != i {
			ps.add(at, "is there twice: names do not distinguish case")
		}
		if p.Document.IsZero() {
			ps.add(at, "empty")
			continue
		}
		ps.under(at, p.Document.checkIdentity())
	}
}

func checkPolicyName(at, name string, ps *Problems) {
	if name == "" || len(name) > maxPolicyNameLength || !isName(name) {
		ps.add(at, "name %q is not 1 to %d letters, digits or _+=,.@-", name, maxPolicyNameLength)
	}
}
