package kindcluster

import (
	"bytes"
	"strings"
	"testing"
)

func TestEssence(t *testing.T) {
	t.Parallel()
	const output = `I1127 04:39:19.184000     123 command.go:1] log
[kubelet-start] Starting the kubelet
[kubelet-start] Starting the kubelet

could not bootstrap the admin user
k8s.io/kubernetes/cmd/kubeadm/app/cmd/phases/init.getClient
	/root/go/pkg/mod/k8s.io/kubernetes/init.go:450
runtime.goexit
	/usr/local/go/src/runtime/asm_amd64.s:1771
error: error execution phase wait-control-plane
`
	const want = "[kubelet-start] Starting the kubelet\ncould not bootstrap the admin user\nerror: error execution phase wait-control-plane"
	if got := essence(output); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestProgramsRefuseWrongArguments(t *testing.T) {
	t.Parallel()
	for name, program := range Programs() {
		var out bytes.Buffer
		if code := program([]string{"--nonsense"}, &out); code != 2 || !strings.Contains(out.String(), "nonsense") {
			t.Errorf("%s: code %d, %q", name, code, out.String())
		}
	}
}
