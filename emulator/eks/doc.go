// Package eks answers the Amazon EKS API for the emulator: the REST-JSON protocol of the aws CLI and the
// SDKs, signature-checked like every other AWS call, over clusters that this package owns.
//
// Three types share the work. [Registry] holds the clusters of every account and region, with their access entries,
// access policies, updates and tags; it is safe for concurrent use and knows nothing of HTTP. [Server] is the
// http.Handler: it asks the stsfake.Gate who is calling, finds the operation by method and raw path, and answers from
// the Registry. [Issuers] publishes, at another host name and for everybody, the keys of the clusters' service account
// tokens (IRSA).
//
// The package runs nothing. A caller's change is computed, saved ([RegistryOptions]), visible, and then announced as a
// [Change]; whoever runs the clusters acts on it and reports back: [Registry.SetEndpoint] and [Registry.UpdateStatus] for
// a cluster that was started, [Registry.Fail] for one that could not be, [Registry.RemoveCluster] for one that was
// stopped, [Registry.FinishUpdate] for an update. How a cluster authenticates people and what its access policies allow
// is published by [Registry.Access]. What enforces it (the authenticator's files and the API server's webhooks) is
// other packages' work, which this one does not know.
//
// A cluster belongs to the account of the caller's credentials and to the region of the request's credential
// scope. A caller in another account or region does not see it: ListClusters leaves it out, DescribeCluster
// answers ResourceNotFoundException, exactly as for a cluster that does not exist.
//
// Who may call is [Options].Authorize's to decide; without it, every authenticated caller of the account may do
// everything.
//
// An access entry keeps the unique ID that its principal had when the entry was made, as EKS does: a role that was
// deleted and made again does not match the entry any more.
//
// # What is not here
//
// Node groups, Fargate profiles, add-ons, Pod Identity associations, identity providers, capabilities and insights: they
// are listed as none. EKS Auto Mode, hybrid nodes, encryption, logging and endpoint access are accepted, checked and
// shown, and change nothing. All clusters run one Kubernetes version, which cannot be updated. Local clusters on
// Outposts are refused.
//
// # Sources
//
// Shapes and paths are those of the EKS API reference (apiVersion 2017-11-01; botocore 1.43.11, aws-sdk-go-v2
// service/eks 1.105.5). Error texts come from recorded AWS answers where some are known; "measured" are those that
// badmintoncryer/cdk-preflight (rules/eks) got from AWS in us-east-1 on 2026-09-24 and 25, and "recorded" are those in
// the issue that stands beside them. Each place that is not AWS's word says so in a comment: "inferred" for a conclusion
// from other evidence, "ours" for a text that the emulator made up.
package eks
