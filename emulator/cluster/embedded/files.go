package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/eksemu/eksemu/emulator/cluster"
	"github.com/eksemu/eksemu/emulator/internal/atomicfile"
	"github.com/eksemu/eksemu/emulator/internal/pki"
	"github.com/eksemu/eksemu/emulator/internal/port"
)

// files is the cluster's folder with everything that the children read, and the ports they listen on.
//
//	etcd/      the store
//	pki/       certificate authority, serving and client certificates, service account key
//	config/    generated configuration of the servers
//	port       the API server's port, kept so that kubeconfigs stay valid over a restart
type files struct {
	dir            string
	ca             *pki.CA
	port, etcdPort int
	reserved       []*port.Reservation // of both
}

func (f *files) pki(name string) string    { return filepath.Join(f.dir, "pki", name) }
func (f *files) config(name string) string { return filepath.Join(f.dir, "config", name) }

// isNew tells whether there is no store yet.
func (f *files) isNew() bool {
	_, err := os.Stat(filepath.Join(f.dir, "etcd"))
	return errors.Is(err, fs.ErrNotExist)
}

func (f *files) controllerManagerKubeconfig() string {
	return f.config("kube-controller-manager.kubeconfig")
}

// prepare writes what the children need, keeping the keys and the port of an earlier run. The ports are reserved until the
// caller releases them.
func (b *Backend) prepare(ctx context.Context) (*files, error) {
	f := &files{dir: b.cfg.Dir}
	for _, dir := range []string{f.dir, filepath.Join(f.dir, "pki"), filepath.Join(f.dir, "config")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	if err := f.loadCA(b); err != nil {
		return nil, err
	}
	if err := f.issue(); err != nil {
		return nil, err
	}
	if err := f.configure(ctx, b); err != nil {
		f.release()
		return nil, err
	}
	b.ca = f.ca
	return f, nil
}

// configure chooses the ports and writes the configuration of the servers.
func (f *files) configure(ctx context.Context, b *Backend) error {
	if err := f.choosePorts(ctx, b.cfg.Port); err != nil {
		return err
	}
	configs := cluster.Files(b.spec, filepath.Join(f.dir, "config"))
	configs["etcd.yaml"] = f.etcdConfig()
	for name, content := range configs {
		if err := atomicfile.Write(f.config(name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// loadCA reads the cluster's certificate authority, or makes one if there is no certificate, which is written last.
func (f *files) loadCA(b *Backend) error {
	cert, err := os.ReadFile(f.pki("ca.crt"))
	if errors.Is(err, fs.ErrNotExist) {
		return f.makeCA(b)
	}
	if err != nil {
		return err
	}
	key, err := os.ReadFile(f.pki("ca.key"))
	if err == nil {
		f.ca, err = pki.ParseCA(cert, key, b.cfg.Now)
	}
	if err != nil {
		return fmt.Errorf("certificate authority %s is damaged (run `eksemu down` to start anew): %w", f.pki("ca.crt"), err)
	}
	return nil
}

func (f *files) makeCA(b *Backend) error {
	ca, err := pki.NewCA("kubernetes", b.cfg.Now)
	if err != nil {
		return err
	}
	private, public, err := pki.ServiceAccountKey()
	if err != nil {
		return err
	}
	f.ca = ca
	if err := f.writeKeys(map[string][]byte{"ca.key": ca.KeyPEM(), "sa.key": private, "sa.pub": public}); err != nil {
		return err
	}
	return f.writeKeys(map[string][]byte{"ca.crt": ca.CertPEM()})
}

// issue writes the certificates that are made anew at every start.
func (f *files) issue() error {
	for name, leaf := range map[string]pki.Leaf{
		"apiserver": {
			CommonName: "kube-apiserver", Server: true,
			DNSNames: []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"},
			IPs:      []net.IP{net.ParseIP(loopback), net.IPv6loopback, net.IPv4(10, 100, 0, 1)},
		},
		"etcd":        {CommonName: "etcd", Server: true, Client: true, DNSNames: []string{"localhost"}, IPs: []net.IP{net.ParseIP(loopback)}},
		"etcd-client": {CommonName: "kube-apiserver-etcd-client", Client: true},
	} {
		cert, key, err := f.ca.Issue(leaf)
		if err != nil {
			return err
		}
		if err := f.writeKeys(map[string][]byte{name + ".crt": cert, name + ".key": key}); err != nil {
			return err
		}
	}
	return nil
}

func (f *files) writeKeys(contents map[string][]byte) error {
	for name, content := range contents {
		if err := atomicfile.Write(f.pki(name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// choosePorts chooses the API server's port before etcd's, because only that one may be a particular one.
func (f *files) choosePorts(ctx context.Context, wanted int) error {
	err := f.chooseAPIServerPort(ctx, wanted)
	if err == nil {
		f.etcdPort, err = f.reserve(ctx, 0)
	}
	return err
}

// chooseAPIServerPort takes wanted if that is not 0, else the port of the last run if that is free, else any.
func (f *files) chooseAPIServerPort(ctx context.Context, wanted int) error {
	var err error
	if wanted != 0 {
		if f.port, err = f.reserve(ctx, wanted); err == nil && f.port != wanted {
			err = fmt.Errorf("port %d for the API server is taken (choose another, or 0 for any)", wanted)
		}
		return err
	}
	remembered := filepath.Join(f.dir, "port")
	text, err := os.ReadFile(remembered)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	last, _ := strconv.Atoi(strings.TrimSpace(string(text))) // an unreadable port is as good as none
	if f.port, err = f.reserve(ctx, last); err != nil {
		return err
	}
	return atomicfile.Write(remembered, []byte(strconv.Itoa(f.port)+"\n"), 0o600)
}

// reserve keeps a port until [files.release].
func (f *files) reserve(ctx context.Context, wanted int) (int, error) {
	reserved, err := port.Reserve(ctx, loopback, wanted)
	if err != nil {
		return 0, err
	}
	f.reserved = append(f.reserved, reserved)
	return reserved.Port, nil
}

// release lets go of the ports: the servers have them now, or there are none.
func (f *files) release() {
	for _, reserved := range f.reserved {
		reserved.Release()
	}
}

// loopback is where the servers listen.
const loopback = "127.0.0.1"
