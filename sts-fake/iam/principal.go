package iam

import (
	"slices"
	"strings"
)

// principals reads a Principal element: "*", or an object with AWS, Service and Federated.
func (p *policyParser) principals(value any, at string) *principals {
	out := &principals{}
	if value == "*" {
		out.anyone = true
		return out
	}
	o, ok := value.(object)
	if !ok || len(o) == 0 {
		p.problems.add(at, `must be "*" or an object with AWS, Service or Federated`)
		return out
	}
	for _, m := range o {
		here := at + "." + m.key
		switch m.key {
		case "AWS":
			for _, name := range p.texts(m.value, here) {
				p.awsPrincipal(out, name, here)
			}
		case "Service":
			out.service = p.texts(m.value, here)
		case "Federated":
			out.federated = p.texts(m.value, here)
		default:
			p.unknown(at, m.key, "AWS, Service, Federated below Principal")
		}
	}
	return out
}

func (p *policyParser) awsPrincipal(out *principals, name, at string) {
	switch {
	case name == "*":
		out.anyone = true
		return
	case isAccountID(name), isUniqueID(name), isPrincipalARN(name):
	case strings.ContainsAny(name, "*?"):
		p.problems.add(at, `%q has a wildcard: a principal is named in full, or is "*" with a condition on aws:PrincipalArn`, name)
	default:
		p.problems.add(at, "%q is no principal: write an account ID, or the ARN of an account's root, a user, a role or a session", name)
	}
	out.aws = append(out.aws, name)
}

// isPrincipalARN says whether s has the form of an ARN that a trust policy may name.
func isPrincipalARN(s string) bool {
	arn, ok := ParseARN(s)
	if !ok || arn.Region != "" || !isAccountID(arn.AccountID) || strings.ContainsAny(s, "*?") {
		return false
	}
	kind, name, _ := strings.Cut(arn.Resource, "/")
	switch arn.Service {
	case "iam":
		return arn.Resource == "root" || (kind == "user" || kind == "role") && name != ""
	case "sts":
		return (kind == "assumed-role" || kind == "federated-user") && name != ""
	}
	return false
}

// lasting says whether a principal in a policy is saved by its unique ID: users and roles are, accounts and
// sessions are not.
func lasting(name string) bool {
	arn, ok := ParseARN(name)
	return ok && arn.Service == "iam" && arn.Resource != "root"
}

// grant is how a trust policy's Principal element covers a caller.
type grant int

const (
	grantNone    grant = iota
	grantAccount       // names the caller's account, which leaves the decision to the account's own policies
	grantDirect        // names the caller itself, or anyone
)

// covers finds how the element names a caller. The element's users and roles are unique IDs by now.
//
// That "*" grants directly, as naming the principal does, is inferred from how resource policies work in
// general. NotPrincipal covers every caller that none of its entries names; AWS's finer rules for it (a
// session's role and account must be listed as well) are not modelled.
func (ps *principals) covers(c Caller) grant {
	found := grantNone
	switch {
	case ps.anyone, slices.Contains(ps.aws, c.PrincipalID), slices.Contains(ps.aws, c.ARN):
		found = grantDirect
	case slices.ContainsFunc(ps.aws, func(name string) bool { return namesAccount(name, c.AccountID) }):
		found = grantAccount
	}
	if !ps.not {
		return found
	}
	if found == grantNone {
		return grantDirect
	}
	return grantNone
}

func namesAccount(name, accountID string) bool {
	if name == accountID {
		return true
	}
	arn, ok := ParseARN(name)
	return ok && arn.Service == "iam" && arn.Resource == "root" && arn.AccountID == accountID
}
