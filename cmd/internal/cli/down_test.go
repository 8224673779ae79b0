package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/eksemu/eksemu/emulator/cluster"
)

// docker puts a shell script on the PATH of docker and kind.
func (w *world) docker(t *testing.T, script string) {
	t.Helper()
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "docker"), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	w.Environ = []string{"PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH")}
}

// onKind leaves the state folder of an environment whose cluster is the kind cluster dev.
func (w *world) onKind(t *testing.T, name string) (dir string) {
	t.Helper()
	dir = filepath.Join(w.StateHome, name)
	write(t, filepath.Join(dir, "lock"), "")
	write(t, filepath.Join(dir, "clusters", "my-cluster", "control-plane", "kind.json"), `{"Cluster":"dev","ID":"MINE","Daemon":"here","Made":true}`)
	return dir
}

// TestDownLeavesOthersAlone: somebody else has a kind cluster of that name by now, and the user is told.
func TestDownLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := w.onKind(t, "default")
	w.docker(t, `case "$1" in info) echo '{"ID":"here"}';; ps) echo dev-control-plane;; container) echo /dev-control-plane,true,,control-plane;; *) exit 1;; esac`)
	w.run("down").want(t, ExitOK, "note: the kind cluster dev is not, or not any more, the one that this environment made (dev-control-plane), and was left alone: "+
		"delete it with `kind delete cluster --name dev` if nobody needs it\nenvironment default was not running; its state is removed\n")
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("state folder: %v", err)
	}
}

// TestDownThatCannotRemove keeps the state, which knows what is left.
func TestDownThatCannotRemove(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := w.onKind(t, "default")
	w.docker(t, `echo "daemon is busy" >&2; exit 1`)
	w.run("down").want(t, ExitStart, "error: environment default: delete the kind cluster dev (if its Docker is gone for good, remove "+
		filepath.Join(dir, "clusters", "my-cluster", "control-plane", "kind.json")+"): docker info: daemon is busy (exit status 1)\n")
	if _, err := os.Stat(dir); err != nil {
		t.Errorf("state folder: %v", err)
	}
}

func TestLeftRunning(t *testing.T) {
	t.Parallel()
	interrupted := errors.New("context canceled")
	left := &cluster.LeftError{What: "the kind cluster dev", Err: errors.New("docker rm: daemon is busy")}
	for _, tc := range []struct {
		err  error
		want string
	}{
		{interrupted, "nothing is left running"},
		{fmt.Errorf("start a kind cluster: %w", errors.Join(interrupted, left)), "the kind cluster dev is left, because it could not be taken down (the next start, or `eksemu down`, tries again): docker rm: daemon is busy"},
	} {
		if got := leftRunning(tc.err); got != tc.want {
			t.Errorf("%v: %q, want %q", tc.err, got, tc.want)
		}
	}
}
