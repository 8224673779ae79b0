package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/eksemu/eksemu/emulator/internal/atomicfile"
	"github.com/eksemu/eksemu/emulator/internal/process"
)

// Runtime is what a running environment tells other processes about itself, in runtime.json of its state folder
// (0600: it holds the token of the admin API). The file is there exactly while the environment is ready.
type Runtime struct {
	Name       string           `json:"name"`
	PID        int              `json:"pid"`
	Version    string           `json:"version"`
	Started    time.Time        `json:"started"`
	Gateway    string           `json:"gateway"`              // http://127.0.0.1:PORT, HTTP proxy and direct AWS endpoint
	AdminToken string           `json:"adminToken,omitempty"` // bearer token of the admin API under Gateway/_eksemu/; only in the file
	Account    string           `json:"account"`
	Region     string           `json:"region"`
	Clusters   []RuntimeCluster `json:"clusters"` // none if the environment is the AWS side alone
	Identities []Identity       `json:"identities"`
}

// RuntimeCluster is a cluster of a running environment.
type RuntimeCluster struct {
	Name     string `json:"name"`
	ARN      string `json:"arn"`
	Endpoint string `json:"endpoint"` // https://127.0.0.1:PORT
}

// Identity is a fixture identity that a client can act as; its name is the name of its AWS profile.
type Identity struct {
	Name string `json:"name"`
	Kind string `json:"kind"` // "user", "role" or "instance"
	ARN  string `json:"arn"`
}

// ErrNotRunning is returned by [ReadRuntime] and [Attach] when no environment is ready in a state folder.
var ErrNotRunning = errors.New("not running")

// ErrDamaged is returned by [ReadRuntime] and [Attach] when the runtime file is not one.
var ErrDamaged = errors.New("damaged")

// ReadRuntime reads runtime.json of a state folder.
func ReadRuntime(stateDir string) (Runtime, error) { return readRuntime(stateDir, runtimeFile) }

func readRuntime(stateDir, file string) (Runtime, error) {
	var r Runtime
	path := filepath.Join(stateDir, file)
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return r, ErrNotRunning
	}
	if err != nil {
		return r, fmt.Errorf("read the environment's runtime file: %w", err)
	}
	err = json.Unmarshal(raw, &r)
	if err == nil && r.Gateway == "" {
		err = errors.New("it names no gateway")
	}
	if err != nil {
		return Runtime{}, fmt.Errorf("runtime file %s is %w (remove the environment with `eksemu down`): %w", path, ErrDamaged, err)
	}
	return r, nil
}

// Files of the state folder that hold a [Runtime].
const (
	runtimeFile  = "runtime.json"
	startingFile = "starting.json" // there from when the gateway serves until the environment is ready
)

func (r Runtime) write(stateDir string) error { return r.writeAs(stateDir, runtimeFile) }

func (r Runtime) writeAs(stateDir, file string) error {
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(stateDir, file), append(raw, '\n'), 0o600)
}

// Has tells whether all of the named identities exist.
func (r Runtime) Has(names ...string) bool {
	for _, name := range names {
		if !slices.ContainsFunc(r.Identities, func(i Identity) bool { return i.Name == name }) {
			return false
		}
	}
	return true
}

// ExitWithParent calls exit when the process that started this one as a child ends. The executable calls it in
// each of the programs that Options.Command names, with its standard input.
func ExitWithParent(stdin io.Reader, exit func()) { process.ExitWithParent(stdin, exit) }
