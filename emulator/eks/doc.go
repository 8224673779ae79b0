// Package eks answers the Amazon EKS API for the emulator: the REST-JSON protocol of the aws CLI and the
// SDKs, signature-checked like every other AWS call, over clusters that this package owns.
//
// Three types share the work. [Registry] holds the clusters of every account and region, is safe for
// concurrent use and knows nothing of HTTP. [Server] is the http.Handler: it asks the stsfake.Gate who is
// calling, finds the operation by method and raw path, and answers from the Registry. [Issuers] publishes, at
// another host name and for everybody, the keys of the clusters' service account tokens (IRSA).
//
// A cluster belongs to the account of the caller's credentials and to the region of the request's credential
// scope. A caller in another account or region does not see it: ListClusters leaves it out, DescribeCluster
// answers ResourceNotFoundException, exactly as for a cluster that does not exist.
//
// Who may call: every authenticated caller of the account, whatever policies it has. AWS would also ask IAM
// for eks:ListClusters and eks:DescribeCluster; this package does not, so it never answers
// AccessDeniedException.
//
// How a cluster authenticates people is published by [Registry.Access]: the authentication mode and the
// principal that created the cluster. What enforces it (the authenticator's files and the API server's
// webhooks) is another package's work, which this one does not know.
//
// # Sources
//
// Shapes and paths are those of the EKS API reference (apiVersion 2017-11-01). Error texts come from recorded
// AWS answers where some are known. Each place that is not AWS's word says so in a comment: "inferred" for a
// conclusion from other evidence, "ours" for a text that the emulator made up.
package eks
