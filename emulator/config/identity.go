package config

import "github.com/eksemu/eksemu/sts-fake/iam"

// IdentityKind is what an identity signs as.
type IdentityKind string

// The kinds of identities.
const (
	KindUser     IdentityKind = "user"
	KindRole     IdentityKind = "role"
	KindInstance IdentityKind = "instance"
)

// Identity is somebody that a request can come from: there is an AWS profile for each.
type Identity struct {
	Name string // of the profile
	Kind IdentityKind

	// ARN is of the user or role itself. For an instance it is that of its session of the role, because an
	// instance is no principal of IAM.
	ARN string

	RoleARN        string // role or instance: the role whose session signs
	SourceProfile  string // role: the profile that assumes it
	ExternalID     string // role: what it passes to AssumeRole
	MFASerial      string // role: the device whose code it passes to AssumeRole
	PrivateDNSName string // instance: its host name
}

// Identities are all identities in the order of the file: users, roles, instances.
func (e *Environment) Identities() []Identity {
	partition := e.Partition()
	roles := map[string]Role{}
	var all []Identity
	for _, user := range e.Users {
		all = append(all, Identity{Name: user.Name, Kind: KindUser, ARN: iam.UserARN(partition, user.Account, user.Path, user.Name)})
	}
	for _, role := range e.Roles {
		roles[role.Name] = role
		arn := iam.RoleARN(partition, role.Account, role.Path, role.Name)
		all = append(all, Identity{Name: role.Name, Kind: KindRole, ARN: arn, RoleARN: arn, SourceProfile: role.SourceProfile,
			ExternalID: role.ExternalID, MFASerial: role.MFASerial})
	}
	for _, instance := range e.Instances {
		role := roles[instance.Role]
		all = append(all, Identity{Name: instance.ID, Kind: KindInstance,
			ARN:            iam.AssumedRoleARN(partition, role.Account, role.Name, instance.ID),
			RoleARN:        iam.RoleARN(partition, role.Account, role.Path, role.Name),
			PrivateDNSName: instance.PrivateDNSName})
	}
	return all
}

// Identity is the identity of a name, and whether there is one.
func (e *Environment) Identity(name string) (Identity, bool) {
	for _, identity := range e.Identities() {
		if identity.Name == name {
			return identity, true
		}
	}
	return Identity{}, false
}

// DefaultIdentity is the name of the identity that AWS clients use when they are told none: the creator of the
// first cluster, else the first user. It is empty if there is neither.
func (e *Environment) DefaultIdentity() string {
	if len(e.Clusters) > 0 {
		return e.Clusters[0].Creator
	}
	if len(e.Users) > 0 {
		return e.Users[0].Name
	}
	return ""
}
