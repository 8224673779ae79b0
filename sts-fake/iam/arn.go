package iam

import "strings"

// UserARN is the ARN of a user. path begins and ends with a slash.
func UserARN(partition, accountID, path, name string) string {
	return "arn:" + partition + ":iam::" + accountID + ":user" + path + name
}

// RoleARN is the ARN of a role. path begins and ends with a slash.
func RoleARN(partition, accountID, path, name string) string {
	return "arn:" + partition + ":iam::" + accountID + ":role" + path + name
}

// RootARN is the ARN of an account's root user, which also stands for the account in a policy's Principal.
func RootARN(partition, accountID string) string {
	return "arn:" + partition + ":iam::" + accountID + ":root"
}

// AssumedRoleARN is the ARN of a role session. It has the role's name without its path (spec/sts.md section 4.1).
func AssumedRoleARN(partition, accountID, roleName, sessionName string) string {
	return "arn:" + partition + ":sts::" + accountID + ":assumed-role/" + roleName + "/" + sessionName
}

// FederatedUserARN is the ARN of a federated user, the session of GetFederationToken (spec/sts.md section 4.1).
func FederatedUserARN(partition, accountID, name string) string {
	return "arn:" + partition + ":sts::" + accountID + ":federated-user/" + name
}

// ARN is an Amazon Resource Name in its parts.
type ARN struct {
	Partition, Service, Region, AccountID, Resource string
}

// ParseARN splits an ARN. It accepts what STS accepts as a RoleArn before it looks at the role: six parts, of
// which partition, service and resource are not empty. That rule is derived from the refusals recorded in
// spec/sts.md section 2.2 ("<arn> is invalid").
func ParseARN(s string) (ARN, bool) {
	parts := strings.SplitN(s, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[1] == "" || parts[2] == "" || parts[5] == "" {
		return ARN{}, false
	}
	return ARN{parts[1], parts[2], parts[3], parts[4], parts[5]}, true
}
