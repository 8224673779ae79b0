package cli

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/emulator"
	"github.com/eksemu/eksemu/emulator/cluster/kindcluster"
)

// dockerWithout is a Docker that has no containers.
const dockerWithout = `case "$1" in info) echo '{"ID":"here"}';; esac`

// TestRemoveFailed: what the error of a private environment names stays, and nothing else.
func TestRemoveFailed(t *testing.T) {
	t.Parallel()
	const logs, node, marker = "logs/kind/dev-control-plane/kubelet.log", "logs/kind.log", "clusters/my-cluster/control-plane/kind.json"
	for name, test := range map[string]struct {
		files  []string
		retain bool
		want   []string
	}{
		"nothing of kind":              {files: []string{"logs/etcd.log"}},
		"no Docker":                    {files: []string{"state.json"}, retain: true},
		"logs":                         {files: []string{logs, node, "state.json", "aws/credentials"}, want: []string{"kept", "lock", node, logs}},
		"logs, and nodes that go":      {files: []string{logs, marker}, want: []string{"kept", "lock", logs}},
		"logs, and nodes are retained": {files: []string{logs, marker, "state.json"}, retain: true, want: []string{marker, "kept", "lock", logs, "state.json"}},
	} {
		w := newWorld(t)
		w.docker(t, dockerWithout)
		dir := filepath.Join(w.StateHome, "run.4711")
		for _, file := range append(test.files, "lock") {
			content := ""
			if file == marker {
				content = `{"Cluster":"dev","ID":"MINE","Daemon":"here"}`
			}
			write(t, filepath.Join(dir, file), content)
		}
		options := emulator.Options{Dir: dir, Kind: kindcluster.Options{Retain: test.retain}, ToolEnv: w.toolEnviron()}
		if err := removeFailed(t.Context(), options); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var left []string
		for _, path := range files(t, dir) {
			if info, err := os.Stat(path); err == nil && !info.IsDir() {
				relative, _ := filepath.Rel(dir, path)
				left = append(left, relative)
			}
		}
		if diff := cmp.Diff(test.want, left); diff != "" {
			t.Errorf("%s: left (-want +got):\n%s", name, diff)
		}
		if len(test.want) == 0 {
			continue
		}
		w.removeAbandoned(t.Context())
		if _, err := os.Stat(filepath.Join(dir, "kept")); err != nil {
			t.Errorf("%s: the next run has removed it: %v", name, err)
		}
		w.run("down", "--name", "run.4711").want(t, ExitOK, "environment run.4711 was not running; its state is removed\n")
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("%s: state folder: %v", name, err)
		}
	}
}

// TestKeptLogsGrowOld, and nodes that are retained do not.
func TestKeptLogsGrowOld(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		retained bool
		age      time.Duration
		stays    bool
	}{
		"young logs": {age: logsKept - time.Minute, stays: true},
		"old logs":   {age: logsKept + time.Minute},
		"nodes":      {retained: true, age: 10 * logsKept, stays: true},
	} {
		w := newWorld(t)
		w.docker(t, dockerWithout)
		dir := filepath.Join(w.StateHome, "run.4711")
		if test.retained {
			w.onKind(t, "run.4711")
		}
		write(t, filepath.Join(dir, "lock"), "")
		write(t, filepath.Join(dir, keptFile), "")
		if err := os.Chtimes(dir, testNow.Add(-test.age), testNow.Add(-test.age)); err != nil {
			t.Fatal(err)
		}
		w.removeAbandoned(t.Context())
		if _, err := os.Stat(dir); (err == nil) != test.stays {
			t.Errorf("%s: %v", name, err)
		}
	}
}
