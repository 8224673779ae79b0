package emulator

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

var testNow = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return testNow }

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func locked(t *testing.T, dir string) *stateLock {
	t.Helper()
	lock, err := lockState(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lock.release() })
	return lock
}

func TestSecondLockIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := locked(t, dir)
	_, err := lockState(dir)
	want := fmt.Sprintf("an environment is already running in %s: use it, stop it with `eksemu down`, or choose another --name", dir)
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if err := first.release(); err != nil {
		t.Fatal(err)
	}
	locked(t, dir)
}

func TestLockNeedsAFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "missing")
	if _, err := lockState(dir); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), dir) {
		t.Errorf("error %v", err)
	}
}

func TestStateOutlivesARestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.json")
	first, err := loadState(path, []byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	first.Bootstrap["my-cluster"] = true
	if err := first.save(); err != nil {
		t.Fatal(err)
	}
	second, err := loadState(path, []byte(strings.Repeat("x", 32)))
	if err != nil {
		t.Fatal(err)
	}
	if string(second.SealingKey) != strings.Repeat("k", 32) || !second.Bootstrap["my-cluster"] {
		t.Errorf("state %+v: a new sealing key would end all sessions", second)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v: it holds the sealing key", info.Mode(), err)
	}
}

func TestDamagedStateIsRefusedAndKept(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"empty":          "",
		"no JSON":        "{",
		"null":           "null",
		"a list":         "[]",
		"no key":         `{"bootstrap":{}}`,
		"a short key":    `{"sealingKey":"c2hvcnQ=","bootstrap":{}}`,
		"no base64":      `{"sealingKey":"???","bootstrap":{}}`,
		"null bootstrap": `{"sealingKey":"a2tra2tra2tra2tra2tra2tra2tra2tra2tra2traw==","bootstrap":null}`,
		"two values":     `{"sealingKey":"a2tra2tra2tra2tra2tra2tra2tra2tra2tra2traw==","bootstrap":{}} {}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "state.json")
			write(t, path, content)
			_, err := loadState(path, make([]byte, 32))
			want := "state file " + path + " is damaged and was left as it is: remove the environment with `eksemu down`"
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want %q in it", err, want)
			}
			if got := read(t, path); got != content {
				t.Errorf("the file is now %q", got)
			}
		})
	}
}

func TestCAOutlivesARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "ca.key")
	if _, err := loadCA(cert, key, clock); err != nil {
		t.Fatal(err)
	}
	before := read(t, cert)
	again, err := loadCA(cert, key, clock)
	if err != nil || string(again.CertPEM()) != before || read(t, cert) != before {
		t.Errorf("another CA after a restart, %v", err)
	}
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key: %v, %v", info, err)
	}
}

func TestDamagedCAIsRefusedAndKept(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(t *testing.T, cert, key string){
		"no certificate in it": func(t *testing.T, cert, _ string) { write(t, cert, "garbage") },
		"no key in it":         func(t *testing.T, _, key string) { write(t, key, "") },
		"the key is gone": func(t *testing.T, _, key string) {
			if err := os.Remove(key); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			cert, key := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "ca.key")
			if _, err := loadCA(cert, key, clock); err != nil {
				t.Fatal(err)
			}
			damage(t, cert, key)
			before := read(t, cert)
			_, err := loadCA(cert, key, clock)
			if err == nil || !strings.Contains(err.Error(), "certificate authority "+cert+" (remove the environment with `eksemu down` to start anew): ") {
				t.Errorf("error %v", err)
			}
			if read(t, cert) != before {
				t.Error("the certificate was overwritten")
			}
		})
	}
}

func TestRemoveState(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, want string
		prepare    func(t *testing.T, dir string)
	}{
		{"stopped", "", func(t *testing.T, dir string) { _ = locked(t, dir).release(); write(t, dir+"/state.json", "{}") }},
		{"damaged", "", func(t *testing.T, dir string) { _ = locked(t, dir).release(); write(t, dir+"/state.json", "?") }},
		{"empty", "", func(*testing.T, string) {}},
		{"killed before it was locked", "", func(t *testing.T, dir string) {
			if err := os.MkdirAll(filepath.Join(dir, "logs", "x"), 0o700); err != nil {
				t.Fatal(err)
			}
		}},
		{"in use", "an environment is already running in DIR", func(t *testing.T, dir string) { locked(t, dir) }},
		{"somebody else's", "DIR does not look like a state folder of eksemu, so it was not removed",
			func(t *testing.T, dir string) { write(t, dir+"/thesis.tex", "…") }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			tc.prepare(t, dir)
			err := RemoveState(t.Context(), dir, nil)
			_, stat := os.Stat(dir)
			if tc.want == "" {
				if err != nil || !errors.Is(stat, os.ErrNotExist) {
					t.Errorf("error %v; folder: %v", err, stat)
				}
				return
			}
			if err == nil || !strings.HasPrefix(err.Error(), strings.ReplaceAll(tc.want, "DIR", dir)) || stat != nil {
				t.Errorf("error %v, want %s; folder: %v", err, tc.want, stat)
			}
		})
	}
	if err := RemoveState(t.Context(), filepath.Join(t.TempDir(), "missing"), nil); err != nil {
		t.Errorf("one that somebody else has removed: %v", err)
	}
}

// TestRemoveFolder has something come into the folder while it is removed, and something else into the one after it.
func TestRemoveFolder(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	dir := filepath.Join(parent, "default")
	if err := MakeState(dir); err != nil {
		t.Fatal(err)
	}
	write(t, dir+"/late.log", "…")
	lock := locked(t, dir)
	if err := removeFolder(dir); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(parent); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if err := MakeState(dir); err != nil {
		t.Fatal(err)
	}
	if stillThere(lock.file) || inUse(dir) {
		t.Error("the new folder is locked by who removed the old one")
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := removeFolder(dir); err != nil {
		t.Errorf("one that somebody else has removed: %v", err)
	}
	if err := removeFolder(filepath.Join(dir, "x")); err == nil || !strings.HasPrefix(err.Error(), "remove the state folder "+dir+"/x: ") {
		t.Errorf("error %v", err)
	}
}

// TestRemoveFolderAtOneBlow has somebody take the folder again and again while somebody else removes it: who has its lock keeps
// it.
func TestRemoveFolderAtOneBlow(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "default")
	taken := make(chan struct{})
	var other sync.WaitGroup
	other.Go(func() {
		defer close(taken)
		for range 200 {
			if err := MakeState(dir); err != nil {
				continue // it was removed in the midst of that
			}
			lock, err := lockState(dir)
			if err != nil {
				continue
			}
			for range 20 {
				if _, err := os.ReadDir(dir); err != nil || !stillThere(lock.file) {
					t.Errorf("the folder was removed from who has its lock: %v", err)
				}
			}
			_ = lock.release()
		}
	})
	for removing := true; removing; {
		select {
		case <-taken:
			removing = false
		default:
		}
		if err := RemoveState(t.Context(), dir, nil); err != nil && !errors.Is(err, ErrInUse) {
			t.Error(err)
		}
	}
	other.Wait()
}

func TestMakeState(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state", "default")
	for range 2 {
		if err := MakeState(dir); err != nil {
			t.Fatal(err)
		}
		if got := read(t, filepath.Join(dir, "lock")); got != "" || inUse(dir) {
			t.Errorf("lock %q, in use: %t", got, inUse(dir))
		}
	}
	lock := locked(t, dir)
	if err := MakeState(dir); err != nil || !inUse(dir) {
		t.Errorf("while it runs: %v, in use: %t", err, inUse(dir))
	}
	if err := lock.release(); err != nil {
		t.Fatal(err)
	}
	if err := RemoveState(t.Context(), dir, nil); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "a file")
	if err := MakeState(dir); err == nil || !strings.HasPrefix(err.Error(), "make the state folder (set XDG_STATE_HOME to a folder that you can write to): ") {
		t.Error(err)
	}
}

// TestLockThatIsRemoved: whoever has waited for a lock whose folder is removed does not own what comes after it.
func TestLockThatIsRemoved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	lock := locked(t, dir)
	if !stillThere(lock.file) {
		t.Error("it is there")
	}
	if err := os.Remove(lock.file.Path()); err != nil {
		t.Fatal(err)
	}
	if stillThere(lock.file) {
		t.Error("it was removed")
	}
	if err := MakeState(dir); err != nil {
		t.Fatal(err)
	}
	if stillThere(lock.file) {
		t.Error("it was replaced")
	}
}

func TestWaitStopped(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	lock := locked(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := WaitStopped(ctx, dir); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), dir) {
		t.Errorf("while it runs: %v", err)
	}
	if err := lock.release(); err != nil {
		t.Fatal(err)
	}
	if err := WaitStopped(t.Context(), dir); err != nil {
		t.Error(err)
	}
	locked(t, dir) // nothing is left locked
	if err := WaitStopped(t.Context(), filepath.Join(dir, "missing")); err != nil {
		t.Errorf("one that has been removed: %v", err)
	}
}
