package emulator

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"github.com/eksemu/eksemu/emulator/internal/atomicfile"
	"github.com/eksemu/eksemu/emulator/internal/pki"
	"github.com/eksemu/eksemu/emulator/trace"
)

// stateFileName is the name of the file that a state is kept in.
const stateFileName = "state.json"

// state is state.json: what must outlive the process.
type state struct {
	path string
	mu   sync.Mutex // of update and read

	stateFile
}

// stateFile is the content of state.json.
type stateFile struct {
	SealingKey []byte            `json:"sealingKey"`          // of STS sessions
	Bootstrap  map[string]bool   `json:"bootstrap"`           // clusters whose manifests have been applied
	Manifests  map[string]string `json:"manifests,omitempty"` // what they were, by cluster, as digest has it
	ARNs       map[string]string `json:"arns,omitempty"`      // of the clusters when they were made
	Port       int               `json:"port,omitempty"`      // of the gateway, kept so that shells stay valid over a restart
	NodesPort  int               `json:"nodesPort,omitempty"` // of the AWS endpoint for nodes and pods
	Backend    Backend           `json:"backend,omitempty"`   // that runs the clusters
	Seeded     seeded            `json:"seeded,omitempty"`    // what of the configuration is in iam.json and eks.json
}

// read is what the file holds. Its maps are not to be changed.
func (s *state) read() stateFile {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stateFile
}

// update changes the file, on disk first. change gets maps of its own.
func (s *state) update(change func(*state)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := state{path: s.path, stateFile: s.stateFile}
	next.Bootstrap, next.Manifests = cloneMap(s.Bootstrap), cloneMap(s.Manifests)
	next.ARNs, next.Seeded = cloneMap(s.ARNs), cloneMap(s.Seeded)
	change(&next)
	if err := next.save(); err != nil {
		return err
	}
	s.stateFile = next.stateFile
	return nil
}

// cloneMap is a copy of a map that can be written to.
func cloneMap[M ~map[string]V, V any](m M) M {
	clone := M{}
	maps.Copy(clone, m)
	return clone
}

// digest tells manifests from others.
func digest(manifests []string) string {
	hash := sha256.New()
	for _, manifest := range manifests {
		fmt.Fprintf(hash, "%d\n%s", len(manifest), manifest)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// loadState reads state.json, or makes a new state with a sealing key. A damaged file is refused and left as it is.
func loadState(path string, sealingKey []byte) (*state, error) {
	s := &state{path: path, stateFile: stateFile{Bootstrap: map[string]bool{}, Manifests: map[string]string{}}}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		s.SealingKey = sealingKey
		return s, s.save()
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, &s.stateFile); err != nil || len(s.SealingKey) != len(sealingKey) || s.Bootstrap == nil || s.Manifests == nil {
		return nil, fmt.Errorf("state file %s is damaged and was left as it is: remove the environment with `eksemu down`, or put a good copy back", path)
	}
	return s, nil
}

func (s *state) save() error {
	raw, err := json.MarshalIndent(s.stateFile, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.Write(s.path, append(raw, '\n'), 0o600)
}

// lockFile is the first file of a state folder that is made, and the last that is removed.
const lockFile = "lock"

// ErrInUse is returned by [Start] and [RemoveState] when a process owns the state folder.
var ErrInUse = errors.New("an environment is already running")

// stateLock says that one process owns the state folder. The operating system frees it when that process dies.
type stateLock struct{ file *flock.Flock }

func lockState(dir string) (*stateLock, error) {
	for {
		file := flock.New(filepath.Join(dir, lockFile), flock.SetPermissions(0o600))
		locked, err := file.TryLock()
		if err != nil {
			return nil, fmt.Errorf("lock the state folder %s: %w", dir, err)
		}
		if !locked {
			return nil, fmt.Errorf("%w in %s: use it, stop it with `eksemu down`, or choose another --name", ErrInUse, dir)
		}
		if stillThere(file) {
			return &stateLock{file}, nil
		}
		_ = file.Unlock() // of nothing any more
	}
}

// stillThere tells whether the file that is locked has not been removed, with its folder, just before.
func stillThere(file *flock.Flock) bool {
	locked, err := file.Stat()
	if err != nil {
		return false
	}
	current, err := os.Stat(file.Path())
	return err == nil && os.SameFile(locked, current)
}

func (l *stateLock) release() error {
	if l == nil {
		return nil
	}
	return l.file.Unlock()
}

// MakeState makes a state folder that no process owns yet, or leaves the one that is there as it is.
func MakeState(dir string) error {
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = makeLock(filepath.Join(dir, lockFile))
	}
	if err != nil {
		return fmt.Errorf("make the state folder (set XDG_STATE_HOME to a folder that you can write to): %w", err)
	}
	return nil
}

func makeLock(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDONLY, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

// WaitStopped waits until no process owns a state folder any more. One that has been removed has none.
func WaitStopped(ctx context.Context, dir string) error {
	file := lockToAsk(dir)
	locked, err := file.TryRLockContext(ctx, stopPoll)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || !locked {
		return fmt.Errorf("the environment in %s did not stop in time: %w", dir, err)
	}
	return file.Unlock()
}

// RemoveState removes the state folder of a stopped environment, and what its clusters have outside of it; one that is
// gone already is no error. A folder in use ([ErrInUse]), or one that holds no environment, is refused. toolEnv is
// the environment of docker and kind. A [kindcluster.ForeignError] says that everything is removed, and that a kind
// cluster was left alone that somebody else has made in the place of the environment's.
func RemoveState(ctx context.Context, dir string, toolEnv []string) error {
	return removeState(ctx, dir, toolEnv, removeFolder, lockFile)
}

// removeFolder removes a state folder with the lock in it, at one blow: somebody else may take a lock of that name at any
// moment, to remove or to start the environment, and what is in the folder then is theirs.
func removeFolder(dir string) error {
	dir = filepath.Clean(dir)
	grave, err := os.MkdirTemp(filepath.Dir(dir), ".removed-*") // no name of an environment
	if err == nil {
		if err = os.Rename(dir, filepath.Join(grave, filepath.Base(dir))); errors.Is(err, fs.ErrNotExist) {
			err = nil // somebody else has removed it
		}
		err = errors.Join(err, os.RemoveAll(grave))
	}
	if err != nil {
		return fmt.Errorf("remove the state folder %s: %w", dir, err)
	}
	return nil
}

// RemoveAllButLogs is [RemoveState] that leaves the logs where they are, in a folder that RemoveState then removes.
func RemoveAllButLogs(ctx context.Context, dir string, toolEnv []string) error {
	return removeState(ctx, dir, toolEnv, func(string) error { return nil }, lockFile, filepath.Base(Layout{dir}.Logs()))
}

// removeState removes what is in a state folder but for some entries, and at last does something with the folder.
func removeState(ctx context.Context, dir string, toolEnv []string, atLast func(string) error, but ...string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || !isState(entries) {
		return fmt.Errorf("%s does not look like a state folder of eksemu, so it was not removed", dir)
	}
	lock, err := lockState(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it has been removed meanwhile
	}
	if err != nil {
		return err
	}
	defer lock.release() //nolint:errcheck // its file is gone, or nobody else's
	// Who had the lock before may have gone on in between.
	if entries, err = os.ReadDir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	foreign, err := removeClusters(ctx, dir, toolEnv)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if slices.Contains(but, entry.Name()) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			return err
		}
	}
	if err := atLast(dir); err != nil || foreign == nil {
		return err
	}
	return foreign
}

