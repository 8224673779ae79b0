package bench

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestBenchKind measures the time to the first "yes" on kind against plain `kind create cluster`, with the same image and
// the same kind configuration, in turns. EKSEMU_KIND_IMAGE names the image, which has to be there; "" is kind's own.
func TestBenchKind(t *testing.T) {
	binary := os.Getenv("EKSEMU")
	if binary == "" || !strings.Contains(flag.Lookup("test.run").Value.String(), "TestBenchKind") {
		t.Skip("measures only on request: run `make bench-kind`")
	}
	config, err := filepath.Abs(filepath.Join("..", "kind", "config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	m := newMachine(t, binary)
	m.environ = append(m.environ, "PATH="+os.Getenv("PATH"), "EKSEMU_BACKEND=kind", "EKSEMU_KIND_IMAGE="+os.Getenv("EKSEMU_KIND_IMAGE"), "EKSEMU_KIND_CONFIG="+config)
	plain := newPlainKind(t, config)
	var bare, yes, whole []time.Duration
	for range rounds {
		bare = append(bare, plain.create(t))
		first, all := m.firstYes(t)
		yes, whole = append(yes, first), append(whole, all)
	}
	report([]row{
		{"kind create cluster", bare, "start to end of the process, which waits for the control plane and not for the node; image present"},
		{"eksemu run, first yes", yes, "start of `eksemu run alice-views-pods` to the moment when kube-apiserver has answered the review with allowed (audit timestamp)"},
		{"eksemu run, whole", whole, "the same to the end of the process, which deletes the cluster"},
	})
	fmt.Printf("\nfirst yes / kind create cluster   %.2f   medians of %d rounds in turns; aim: at most 1.15\n", ratio(yes, bare), rounds)
}

// plainKind makes clusters with kind's own command line, built from the module that eksemu has its library of.
type plainKind struct{ binary, config, image string }

const plainName = "eksemu-bench-plain"

func newPlainKind(t *testing.T, config string) *plainKind {
	t.Helper()
	dir := t.TempDir()
	k := &plainKind{filepath.Join(dir, "kind"), filepath.Join(dir, "config.yaml"), os.Getenv("EKSEMU_KIND_IMAGE")}
	out, err := exec.Command("go", "build", "-o", k.binary, "sigs.k8s.io/kind").CombinedOutput()
	if err != nil {
		t.Fatalf("build kind: %v\n%s", err, out)
	}
	raw, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	// What a machine with control groups of version 1 needs; it has no effect elsewhere.
	raw = append(raw, "kubeadmConfigPatches:\n- |\n  kind: KubeletConfiguration\n  failCgroupV1: false\n"...)
	if err := os.WriteFile(k.config, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return k
}

// create makes a cluster and deletes it, and returns how long making it took.
func (k *plainKind) create(t *testing.T) time.Duration {
	t.Helper()
	kubeconfig := k.config + ".kubeconfig"
	args := []string{"create", "cluster", "--name", plainName, "--config", k.config, "--kubeconfig", kubeconfig}
	if k.image != "" {
		args = append(args, "--image", k.image)
	}
	var output bytes.Buffer
	command := exec.Command(k.binary, args...)
	command.Stdout, command.Stderr = &output, &output
	begin := time.Now()
	err := command.Run()
	took := time.Since(begin)
	if out, deleted := exec.Command(k.binary, "delete", "cluster", "--name", plainName, "--kubeconfig", kubeconfig).CombinedOutput(); deleted != nil {
		t.Errorf("kind delete cluster: %v\n%s", deleted, out)
	}
	if err != nil {
		t.Fatalf("kind create cluster: %v\n%s", err, output.Bytes())
	}
	return took
}
