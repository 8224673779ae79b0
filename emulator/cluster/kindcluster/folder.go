package kindcluster

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v3"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"

	"github.com/eksemu/eksemu/emulator/cluster"
	"github.com/eksemu/eksemu/emulator/internal/atomicfile"
)

// marker says in the folder which kind cluster is the environment's.
type marker struct {
	Cluster string // name of the kind cluster
	ID      string // that its nodes have in the path of a mount; see ownerMount
	Made    bool   // it was made to its end; one that was not is made anew
	Daemon  string // ID of the Docker daemon that has it
	Files   string // digest of the files with which the API servers were last ready; "" if that is not known

	Settings map[string]string // that it was made with and that stay; see settings
}

// folder is where a cluster's files are.
//
//	kind.json         the marker
//	config/           what the API server reads, mounted into its node
//	owner/            empty, mounted into every node
//	kind.yaml         the configuration that kind made the cluster with
//	kind.kubeconfig   what kind wrote: the address of the API server
type folder struct{ dir string }

func (f folder) config() string                       { return filepath.Join(f.dir, "config") }
func (f folder) owner() string                        { return filepath.Join(f.dir, "owner") }
func (f folder) kubeconfig() string                   { return filepath.Join(f.dir, "kind.kubeconfig") }
func (f folder) file(name string) string              { return filepath.Join(f.config(), name) }
func (f folder) kindConfig() string                   { return filepath.Join(f.dir, "kind.yaml") }
func (f folder) markerPath() string                   { return filepath.Join(f.dir, "kind.json") }
func (f folder) forget() error                        { return errors.Join(removed(f.markerPath()), removed(f.kubeconfig())) }
func (f folder) write(path string, data []byte) error { return atomicfile.Write(path, data, 0o600) }

// prepare writes what the API server reads. Files are written in place of themselves in a folder that is mounted as a
// whole, so that the node sees the new ones.
func (f folder) prepare(spec cluster.Spec) error {
	for _, dir := range []string{f.config(), f.owner()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("prepare the files of the kind cluster: %w", err)
		}
	}
	for name, content := range cluster.Files(spec, mountPoint) {
		if err := f.write(f.file(name), content); err != nil {
			return fmt.Errorf("prepare the files of the kind cluster: %w", err)
		}
	}
	return nil
}

// digest tells what the API server reads from anything else.
func digest(spec cluster.Spec) string {
	files := cluster.Files(spec, mountPoint)
	hash := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(hash, "%s %d\n%s", name, len(files[name]), files[name])
	}
	return hex.EncodeToString(hash.Sum(nil))
}

func removed(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// marker reads the marker; there is none before a cluster is made.
func (f folder) marker() (marker, error) {
	var mark marker
	raw, err := os.ReadFile(f.markerPath())
	if errors.Is(err, fs.ErrNotExist) {
		return mark, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &mark)
	}
	if err != nil {
		return mark, fmt.Errorf("read which kind cluster is the environment's, from %s (delete it with kind, and then that file): %w", f.markerPath(), err)
	}
	return mark, nil
}

func (f folder) mark(mark marker) error {
	raw, err := json.Marshal(mark)
	if err != nil {
		return err
	}
	return f.write(f.markerPath(), append(raw, '\n'))
}

// madeWith is the configuration that kind made the cluster with.
func (f folder) madeWith() (*v1alpha4.Cluster, error) {
	raw, err := os.ReadFile(f.kindConfig())
	config := &v1alpha4.Cluster{}
	if err == nil {
		err = yaml.Unmarshal(raw, config)
	}
	if err != nil {
		return nil, fmt.Errorf("read the configuration that the kind cluster was made with (begin anew with `eksemu down`): %w", err)
	}
	return config, nil
}

// access reads the address and the certificate authority of the API server from kind's kubeconfig.
func (f folder) access() (endpoint string, caPEM []byte, err error) {
	config, err := clientcmd.LoadFromFile(f.kubeconfig())
	if err != nil {
		return "", nil, fmt.Errorf("read kind's kubeconfig: %w", err)
	}
	for _, target := range config.Clusters {
		return target.Server, target.CertificateAuthorityData, nil
	}
	return "", nil, fmt.Errorf("kind's kubeconfig %s has no cluster", f.kubeconfig())
}
