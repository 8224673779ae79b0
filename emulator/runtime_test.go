package emulator

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gotest.tools/v3/golden"
)

func testRuntime() Runtime {
	return Runtime{
		Name: "test", PID: 4711, Version: "1.2.3", Started: testNow, Gateway: "http://127.0.0.1:4500",
		AdminToken: "secret-of-the-admin-api", Account: "111122223333", Region: "us-west-2",
		Clusters: []RuntimeCluster{{
			Name: "my-cluster", ARN: "arn:aws:eks:us-west-2:111122223333:cluster/my-cluster", Endpoint: "https://127.0.0.1:6443",
		}},
		Identities: []Identity{
			{"trurl", "user", "arn:aws:iam::111122223333:user/trurl"}, {"alice", "user", "arn:aws:iam::111122223333:user/alice"},
		},
	}
}

func TestRuntimeFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := testRuntime().write(dir); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "runtime.json")
	golden.Assert(t, read(t, path), "runtime.json")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v: it holds the token of the admin API", info, err)
	}
	got, err := ReadRuntime(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(testRuntime(), got); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

func TestReadRuntimeOfNothing(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "")
	for _, dir := range []string{t.TempDir(), "/nonexistent", file} {
		if _, err := ReadRuntime(dir); !errors.Is(err, ErrNotRunning) {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

func TestReadRuntimeThatIsDamaged(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"", "{", "null", "[]", "{}", `{"name":"test","clusters":[]}`, `{"pid":"4711"}`} {
		dir := t.TempDir()
		path := filepath.Join(dir, "runtime.json")
		write(t, path, content)
		got, err := ReadRuntime(dir)
		if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "eksemu down") {
			t.Errorf("%q: %v", content, err)
		}
		if diff := cmp.Diff(Runtime{}, got); diff != "" {
			t.Errorf("%q: half a runtime comes with the error: %s", content, diff)
		}
	}
}

func TestHas(t *testing.T) {
	t.Parallel()
	r := testRuntime()
	for _, tc := range []struct {
		names []string
		want  bool
	}{{nil, true}, {[]string{"alice"}, true}, {[]string{"alice", "trurl"}, true}, {[]string{"alice", "bob"}, false}, {[]string{"ALICE"}, false}} {
		if got := r.Has(tc.names...); got != tc.want {
			t.Errorf("has %v: %t", tc.names, got)
		}
	}
}
