package iam

import "strings"

// question is what a policy is asked.
type question struct {
	action   string // "sts:AssumeRole"
	resource string // ARN
	keys     requestKeys
}

// requestKeys are the condition keys of a request. Names are in lower case, as condition keys ignore it. A key
// that is not there is absent; one may have several values.
type requestKeys map[string][]string

func (k requestKeys) set(name string, values ...string) {
	k[strings.ToLower(name)] = values
}

// setText sets a key unless the value is empty, which in these requests means that there is none.
func (k requestKeys) setText(name, value string) {
	if value != "" {
		k.set(name, value)
	}
}

// evaluateTrust asks a trust policy, whose own resource is the role. It says how the caller is allowed, and
// whether it is denied.
func evaluateTrust(p Policy, c Caller, q question) (granted grant, denied bool) {
	for _, s := range p.doc.statements {
		found := s.principal.covers(c)
		if found == grantNone || !s.actions.matches(q.action, true) || !s.conditionsHold(q.keys) {
			continue
		}
		if s.deny {
			denied = true
		} else {
			granted = max(granted, found)
		}
	}
	return granted, denied
}

// evaluateIdentity asks a principal's own policies.
func evaluateIdentity(policies []Policy, q question) (allowed, denied bool) {
	for _, p := range policies {
		for _, s := range p.doc.statements {
			if !s.actions.matches(q.action, true) || !s.resources.matches(q.resource, false) || !s.conditionsHold(q.keys) {
				continue
			}
			if s.deny {
				denied = true
			} else {
				allowed = true
			}
		}
	}
	return allowed, denied
}

func (s statement) conditionsHold(keys requestKeys) bool {
	for _, c := range s.conditions {
		if !c.holds(keys[strings.ToLower(c.key)]) {
			return false
		}
	}
	return true
}

// assumeRoleKeys are the condition keys of an AssumeRole request (IAM User Guide, "AWS global condition context
// keys" and "IAM and AWS STS condition context keys"). Keys that are not set here count as absent: among them
// those about networks and dates.
func assumeRoleKeys(c Caller, role Role, req AssumeRoleContext) requestKeys {
	keys := callerKeys(c)
	keys.set("aws:ResourceAccount", role.AccountID)
	keys.setText("aws:RequestedRegion", req.Region)
	keys.setText("sts:RoleSessionName", req.SessionName)
	keys.setText("sts:ExternalId", req.ExternalID)
	keys.setText("sts:SourceIdentity", req.SourceIdentity)
	var names, transitive []string
	for _, tag := range req.Tags {
		keys.set("aws:RequestTag/"+tag.Key, tag.Value)
		names = append(names, tag.Key)
		if tag.Transitive {
			transitive = append(transitive, tag.Key)
		}
	}
	keys.set("aws:TagKeys", names...)
	keys.set("sts:TransitiveTagKeys", transitive...)
	return keys
}

func callerKeys(c Caller) requestKeys {
	keys := requestKeys{}
	keys.set("aws:PrincipalArn", c.PrincipalARN)
	keys.set("aws:PrincipalAccount", c.AccountID)
	keys.set("aws:PrincipalIsAWSService", "false")
	keys.set("aws:userid", c.UserID)
	keys.setText("aws:SourceIdentity", c.SourceIdentity)
	for _, tag := range c.Tags {
		keys.set("aws:PrincipalTag/"+tag.Key, tag.Value)
	}
	switch c.Type {
	case CallerUser:
		keys.set("aws:PrincipalType", "User")
		keys.set("aws:username", c.PrincipalARN[strings.LastIndexByte(c.PrincipalARN, '/')+1:])
	case CallerAssumedRole:
		keys.set("aws:PrincipalType", "AssumedRole")
		keys.set("aws:MultiFactorAuthPresent", "false") // present for temporary credentials only
	case CallerRoot: // never gets as far as a policy
	}
	return keys
}
