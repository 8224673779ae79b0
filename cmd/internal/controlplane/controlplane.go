// Package controlplane holds the entry points of eksemu's child processes: etcd, kube-apiserver,
// kube-controller-manager, kubectl and aws-iam-authenticator, all unmodified upstream code.
//
// It is the only package that links the Kubernetes servers (about eight minutes of first compile on two
// cores), so nothing but cmd/eksemu may import it. Each program runs in a process of its own, because the
// upstream code calls os.Exit, changes globals and does not stop cleanly inside a larger process.
package controlplane

// Program runs one child until it ends and returns its exit code. It takes the arguments after the
// program's name and may take over the whole process: flags, signal handlers, loggers.
type Program func(args []string) int

// Programs returns every child by the name that selects it on eksemu's hidden command line.
func Programs() map[string]Program {
	return map[string]Program{
		"etcd":                    etcd,
		"kube-apiserver":          kubeAPIServer,
		"kube-controller-manager": kubeControllerManager,
		"kubectl":                 kubectl,
		"aws-iam-authenticator":   authenticator,
	}
}
