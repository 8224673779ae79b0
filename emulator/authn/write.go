package authn

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/eksemu/eksemu/emulator/internal/atomicfile"
)

// Write writes all of the authenticator's files, for a child that does not run. Nothing is written when the
// error is about the access.
func (s *Server) Write(a Access) error {
	if err := a.check(); err != nil {
		return err
	}
	if s.Kubeconfig == "" && a.AuthenticationMode != API {
		return fmt.Errorf("access to cluster %q: authentication mode %s reads aws-auth: set Kubeconfig", a.Cluster, a.AuthenticationMode)
	}
	cfg, err := s.config(&a)
	if err != nil {
		return err
	}
	data, err := encode(cfg)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return fmt.Errorf("make the authenticator's folder: %w", err)
	}
	for _, file := range []struct {
		name string
		data []byte
	}{{certFile, s.CertPEM}, {keyFile, s.KeyPEM}, {configFile, data}} {
		if err := atomicfile.Write(filepath.Join(s.Dir, file.name), file.data, 0o600); err != nil {
			return fmt.Errorf("write the authenticator's %s: %w", file.name, err)
		}
	}
	_, err = s.Update(a)
	return err
}

// Updated tells which of the files that the authenticator watches an update has changed.
type Updated struct{ Entries, Mode bool }

// Update changes the access entries and the authentication mode of a running authenticator, which notices at
// once and without a restart. Creator and ServiceRoles are read at start only: changing those takes [Server.Write]
// and a restart. What has not changed is not written.
//
// Upstream reads a file before it begins to watch it, so a change in the first moments of a child may go
// unnoticed: update after [Server.Ready]. Its log then shows lines for every change, see [Server.ReadEntries] and
// [RebuiltMappers].
func (s *Server) Update(a Access) (Updated, error) {
	var done Updated
	if err := a.check(); err != nil {
		return done, err
	}
	mode, err := a.AuthenticationMode.mappers()
	if err != nil {
		return done, err
	}
	roles, users, err := mappings(a.Entries, a.Partition, true)
	if err != nil {
		return done, err
	}
	// Entries first: a new mode may need them.
	done.Entries, err = s.update(entriesFile, func(at stamp) any {
		return dynamicFile{stamp: at, MapRoles: roles, MapUsers: users}
	})
	if err != nil {
		return done, err
	}
	done.Mode, err = s.update(modeFile, func(at stamp) any {
		return backendModeFile{stamp: at, BackendMode: strings.Join(mode, " ")}
	})
	return done, err
}

// update writes a watched file if anything but its stamp would change, and tells whether.
func (s *Server) update(name string, content func(stamp) any) (bool, error) {
	path := filepath.Join(s.Dir, name)
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("update the authenticator's %s: %w", name, err)
	}
	var at stamp
	if json.Unmarshal(old, &at) == nil {
		same, err := encode(content(at))
		if err != nil {
			return false, err
		}
		if bytes.Equal(bytes.TrimSpace(old), bytes.TrimSpace(same)) {
			return false, nil
		}
	}
	data, err := encode(content(newStamp(s.Now())))
	if err != nil {
		return false, err
	}
	if err := writeInPlace(path, data); err != nil {
		return false, fmt.Errorf("update the authenticator's %s: %w", name, err)
	}
	return true, nil
}

// encode renders a file.
func encode(content any) ([]byte, error) {
	data, err := json.MarshalIndent(content, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode the authenticator's files: %w", err)
	}
	return append(data, '\n'), nil
}

// writeInPlace writes a file that the authenticator watches, by a single write over the old content.
//
// Renaming a new file over it would be safer for a file that must survive a crash, but upstream then stops
// watching and only looks again after a second (pkg/fileutil/util.go); and this file is written anew at
// every start. Truncating first would let the authenticator read an empty file. So a shorter content is padded
// with line ends, which JSON allows, to the length of the old one: whenever the file is read, it is a
// whole document.
func writeInPlace(path string, data []byte) (err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, file.Close())
	}()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if missing := info.Size() - int64(len(data)); missing > 0 {
		data = append(data, bytes.Repeat([]byte{'\n'}, int(missing))...)
	}
	_, err = file.WriteAt(data, 0)
	return err
}
