package iam

import (
	"slices"
	"strings"
)

// principals reads a Principal element: "*", or an object with AWS, Service, Federated and CanonicalUser.
func (p *policyParser) principals(value any, at string) *principals {
	out := &principals{}
	if value == "*" {
		out.anyone = true
		return out
	}
	o, ok := value.(object)
	if !ok || len(o) == 0 {
		p.problems.add(at, `must be "*" or an object with AWS, Service, Federated or CanonicalUser`)
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
			p.each(out.service, here, isDomain, `is no service principal: write its domain name, as in "ec2.amazonaws.com"`)
		case "Federated":
			out.federated = p.texts(m.value, here)
			p.each(out.federated, here, isProvider, "is no identity provider: write the ARN of an OIDC or SAML provider, or a domain name as in \"cognito-identity.amazonaws.com\"")
		case "CanonicalUser":
			out.canonical = p.texts(m.value, here)
			p.each(out.canonical, here, isCanonicalUser, "is no canonical user ID: it has 64 hexadecimal digits")
		default:
			p.unknown(at, m.key, "AWS, Service, Federated, CanonicalUser below Principal")
		}
	}
	return out
}

// each reports the names that are not valid.
func (p *policyParser) each(names []string, at string, valid func(string) bool, problem string) {
	for _, name := range names {
		if name != "" && !valid(name) { // an empty one has been reported
			p.problems.add(at, "%q %s", name, problem)
		}
	}
}

// isProvider is what IAM takes below Federated: it says of others that they "must be valid domain names or SAML
// metadata ARNs". ARNs of OIDC providers are as good. Whether the provider exists is not asked: inferred.
func isProvider(name string) bool {
	arn, ok := ParseARN(name)
	if !ok {
		return isDomain(name)
	}
	kind, provider, _ := strings.Cut(arn.Resource, "/")
	known := kind == "oidc-provider" || kind == "saml-provider"
	return arn.Service == "iam" && arn.Region == "" && isAccountID(arn.AccountID) && known && provider != "" && !strings.ContainsAny(name, "*?")
}

// isDomain says whether s has the form of a domain name of at least two labels.
func isDomain(s string) bool {
	labels := strings.Split(s, ".")
	return len(labels) > 1 && !slices.ContainsFunc(labels, func(label string) bool {
		return label == "" || !onlyBytes(label, func(c byte) bool { return isDigit(c) || c == '-' || 'a' <= c|0x20 && c|0x20 <= 'z' })
	})
}

func isCanonicalUser(s string) bool { return len(s) == 64 && onlyBytes(s, isHex) }

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

// grant is how a trust policy's Principal element covers whoever asks.
type grant int

const (
	grantNone      grant = iota
	grantAccount         // names the caller's account, which leaves the decision to the account's own policies
	grantPrincipal       // names the user, role or identity provider, or anyone
	grantSession         // names the session itself, which session policies then do not bound
)

// subject is who asks to assume a role, as a Principal element sees it: a caller of AWS, or a web identity.
type subject struct {
	accountID   string
	principalID string
	sessionARN  string
	provider    string // ARN of the OIDC provider of a web identity
}

func (c Caller) subject() subject {
	out := subject{accountID: c.AccountID, principalID: c.PrincipalID}
	if c.Type == CallerAssumedRole || c.Type == CallerFederatedUser {
		out.sessionARN = c.ARN
	}
	return out
}

// covers finds how the element names whoever asks. The element's users and roles are unique IDs by now.
//
// That "*" grants directly, as naming the principal does, is inferred from how resource policies work in
// general, and so is that it covers web identities. NotPrincipal covers everyone whom none of its entries names; AWS's
// finer rules for it (a session's role and account must be listed as well) are not modelled. Nobody who can assume a
// role here is a service or has a canonical user ID.
func (ps *principals) covers(who subject) grant {
	found := ps.names(who)
	if !ps.not {
		return found
	}
	if found == grantNone {
		return grantPrincipal
	}
	return grantNone
}

func (ps *principals) names(who subject) grant {
	switch {
	case who.provider != "" && slices.Contains(ps.federated, who.provider):
		return grantPrincipal
	case who.sessionARN != "" && slices.Contains(ps.aws, who.sessionARN):
		return grantSession
	case ps.anyone, who.principalID != "" && slices.Contains(ps.aws, who.principalID):
		return grantPrincipal
	case slices.ContainsFunc(ps.aws, func(name string) bool { return namesAccount(name, who.accountID) }):
		return grantAccount
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
