// Package authn connects a cluster's API server to the real aws-iam-authenticator, and watches it work.
//
// The authenticator is upstream's own server (sigs.k8s.io/aws-iam-authenticator v0.7.18) in a process of its
// own. Nothing here decides who somebody is. The package does three things around it:
//
//   - [Recorder] sits between kube-apiserver's token webhook and the authenticator. It passes TokenReviews and
//     answers through, byte for byte, and records each of them together with the lines that the authenticator
//     logged for it.
//   - [Access] says who may authenticate to a cluster, in EKS's terms: its authentication mode, its creator, its
//     access entries. [Server] turns that into the files that the authenticator reads.
//   - [Server.Spec] describes the child process: command, environment, readiness.
//
// # Mappers
//
// The authenticator asks a chain of mappers, and the first that knows the principal wins
// (spec/eks.md §2.4). EKS's ways to grant access are three of upstream's mappers (spec/eks.md §1.2):
//
//   - MountedFile, from the configuration file and read once: the creator of a CONFIG_MAP cluster and EKS's own
//     service roles. It appears in nothing that a customer can list, and it comes first.
//   - DynamicFile, a JSON file that is watched: access entries, keyed by principal ID.
//   - EKSConfigMap: the ConfigMap kube-system/aws-auth.
//
// # Order of start
//
// The recorder's listener comes first, because the API server's flags name it; until the authenticator runs,
// the recorder refuses every token with 503. Then the API server, then the authenticator: its watch of aws-auth
// is tried once at start and again only 5 s after a failure (upstream pkg/mapper/configmap).
//
// [Server.Ready] says that the authenticator answers. It cannot say that aws-auth was read: upstream logs
// nothing when its watch is established, only "Received aws-auth watch event" for each version of the
// ConfigMap that it sees, the existing one included. Whoever creates or changes aws-auth waits for that line
// with [Recorder.AwaitLog] and [ReceivedConfigMap].
package authn
