package kindcluster

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
)

// FuzzParseConfig: a configuration that is accepted makes one for kind in which every node is the environment's.
func FuzzParseConfig(f *testing.F) {
	f.Add([]byte(userConfig))
	f.Add([]byte("kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes: [{role: worker}, {}]\n"))
	for _, name := range []string{"default.yaml", "merged.yaml"} {
		raw, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		user, problems := ParseConfig("f.yaml", data)
		if (user == nil) != (len(problems) > 0) {
			t.Fatalf("configuration %v with problems %v", user, problems)
		}
		if user == nil {
			return
		}
		raw, err := render(user, marker{Cluster: "dev", ID: "RANDOM"}, testSpec(), folder{"/state"}, true)
		if err != nil {
			t.Fatal(err)
		}
		var config v1alpha4.Cluster
		if err := yaml.Unmarshal(raw, &config); err != nil {
			t.Fatalf("%v\n%s", err, raw)
		}
		names := nodeNames("dev", user)
		if config.Name != "dev" || len(config.Nodes) == 0 || len(config.Nodes) != len(names) {
			t.Errorf("names %q for\n%s", names, raw)
		}
		for _, node := range config.Nodes {
			if !slices.ContainsFunc(node.ExtraMounts, func(m v1alpha4.Mount) bool { return m.ContainerPath == ownerMount("RANDOM") }) {
				t.Errorf("a node is nobody's in\n%s", raw)
			}
		}
	})
}

// FuzzParseNetwork: a network has an IPv4 gateway, or there is an error.
func FuzzParseNetwork(f *testing.F) {
	f.Add([]byte(`[{"Name":"kind","Id":"2a8b9fb0b2f9d0c2d4b8","IPAM":{"Config":[{"Gateway":"172.18.0.1"},{"Gateway":"fc00::1/64"}]},"Options":{"com.docker.network.bridge.name":"br0"}}]`))
	f.Add([]byte(`[{"IPAM":{"Config":[{"Gateway":"172.18.0.1/16"}]}}]`))
	f.Add([]byte(`[null]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := parseNetwork(data)
		if ip := net.ParseIP(got.gateway); err == nil && (ip == nil || ip.To4() == nil) {
			t.Errorf("%q: gateway %q", data, got.gateway)
		}
	})
}

// FuzzEssence: nothing is in it that kubeadm did not print, and neither its log nor blank lines.
func FuzzEssence(f *testing.F) {
	f.Add("I1127 04:39:19.184000     123 command.go:1] log\n[kubelet-start] Starting\n\nruntime.goexit\n\t/usr/local/go/src/runtime/asm_amd64.s:1771\nerror: x\n")
	f.Fuzz(func(t *testing.T, output string) {
		lines := strings.Split(output, "\n")
		got := essence(output)
		if got == "" {
			return
		}
		for _, line := range strings.Split(got, "\n") {
			if !slices.Contains(lines, line) || klog.MatchString(line) || strings.HasPrefix(line, "\t/") || strings.TrimSpace(line) == "" {
				t.Errorf("%q has %q", output, line)
			}
		}
	})
}

// FuzzParseStep: a step is one of kind's, and text.
func FuzzParseStep(f *testing.F) {
	f.Add(" • Preparing nodes 📦  ...")
	f.Add(" • Übung ...")
	f.Fuzz(func(t *testing.T, line string) {
		got, ok := parseStep(line)
		if ok != (got != "") || ok && (!strings.HasPrefix(got, "kind: ") || !strings.HasPrefix(line, " • ")) {
			t.Errorf("%q: %q, %t", line, got, ok)
		}
		if utf8.ValidString(line) && !utf8.ValidString(got) {
			t.Errorf("%q became %q, which is no text", line, got)
		}
	})
}
