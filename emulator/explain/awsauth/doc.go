// Package awsauth finds what is wrong with an aws-auth ConfigMap, line by line, without a cluster.
//
// aws-iam-authenticator v0.7.18 reads the ConfigMap with forgiveness: what it cannot use it leaves out, says so in its own
// log, and whoever is meant gets the same Unauthorized as a stranger. [Lint] reads it the same way (pkg/mapper/configmap,
// ParseMap; spec/eks.md §2.5) and says what was left out, what can never match, and what matches another than was meant:
// ARNs are compared as they stand with the one that STS reports, of a role its own without path and session.
//
// It takes what kubectl prints (YAML or JSON, a List too), the mappings alone, or the list that stands in one of them. Every
// finding has the line of the file, inside block scalars too, and what can be put right mechanically is, in [Report.Fixed].
package awsauth
