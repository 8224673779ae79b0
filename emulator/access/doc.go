// Package access knows the access policies of EKS, which there are and what their rules allow, and answers the API server
// for them.
//
// They are no objects of a cluster. EKS runs kube-apiserver with --authorization-mode=Node,RBAC,Webhook and asks the policies
// last, for the IAM principal behind a request, whatever its username and groups. That is why `kubectl auth can-i --list`
// does not show them, why impersonation loses them, and why RBAC's check against escalation does not count their rules.
//
//	policies.go                      all policies by name
//	view.go edit.go admin.go …       their rules, one file per family
//	scope.go                         where an associated policy counts
//	match.go                         whether a rule allows a request, as RBAC decides it
//	authorizer.go, compile.go        grants to decisions
//	webhook.go                       the same as a SubjectAccessReview webhook
//
// Sources in this package: [D] is the Amazon EKS user guide, latest/ug/manage-access/k8s-access/access-policy-reference.adoc
// of awsdocs/amazon-eks-user-guide at commit 145543a unless another page is named; [X] is inferred.
package access
