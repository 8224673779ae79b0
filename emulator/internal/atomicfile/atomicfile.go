// Package atomicfile replaces files so that a reader sees the whole old content or the whole new content,
// never a mixture and never an empty file: not after a crash, not while a child process watches the file for
// changes (the authenticator reloads its mappings this way), and not when the disk is full.
//
// The new content is written to a hidden file in the same folder, flushed to the disk, and renamed over the
// old one. Whoever watches for changes must therefore watch the folder: the file itself is a new one every time.
package atomicfile

import (
	"fmt"
	"os"
	"path/filepath"
)

// Write replaces the content of the file at path, or creates it, with exactly the permissions perm: neither
// the umask nor the old file's mode changes them. The folder must exist. A symbolic link at path is replaced,
// not followed. After an error, the old file is as it was and no temporary file is left.
func Write(path string, data []byte, perm os.FileMode) error {
	folder, name := filepath.Split(filepath.Clean(path))
	if folder == "" {
		folder = "."
	}
	tmp, err := os.CreateTemp(folder, "."+name+".new-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	err = fill(tmp, data, perm)
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name()) // the first error is the one to tell
		return fmt.Errorf("write %s: %w", path, err)
	}
	syncFolder(folder)
	return nil
}

// fill gives tmp its mode before its content, so that a secret is never readable by more than perm allows,
// and closes it.
func fill(tmp *os.File, data []byte, perm os.FileMode) error {
	err := tmp.Chmod(perm)
	if err == nil {
		_, err = tmp.Write(data)
	}
	if err == nil {
		err = tmp.Sync()
	}
	if closeErr := tmp.Close(); err == nil {
		err = closeErr
	}
	return err
}

// syncFolder makes the rename itself durable. Some file systems and Windows cannot sync a folder; the file
// is complete either way, so that is no error.
func syncFolder(folder string) {
	f, err := os.Open(folder)
	if err != nil {
		return
	}
	_ = f.Sync()
	_ = f.Close()
}