// isState tells whether a folder is a state folder: it has a lock, or nothing but what is made around the same time.
func isState(entries []fs.DirEntry) bool {
	early := true
	for _, entry := range entries {
		if entry.Name() == lockFile {
			return true
		}
		early = early && entry.IsDir() && slices.Contains([]string{"logs", "aws", "kubeconfigs"}, entry.Name())
	}
	return early
}

// prepare makes the state folder this process's own and loads or makes what is kept in it.
func (e *Environment) prepare(context.Context) error {
	err := e.openState()
	for _, unusable := range []error{fs.ErrPermission, fs.ErrNotExist, syscall.EROFS, syscall.ENOTDIR} { // /proc says that there is no such folder
		if errors.Is(err, unusable) {
			return fmt.Errorf("%w (set XDG_STATE_HOME to a folder that you can write to, or make %s one)", err, e.files.Dir)
		}
	}
	return err
}

func (e *Environment) openState() error {
	err := os.MkdirAll(e.files.Dir, 0o700)
	if err != nil {
		return fmt.Errorf("make the state folder: %w", err)
	}
	if e.lock, err = lockState(e.files.Dir); err != nil {
		return err
	}
	for _, dir := range []string{e.files.Logs(), filepath.Dir(e.files.AWSConfig()), filepath.Dir(e.files.Kubeconfig("x"))} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("make the state folder: %w", err)
		}
	}
	// A runtime file that is still here was left by a process that was killed.
	if err := e.unpublish(); err != nil {
		return err
	}
	if e.state, err = loadState(filepath.Join(e.files.Dir, stateFileName), e.opts.Config.SealingKey()); err != nil {
		return err
	}
	if e.ca, err = loadCA(e.files.CA(), filepath.Join(e.files.Dir, "ca.key"), e.opts.Now); err != nil {
		return err
	}
	if e.log, err = openTraceLog(e.files.Trace()); err != nil {
		return err
	}
	if e.gatewayLog, err = openLog(filepath.Join(e.files.Logs(), "gateway.log")); err != nil {
		return err
	}
	e.logger = slog.New(slog.NewTextHandler(e.gatewayLog, nil))
	e.trace = trace.NewRecorder(0, e.opts.Now, e.log.write)
	return e.chooseBackend()
}

func openLog(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	return file, nil
}

// loadCA reads the gateway's certificate authority, or makes one if there is no certificate, which is written last.
func loadCA(certPath, keyPath string, now func() time.Time) (*pki.CA, error) {
	cert, err := os.ReadFile(certPath)
	if errors.Is(err, fs.ErrNotExist) {
		return makeCA(certPath, keyPath, now)
	}
	if err != nil {
		return nil, err
	}
	key, err := os.ReadFile(keyPath)
	if err != nil {
		return nil, damagedCA(certPath, err)
	}
	ca, err := pki.ParseCA(cert, key, now)
	if err != nil {
		return nil, damagedCA(certPath, err)
	}
	return ca, nil
}

func damagedCA(certPath string, err error) error {
	return fmt.Errorf("certificate authority %s (remove the environment with `eksemu down` to start anew): %w", certPath, err)
}

func makeCA(certPath, keyPath string, now func() time.Time) (*pki.CA, error) {
	ca, err := pki.NewCA("eksemu certificate authority, for tests only", now)
	if err != nil {
		return nil, err
	}
	if err := atomicfile.Write(keyPath, ca.KeyPEM(), 0o600); err != nil {
		return nil, err
	}
	return ca, atomicfile.Write(certPath, ca.CertPEM(), 0o644)
}
