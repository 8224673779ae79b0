// Package kubeconfigs finds what is wrong with a kubeconfig for an EKS cluster, line by line, without a cluster and without
// running anything in it.
//
// A kubeconfig decides four things before AWS or the API server see a request: which API server, whom to trust there, which
// program makes the token, and as whom. [Lint] follows a context through these as kubectl does (k8s.io/client-go
// tools/clientcmd and plugin/pkg/client/auth/exec) and, for the programs that make EKS tokens (aws, aws-iam-authenticator,
// eksemu), as the AWS SDKs do: options, then the variables that the kubeconfig sets, then those of the caller, then profiles.
//
// Environment variables, files and the search for programs are values of [Options].
package kubeconfigs
