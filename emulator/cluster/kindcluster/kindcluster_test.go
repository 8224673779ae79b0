package kindcluster

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gotest.tools/v3/golden"

	"github.com/eksemu/eksemu/emulator/cluster"
)

func TestParseStep(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		" • Preparing nodes 📦   ...":                           "kind: preparing nodes",
		" • Starting control-plane 🕹️  ...":                    "kind: starting control-plane",
		" • Ensuring node image (kindest/node:v1.37.0) 🖼  ...": "kind: ensuring node image (kindest/node:v1.37.0)",
		" • Installing StorageClass 💾  ...":                    "kind: installing StorageClass",
		" ✓ Preparing nodes 📦":                                 "",
		"Creating cluster \"x\" ...":                           "",
		" • ":                                                  "",
		" • 📦 ...":                                             "",
		"":                                                     "",
	} {
		if got, ok := parseStep(line); got != want || ok != (want != "") {
			t.Errorf("%q: %q (%t), want %q", line, got, ok, want)
		}
	}
}

func TestParseNetwork(t *testing.T) {
	t.Parallel()
	const inspected = `[{"Name":"kind","Id":"2a8b9fb0b2f9d0c2d4b8","IPAM":{"Config":[{"Subnet":"172.18.0.0/16","Gateway":"172.18.0.1"},
		{"Subnet":"fc00:f853:ccd:e793::/64","Gateway":"fc00:f853:ccd:e793::1"}]},"Options":{"com.docker.network.bridge.enable_ip_masquerade":"true"}}]`
	got, err := parseNetwork([]byte(inspected))
	if err != nil || got != (network{gateway: "172.18.0.1", bridge: "br-2a8b9fb0b2f9"}) {
		t.Errorf("%+v, %v", got, err)
	}
	named, err := parseNetwork([]byte(strings.Replace(inspected, "com.docker.network.bridge.enable_ip_masquerade", "com.docker.network.bridge.name", 1)))
	if err != nil || named.bridge != "true" {
		t.Errorf("%+v, %v", named, err)
	}
	for _, broken := range []string{"", "[]", "{}", `[{"Name":"kind","IPAM":{"Config":[{"Gateway":"fc00::1"}]}}]`} {
		if got, err := parseNetwork([]byte(broken)); err == nil {
			t.Errorf("%q: %+v", broken, got)
		}
	}
}

func TestIsOwn(t *testing.T) {
	t.Parallel()
	if !isOwn("127.0.0.1") || isOwn("192.0.2.1") || isOwn("") { // RFC 5737: nobody's
		t.Error("which addresses are this machine's")
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	both := []string{"21362", "21363"}
	got := (&unreachable{"172.18.0.1", both, both, "br-2a8b9fb0b2f9", "no answer within 2s"}).Error() + "\n" +
		(&unreachable{"host.docker.internal", both[1:], both, "", "No route to host"}).Error() + "\n"
	golden.Assert(t, got, "unreachable.txt")
}

func TestPrepareWritesFiles(t *testing.T) {
	t.Parallel()
	files := folder{filepath.Join(t.TempDir(), "control-plane")}
	digests := map[string]bool{}
	for i, change := range []func(*cluster.Spec){
		func(*cluster.Spec) {},
		func(s *cluster.Spec) { s.TokenWebhook.URL += "x" },
		func(s *cluster.Spec) { s.AnonymousPaths = []string{joinPath} },
		func(s *cluster.Spec) { s.AuditPolicy = nil },
	} {
		spec := testSpec()
		change(&spec)
		if digests[digest(spec)] {
			t.Errorf("step %d: the digest is that of other files", i)
		}
		digests[digest(spec)] = true
		if err := files.prepare(spec); err != nil {
			t.Error(err)
		}
		got := map[string]string{}
		for name := range cluster.Files(spec, mountPoint) {
			raw, err := os.ReadFile(files.file(name))
			if err != nil {
				t.Fatal(err)
			}
			got[name] = string(raw)
		}
		want := map[string]string{}
		for name, content := range cluster.Files(spec, mountPoint) {
			want[name] = string(content)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("step %d (-want +got):\n%s", i, diff)
		}
	}
}

func TestMarker(t *testing.T) {
	t.Parallel()
	files := folder{t.TempDir()}
	if mark, err := files.marker(); err != nil || mark.Cluster != "" {
		t.Errorf("before: %+v, %v", mark, err)
	}
	want := marker{Cluster: "x", ID: "RANDOM", Made: true, Files: "digest", Daemon: "daemon", Settings: map[string]string{"a": "b"}}
	if err := files.mark(want); err != nil {
		t.Fatal(err)
	}
	if mark, err := files.marker(); err != nil || !cmp.Equal(mark, want) {
		t.Errorf("after: %+v, %v", mark, err)
	}
	if err := files.forget(); err != nil {
		t.Fatal(err)
	}
	if mark, err := files.marker(); err != nil || mark.Cluster != "" {
		t.Errorf("forgotten: %+v, %v", mark, err)
	}
	if err := os.WriteFile(files.markerPath(), []byte("?"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := files.marker(); err == nil || !strings.Contains(err.Error(), files.markerPath()) {
		t.Errorf("damaged: %v", err)
	}
}

// TestWithoutDocker: whoever has no Docker learns that there is another backend.
func TestWithoutDocker(t *testing.T) {
	t.Parallel()
	b := New(Config{Name: "x", Dir: t.TempDir(), Env: []string{"PATH=" + t.TempDir()}})
	if _, err := b.Prepare(t.Context()); err == nil || !strings.Contains(err.Error(), "docker is not on PATH") || !strings.Contains(err.Error(), "embedded") {
		t.Errorf("error %v", err)
	}
	if err := Remove(t.Context(), t.TempDir(), nil); err != nil {
		t.Errorf("there is nothing to remove: %v", err)
	}
}

func TestAddressOfLinux(t *testing.T) {
	t.Parallel()
	b := New(Config{Name: "x"})
	b.site.dial = "172.18.0.1"
	if address, err := b.Address(t.Context()); err != nil || net.ParseIP(address) == nil {
		t.Errorf("%q, %v", address, err)
	}
}
