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
	Session   bool   // a session policy decided, and not an identity policy
	Kind      bool   // refused because of the kind of the caller's session, whatever policies say
	Reason    string // what decided; AWS does not tell its callers
}

func (e *AccessDeniedError) Error() string {
	return fmt.Sprintf("%s may not %s on %s: %s", e.Principal, e.Action, e.Resource, e.Reason)
}

// Message is the refusal in AWS's words, of the services that say which kind of policy decided: EKS, IAM and most
// others. STS does not. The endings about identity policies are recorded (aws-cdk#27067 and terraform-aws-eks#2517,
// of IAM), those about session policies documented (IAM User Guide, troubleshoot_access-denied). That a session whose
// kind may not do something is told without an ending is inferred.
func (e *AccessDeniedError) Message() string {
	policy := "identity-based policy"
	if e.Session {
		policy = "session policy"
	}
	ending := " because no " + policy + " allows the " + e.Action + " action"
	switch {
	case e.Root || e.Kind:
		ending = ""
	case e.Explicit && e.Session:
		ending = " with an explicit deny in a session policy"
	case e.Explicit:
		ending = " with an explicit deny in an identity-based policy"
	}
	return fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s%s", e.Principal, e.Action, e.Resource, ending)
}

// Authorize decides whether a caller may do something that no policy of the resource has a say in: its identity
// policies must allow it, its session policies too if it has any, and neither may deny it. Root users may do
// everything, within the session policies of their federated users. The error is an *[AccessDeniedError].
//
// keys are the condition keys that the action has beside those of every request ("iam:PolicyARN",
// "aws:ResourceTag/team"); nil for none.
//
// Some sessions are refused whatever policies say: see [CheckSession].
func (s *Store) Authorize(c Caller, action, resource string, req RequestContext, keys map[string][]string) error {
	if err := CheckSession(c, action, resource); err != nil {
		return err
	}
	denied := &AccessDeniedError{Principal: c.ARN, Action: action, Resource: resource}
	st := s.read()
	all := s.requestKeys(req)
	st.setCaller(all, c, s.now())
	for name, values := range keys {
		all.set(name, values...)
	}
	v := st.ask(c, question{action, resource, all})
	switch {
	case v.denied != "":
		denied.Reason, denied.Explicit, denied.Session = v.denied, true, v.sessionDenied
	case !v.session:
		denied.Reason, denied.Session = "no session policy of the caller allows it", true
	case !v.identity:
		denied.Reason = st.notAllowed(c)
	default:
		return nil
	}
	return denied
}

// CheckSession refuses what sessions of the caller's kind may not call, whatever policies say (spec/sts.md section 4.4): of
// STS, one of GetSessionToken may call only AssumeRole and GetCallerIdentity, and a federated user only
// GetCallerIdentity; of IAM, the one needs MFA, and the other may call nothing. iam:PassRole is no call of IAM's but asked
// for by other services, so that it is left to policies (inferred). The error is an *[AccessDeniedError].
func CheckSession(c Caller, action, resource string) error {
	if reason := restriction(c, action); reason != "" {
		return &AccessDeniedError{Principal: c.ARN, Action: action, Resource: resource, Kind: true, Reason: reason}
	}
	return nil
}

// restriction is why a kind of session may never do something, or "".
func restriction(c Caller, action string) string {
	service, operation, _ := strings.Cut(strings.ToLower(action), ":")
	own := c.Temporary && (c.Type == CallerUser || c.Type == CallerRoot)
	sts := service == "sts" && operation != "getcalleridentity"
	iam := service == "iam" && operation != "passrole"
	switch {
	case c.Type == CallerFederatedUser && sts:
		return "federated users may call only GetCallerIdentity of STS"
	case c.Type == CallerFederatedUser && iam:
		return "federated users may call nothing of IAM"
	case own && sts && operation != "assumerole":
		return "sessions of GetSessionToken may call only AssumeRole and GetCallerIdentity of STS"
	case own && iam && !c.MFA:
		return "sessions of GetSessionToken may call IAM only if they were made with MFA"
	}
	return ""
}
