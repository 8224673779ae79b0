package access

import rbacv1 "k8s.io/api/rbac/v1"

// The API groups of the tables that have short names in Go: the group without a name, and all of them.
const (
	core = ""
	all  = "*"
)

// read are the verbs that look.
func read() []string { return []string{"get", "list", "watch"} }

// write are the verbs that change.
func write() []string { return []string{"create", "delete", "deletecollection", "patch", "update"} }

// row is a row of a policy's table in [D]: an API group, verbs, and the resources that they are for.
func row(group string, verbs []string, resources ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: verbs}
}
