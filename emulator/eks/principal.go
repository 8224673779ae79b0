package eks

import (
	"regexp"
	"strings"

	"github.com/eksemu/eksemu/sts-fake/iam"
)

// principalRef is the ARN of a principal that an access entry may be for, taken apart.
type principalRef struct {
	arn       string
	partition string
	accountID string
	kind      string // "user", "role" or "root"
	path      string // "/" or "/…/"; "" of a root user
	name      string // without the path; "root" of a root user
}

// The kinds of principals.
const (
	kindUser = "user"
	kindRole = "role"
	kindRoot = "root"
)

// principalARN is the form of an ARN that EKS takes as principalArn: of IAM, and not of a session of STS
// (github.com/aws-samples/appmod-blueprints issue 319). Where exactly its limits are is inferred.
var principalARN = regexp.MustCompile(`^arn:(aws[a-z-]*):iam::([0-9]{12}):(?:(user|role)(/(?:[!-~]+/)?)([^/\s]+)|(root))$`)

// parsePrincipal takes the ARN of a principal apart, or returns false for what is none.
func parsePrincipal(arn string) (principalRef, bool) {
	parts := principalARN.FindStringSubmatch(arn)
	if parts == nil {
		return principalRef{}, false
	}
	p := principalRef{arn: arn, partition: parts[1], accountID: parts[2], kind: parts[3], path: parts[4], name: parts[5]}
	if parts[6] != "" {
		p.kind, p.name = kindRoot, kindRoot
	}
	return p, true
}

// serviceLinked says whether the principal is a service-linked role. AWS looks at nothing but the ARN (measured:
// spec/eks.md section 3.5).
func (p principalRef) serviceLinked() bool {
	return p.kind == kindRole && strings.HasPrefix(p.path, "/aws-service-role/")
}

// username is the name in Kubernetes that EKS gives a principal whose entry names none (user guide, "Create access
// entries"; spec/eks.md section 3.4). For a root user it is inferred.
func (p principalRef) username() string {
	if p.kind == kindRole {
		return "arn:" + p.partition + ":sts::" + p.accountID + ":assumed-role/" + p.name + "/{{SessionName}}"
	}
	return p.arn
}

// principalID finds the unique ID of a principal, "" if there is none with that ARN. EKS keeps it with the access entry
// (API reference, AccessEntry). That of a root user is its account, as GetCallerIdentity shows it.
func principalID(store *iam.Store, p principalRef) string {
	switch p.kind {
	case kindUser:
		if user, err := store.User(p.arn); err == nil {
			return user.UniqueID
		}
	case kindRole:
		if role, err := store.Role(p.arn); err == nil {
			return role.UniqueID
		}
	case kindRoot:
		if p.partition == store.Partition() {
			return p.accountID
		}
	}
	return ""
}
