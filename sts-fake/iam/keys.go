package iam

import (
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// RequestContext is what policies see of a request, whatever its action. The time of the request is the store's.
type RequestContext struct {
	Region    string     // that the request went to; "" if unknown
	SourceIP  netip.Addr // the zero value if unknown
	UserAgent string     // "" if there is none
	Secure    bool       // sent over TLS
	Tags      []Tag      // session tags that the request passes, if its action takes them
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

func (k requestKeys) get(name string) []string { return k[strings.ToLower(name)] }

// requestKeys are the keys of every request (IAM User Guide, "AWS global condition context keys"). Keys that are not
// set here or below count as absent: among them those about VPCs and organizations.
func (s *Store) requestKeys(r RequestContext) requestKeys {
	now := s.now().UTC()
	keys := requestKeys{}
	keys.set("aws:CurrentTime", now.Format(time.RFC3339))
	keys.set("aws:EpochTime", strconv.FormatInt(now.Unix(), 10))
	keys.set("aws:SecureTransport", boolText(r.Secure))
	keys.set("aws:ViaAWSService", "false")
	keys.setText("aws:RequestedRegion", r.Region)
	keys.setText("aws:UserAgent", r.UserAgent)
	if r.SourceIP.IsValid() {
		keys.set("aws:SourceIp", r.SourceIP.Unmap().WithZone("").String())
	}
	keys.setTags(r.Tags)
	return keys
}

// setTags are the keys of session tags that a request passes.
func (k requestKeys) setTags(tags []Tag) {
	var names, transitive []string
	for _, tag := range tags {
		k.set("aws:RequestTag/"+tag.Key, tag.Value)
		names = append(names, tag.Key)
		if tag.Transitive {
			transitive = append(transitive, tag.Key)
		}
	}
	k.set("aws:TagKeys", names...)
	k.set("sts:TransitiveTagKeys", transitive...)
}

// setCaller are the keys about who makes a request. A session's tags come before those of its role with the same key,
// whatever its case (IAM User Guide, id_session-tags); that the same holds for federated users and the user they come
// from is inferred.
func (st *state) setCaller(k requestKeys, c Caller, now time.Time) {
	tags := st.roles[c.PrincipalARN].Tags
	if user, ok := st.users[c.PrincipalARN]; ok {
		tags = user.Tags
	}
	for _, tag := range tags {
		k.set("aws:PrincipalTag/"+tag.Key, tag.Value)
	}
	k.setCaller(c, now)
}

// setCaller are the keys about who makes a request, without the tags of its user or role. aws:PrincipalType, aws:userid
// and aws:username are from the table of principal key values in reference_policies_variables.
func (k requestKeys) setCaller(c Caller, now time.Time) {
	k.set("aws:PrincipalArn", c.PrincipalARN)
	k.set("aws:PrincipalAccount", c.AccountID)
	k.set("aws:PrincipalIsAWSService", "false")
	k.set("aws:userid", c.UserID)
	k.setText("aws:SourceIdentity", c.SourceIdentity)
	k.setText("aws:FederatedProvider", c.FederatedProvider)
	for _, tag := range c.Tags {
		k.set("aws:PrincipalTag/"+tag.Key, tag.Value)
	}
	switch c.Type {
	case CallerUser:
		k.set("aws:PrincipalType", "User")
		k.set("aws:username", c.PrincipalARN[strings.LastIndexByte(c.PrincipalARN, '/')+1:])
	case CallerAssumedRole:
		k.set("aws:PrincipalType", "AssumedRole")
	case CallerFederatedUser:
		k.set("aws:PrincipalType", "FederatedUser")
		k.set("aws:PrincipalArn", c.ARN)
	case CallerRoot:
		k.set("aws:PrincipalType", "Account")
	}
	k.setSession(c, now)
}

// setSession are the keys that requests with session credentials have, and those with long-term ones lack.
func (k requestKeys) setSession(c Caller, now time.Time) {
	if !c.Temporary {
		return
	}
	k.set("aws:TokenIssueTime", c.IssuedAt.UTC().Format(time.RFC3339))
	k.set("aws:MultiFactorAuthPresent", boolText(c.MFA))
	if c.MFA {
		k.set("aws:MultiFactorAuthAge", strconv.FormatInt(int64(now.Sub(c.MFATime)/time.Second), 10))
	}
}

// setAssumeRole are the keys of a request for a session of a role (IAM User Guide, "IAM and AWS STS condition context
// keys").
func (k requestKeys) setAssumeRole(role Role, req AssumeRoleContext) {
	k.set("aws:ResourceAccount", role.AccountID)
	for _, tag := range role.Tags {
		k.set("aws:ResourceTag/"+tag.Key, tag.Value)
		k.set("iam:ResourceTag/"+tag.Key, tag.Value)
	}
	k.setText("sts:RoleSessionName", req.SessionName)
	k.setText("sts:ExternalId", req.ExternalID)
	k.setText("sts:SourceIdentity", req.SourceIdentity)
	k.setTags(req.Tags)
	if req.MFAAuthenticated {
		k.set("aws:MultiFactorAuthPresent", "true")
		k.set("aws:MultiFactorAuthAge", "0")
	}
}

// setWebIdentity are the keys of a token's claims: "oidc.example.com/id/1:sub".
func (k requestKeys) setWebIdentity(w WebIdentity) {
	k.set("aws:FederatedProvider", w.ProviderARN)
	for claim, values := range w.Claims {
		k.set(issuerName(w.Issuer)+":"+claim, values...)
	}
}
