package cli

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/emulator"
)

// TestVariablesOfKindWithoutKind are for another command of the same shell.
func TestVariablesOfKindWithoutKind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env = map[string]string{clusterVariable: "Bad_Name", imageVariable: "z", configVariable: "/missing"}
	w.run("up").want(t, ExitStart, stepsToTheFirstChild+"…")
}

func TestBackendVariable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env[backendVariable] = "docker"
	w.run("up").want(t, ExitUsage, "error: EKSEMU_BACKEND \"docker\": use one of embedded, kind\n")
	w.env[backendVariable] = "kind"
	w.run("up", "--quiet").want(t, ExitStart, "error: start a kind cluster: prepare Docker for the kind cluster eksemu-default-my-cluster: docker is not on PATH: …")
	w.run("up", "--backend", "embedded").want(t, ExitStart, stepsToTheFirstChild+"…") // as the error says
	w.run("up", "--backend", "embedded", "--retain").want(t, ExitUsage, "error: --retain: …")
}

// TestKeptBackendCounts where nobody chooses one.
func TestKeptBackendCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.onKind(t, "default")
	w.docker(t, "exit 1")
	w.run("up", "--quiet", "--kind-cluster", "dev", "--retain").want(t, ExitStart, "error: start a kind cluster: …")
	w.env[backendVariable] = "embedded"
	w.run("up", "--quiet").want(t, ExitStart, "error: prepare the state folder: the environment's clusters were made with --backend kind: unset EKSEMU_BACKEND, which says embedded, …")
	w.env = nil
	w.run("run", "--retain").want(t, ExitUsage, "error: --retain: …") // the private environment keeps nothing
}

// TestDetachHandsFlagsOn, and leaves variables to the environment.
func TestDetachHandsFlagsOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.background(t, `echo "$@"; echo '{"ready":true}' >&3`)
	w.start(t, "other")
	w.env = map[string]string{clusterVariable: "from-a-variable", backendVariable: "kind"}
	config := filepath.Join(t.TempDir(), "kind.yaml")
	write(t, config, "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n")
	w.run("up", "--detach", "--name", "other", "--kind-config", config, "--retain").want(t, ExitOK, "…")
	log := read(t, filepath.Join(w.StateHome, "other", "logs", "eksemu.log"))
	if !strings.HasSuffix(log, " --report-fd 3 --kind-config="+config+" --retain=true\n") {
		t.Errorf("arguments %s", log)
	}
}

func TestBackendOptions(t *testing.T) {
	t.Parallel()
	f := backendFlags{backend: "kind", cluster: "dev", image: "node:1", retain: true, given: []string{"kind-cluster"}}
	options, err := f.options("")
	if err != nil || options.name != emulator.BackendKind || options.variable != backendVariable || options.cluster != "dev" || options.kind.Image != "node:1" || !options.kind.Retain {
		t.Errorf("%+v, %v", options, err)
	}
	f.given = []string{"backend"}
	if options, err = f.options(""); err != nil || options.variable != "" {
		t.Errorf("%+v, %v", options, err)
	}
}

// TestToolEnviron: what leads clients of AWS here leads docker and kind elsewhere.
func TestToolEnviron(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Environ = []string{"PATH=/bin", "HTTPS_PROXY=http://127.0.0.1:4500", "no_proxy=x", "KUBECONFIG=k", "AWS_PROFILE=alice", "DOCKER_HOST=unix:///x"}
	w.env = map[string]string{ownProxy: ""}
	if diff := cmp.Diff([]string{"PATH=/bin", "DOCKER_HOST=unix:///x"}, w.toolEnviron()); diff != "" {
		t.Errorf("without a proxy of the machine's own (-want +got):\n%s", diff)
	}
	w.env = map[string]string{ownProxy: "http://proxy.example:3128", ownNoProxy: "localhost"}
	for _, want := range []string{"HTTPS_PROXY=http://proxy.example:3128", "NO_PROXY=localhost,host.docker.internal"} {
		if got := w.toolEnviron(); !slices.Contains(got, want) {
			t.Errorf("no %s in %q", want, got)
		}
	}
}
