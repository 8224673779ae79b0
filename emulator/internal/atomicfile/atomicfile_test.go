package atomicfile_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/eksemu/eksemu/emulator/internal/atomicfile"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		old  string // content of an older file with mode 0640; "" for no older file
		data string
		perm os.FileMode
	}{
		{name: "new secret", data: "secret", perm: 0o600},
		{name: "new empty file", data: "", perm: 0o644},
		{name: "shorter than the old one", old: "much longer than the new content", data: "short", perm: 0o600},
		{name: "mode that the umask would cut", old: "x", data: "y", perm: 0o666},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "state.json")
			if test.old != "" {
				if err := os.WriteFile(path, []byte(test.old), 0o640); err != nil {
					t.Fatal(err)
				}
			}
			if err := atomicfile.Write(path, []byte(test.data), test.perm); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(path)
			if err != nil || string(got) != test.data {
				t.Errorf("content is %q (%v), want %q", got, err, test.data)
			}
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if runtime.GOOS != "windows" && info.Mode() != test.perm {
				t.Errorf("mode is %v, want %v", info.Mode(), test.perm)
			}
			wantOnly(t, filepath.Dir(path), "state.json")
		})
	}
}

func TestWriteRefused(t *testing.T) {
	t.Parallel()
	t.Run("no folder", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "missing", "state.json")
		err := atomicfile.Write(path, []byte("x"), 0o600)
		if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "write "+path+": ") {
			t.Errorf("error is %v, want one that names %s and is fs.ErrNotExist", err, path)
		}
	})
	t.Run("a folder is in the way", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "state.json")
		if err := os.MkdirAll(filepath.Join(path, "inside"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := atomicfile.Write(path, []byte("x"), 0o600); err == nil {
			t.Error("a folder was replaced by a file")
		}
		wantOnly(t, filepath.Dir(path), "state.json")
	})
}

// A reader at any moment sees one whole version, whatever the writers do.
func TestWriteConcurrently(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.json")
	versions := [][]byte{bytes.Repeat([]byte("a"), 100_000), bytes.Repeat([]byte("b"), 50_000)}
	if err := atomicfile.Write(path, versions[0], 0o600); err != nil {
		t.Fatal(err)
	}
	var writers sync.WaitGroup
	for _, version := range versions {
		writers.Go(func() {
			for range 10 {
				if err := atomicfile.Write(path, version, 0o600); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 50 {
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, versions[0]) && !bytes.Equal(got, versions[1]) {
			t.Fatalf("read %d bytes that are neither version", len(got))
		}
	}
	writers.Wait()
	wantOnly(t, filepath.Dir(path), "state.json")
}

// wantOnly checks that no temporary file was left in folder.
func wantOnly(t *testing.T, folder, name string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || entries[0].Name() != name {
		t.Errorf("folder holds %v, want only %s", entries, name)
	}
}
