package explain

import (
	"slices"
	"strings"

	"github.com/eksemu/eksemu/emulator/trace"
)

// Prefixes of the user names and IDs that Kubernetes and aws-iam-authenticator give out.
const (
	serviceAccountPrefix = "system:serviceaccount:"
	nodePrefix           = "system:node:"
	iamUIDPrefix         = "aws-iam-authenticator:"
	oldIAMUIDPrefix      = "heptio-authenticator-aws:"
)

// identityOf reads who asked from an audit event.
func identityOf(r *trace.Request) Identity {
	id := Identity{
		ARN: extra(r, "arn"), CanonicalARN: extra(r, "canonicalArn"), PrincipalID: extra(r, "principalId"),
		SessionName: extra(r, "sessionName"), AccessKeyID: extra(r, "accessKeyId"),
		Username: r.Username, UID: r.UID, Groups: slices.Clone(r.Groups),
		Impersonates: r.Impersonate, ImpersonatesGroups: slices.Clone(r.ImpersonateGroups),
	}
	if id.PrincipalID == "" {
		id.PrincipalID = extra(r, "sigs.k8s.io/aws-iam-authenticator/principalId")
	}
	id.Kind = kindOf(r, id)
	return id
}

func kindOf(r *trace.Request, id Identity) Kind {
	switch {
	case strings.HasPrefix(id.UID, iamUIDPrefix), strings.HasPrefix(id.UID, oldIAMUIDPrefix), id.ARN != "":
		return KindIAM
	case strings.HasPrefix(id.Username, serviceAccountPrefix):
		return KindServiceAccount
	case id.Username == "system:anonymous":
		return KindAnonymous
	case strings.HasPrefix(extra(r, "authentication.kubernetes.io/credential-id"), "X509SHA256="):
		return KindClientCertificate
	case id.Username == "" && len(id.Groups) == 0:
		return KindUnknown
	}
	return KindOther
}

// extra reads the first value of a key of user.extra.
func extra(r *trace.Request, key string) string { return first(r.Extra[key]) }

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// subject is whom the authorizers were asked about: the impersonated user instead of the one who impersonates.
func (id Identity) subject() Identity {
	if id.Impersonates == "" {
		return id
	}
	return Identity{Kind: KindOther, Username: id.Impersonates, Groups: id.ImpersonatesGroups}
}

// isNode reports what the Node authorizer calls a node: a member of system:nodes.
func (id Identity) isNode() bool {
	return slices.Contains(id.Groups, "system:nodes")
}

// name is how a sentence calls the identity.
func (id Identity) name() string {
	switch {
	case id.Username != "":
		return id.Username
	case id.ARN != "":
		return id.ARN
	case id.Kind != KindUnknown:
		return "the user with the empty name"
	case id.AccessKeyID != "":
		return "the holder of access key " + id.AccessKeyID
	}
	return "somebody unknown"
}

// subjectName is how a sentence calls the subject.
func (id Identity) subjectName() string {
	if id.Impersonates == "" {
		return id.name()
	}
	return id.Impersonates + " (impersonated by " + id.name() + ")"
}

// learnIdentity adds what STS and the authenticator found out about the holder of a refused token.
func (c *inquiry) learnIdentity() {
	id := &c.verdict.Identity
	review := c.review.TokenReview
	id.AccessKeyID = review.AccessKeyID
	if call := c.history.callOf(*c.review); call != nil {
		id.ARN = call.AWS.Principal
		if id.AccessKeyID == "" {
			id.AccessKeyID = call.AWS.AccessKeyID
		}
	}
	if line := c.history.lineOf(*c.review, "STS response"); line != nil {
		id.ARN, id.PrincipalID, id.SessionName = line.Log.Fields["arn"], line.Log.Fields["userid"], line.Log.Fields["session"]
	}
	id.CanonicalARN = canonicalARN(id.ARN)
	if line := c.history.lineOf(*c.review, "access denied"); line != nil && line.Log.Fields["arn"] != "" {
		id.CanonicalARN = line.Log.Fields["arn"]
	}
	if id.ARN != "" {
		id.Kind = KindIAM
	}
}

// canonicalARN is the ARN by which mappings match: of an assumed role the role's, without path (what
// aws-iam-authenticator's pkg/arn does with the ARNs that STS reports).
func canonicalARN(arn string) string {
	account, resource, isSession := strings.Cut(arn, ":assumed-role/")
	if !isSession {
		return arn
	}
	role, _, _ := strings.Cut(resource, "/")
	return strings.Replace(account, ":sts:", ":iam:", 1) + ":role/" + role
}

// shortName is the last part of an ARN, a fair username.
func shortName(arn string) string {
	return arn[strings.LastIndexAny(arn, "/:")+1:]
}
