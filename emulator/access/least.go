package access

import authorizationv1 "k8s.io/api/authorization/v1"

// Least is the name of the access policy that allows a request and little else: of the tabulated ones that customers
// choose from, the first in the order of what they allow. Only AmazonEKSClusterAdminPolicy allows everything.
func Least(spec authorizationv1.SubjectAccessReviewSpec) string {
	const last = "AmazonEKSClusterAdminPolicy"
	known := knownRules()
	for _, name := range []string{"AmazonEKSViewPolicy", "AmazonEKSSecretReaderPolicy", "AmazonEKSEditPolicy", "AmazonEKSAdminPolicy", "AmazonEKSAdminViewPolicy"} {
		for i := range known[name] {
			if allows(&known[name][i], &spec) {
				return name
			}
		}
	}
	return last
}
