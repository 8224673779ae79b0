package embedded

import (
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/eksemu/eksemu/emulator/cluster"
)

// etcdConfig is a single member that only this cluster's API server can reach. It does not sync to disk: a
// killed process loses nothing by that, only a machine that loses its power does.
func (f *files) etcdConfig() []byte {
	url := fmt.Sprintf("https://127.0.0.1:%d", f.etcdPort)
	return fmt.Appendf(nil, `name: default
data-dir: %[1]q
listen-client-urls: %[2]s
advertise-client-urls: %[2]s
listen-peer-urls: http://127.0.0.1:0
initial-advertise-peer-urls: http://127.0.0.1:0
initial-cluster: default=http://127.0.0.1:0
unsafe-no-fsync: true
log-level: warn
client-transport-security:
  cert-file: %[3]q
  key-file: %[4]q
  client-cert-auth: true
  trusted-ca-file: %[5]q
`, filepath.Join(f.dir, "etcd"), url, f.pki("etcd.crt"), f.pki("etcd.key"), f.pki("ca.crt"))
}

func (f *files) etcdArgs() []string {
	return []string{"--config-file=" + f.config("etcd.yaml")}
}

func (f *files) apiServerArgs(spec cluster.Spec) []string {
	var args []string
	for _, flag := range cluster.Flags(spec, filepath.Join(f.dir, "config")) {
		args = append(args, flag.String())
	}
	return append(args,
		"--service-cluster-ip-range="+cluster.ServiceCIDR,
		fmt.Sprintf("--etcd-servers=https://127.0.0.1:%d", f.etcdPort),
		"--etcd-cafile="+f.pki("ca.crt"),
		"--etcd-certfile="+f.pki("etcd-client.crt"),
		"--etcd-keyfile="+f.pki("etcd-client.key"),
		"--bind-address=127.0.0.1",
		"--secure-port="+strconv.Itoa(f.port),
		"--tls-cert-file="+f.pki("apiserver.crt"),
		"--tls-private-key-file="+f.pki("apiserver.key"),
		"--client-ca-file="+f.pki("ca.crt"),
		"--service-account-key-file="+f.pki("sa.pub"),
		"--service-account-signing-key-file="+f.pki("sa.key"),
		"--cert-dir="+filepath.Join(f.dir, "pki"),
		// The kubernetes Service would need an endpoint, and a loopback address is none.
		"--endpoint-reconciler-type=none",
		"--profiling=false",
	)
}

func (f *files) controllerManagerArgs() []string {
	kubeconfig := f.controllerManagerKubeconfig()
	args := []string{
		"--kubeconfig=" + kubeconfig,
		"--authentication-kubeconfig=" + kubeconfig,
		"--authorization-kubeconfig=" + kubeconfig,
		"--secure-port=0", // nobody asks it anything
		"--leader-elect=false",
		"--use-service-account-credentials=true",
		"--service-account-private-key-file=" + f.pki("sa.key"),
		"--root-ca-file=" + f.pki("ca.crt"),
		"--cluster-signing-cert-file=" + f.pki("ca.crt"),
		"--cluster-signing-key-file=" + f.pki("ca.key"),
		"--profiling=false",
	}
	for _, flag := range cluster.ControllerManagerFlags() {
		args = append(args, flag.String())
	}
	return args
}
