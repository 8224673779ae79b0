package iam

import (
	"fmt"
	"strings"
)

// AccessDeniedError is an action that policies do not allow.
type AccessDeniedError struct {
	Principal string // caller's ARN; the OIDC provider's for a web identity
	Action    string // "sts:AssumeRole", "sts:TagSession", …
	Resource  string // ARN as sent
	Root      bool   // refused because the caller is a root user, who may assume no role whatever policies say
	Explicit  bool   // a policy denies it, as opposed to none allowing it
	Reason    string // what decided; AWS does not tell its callers
}

func (e *AccessDeniedError) Error() string {
	return fmt.Sprintf("%s may not %s on %s: %s", e.Principal, e.Action, e.Resource, e.Reason)
}

// Authorize decides whether a caller may do something that no policy of the resource has a say in: its identity
// policies must allow it, its session policies too if it has any, and neither may deny it. Root users may do everything,
// within the session policies of their federated users. The error is an *[AccessDeniedError].
//
// Some sessions are refused whatever policies say (spec/sts.md section 4.4): of STS, one of GetSessionToken may call
// only AssumeRole and GetCallerIdentity, and a federated user only GetCallerIdentity; of IAM, the one needs MFA, and the
// other may call nothing.
func (s *Store) Authorize(c Caller, action, resource string, req RequestContext) error {
	denied := &AccessDeniedError{Principal: c.ARN, Action: action, Resource: resource}
	if denied.Reason = restriction(c, action); denied.Reason != "" {
		return denied
	}
	keys := s.requestKeys(req)
	keys.setCaller(c, s.now())
	v := s.read().ask(c, question{action, resource, keys})
	switch {
	case v.denied != "":
		denied.Reason, denied.Explicit = v.denied, true
	case !v.session:
		denied.Reason = "no session policy of the caller allows it"
	case !v.identity:
		denied.Reason = "no identity policy of the caller allows it"
	default:
		return nil
	}
	return denied
}

// restriction is why a kind of session may never do something, or "".
func restriction(c Caller, action string) string {
	service, operation, _ := strings.Cut(strings.ToLower(action), ":")
	own := c.Temporary && (c.Type == CallerUser || c.Type == CallerRoot)
	sts := service == "sts" && operation != "getcalleridentity"
	switch {
	case c.Type == CallerFederatedUser && sts:
		return "federated users may call only GetCallerIdentity of STS"
	case c.Type == CallerFederatedUser && service == "iam":
		return "federated users may call nothing of IAM"
	case own && sts && operation != "assumerole":
		return "sessions of GetSessionToken may call only AssumeRole and GetCallerIdentity of STS"
	case own && service == "iam" && !c.MFA:
		return "sessions of GetSessionToken may call IAM only if they were made with MFA"
	}
	return ""
}
