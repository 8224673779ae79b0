package embedded

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/golden"

	"github.com/eksemu/eksemu/emulator/cluster"
	"github.com/eksemu/eksemu/emulator/internal/port"
)

var testNow = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func testBackend(dir string) *Backend {
	b := New(Config{Now: func() time.Time { return testNow }, Dir: dir, LogDir: dir})
	b.spec = cluster.Spec{
		Name: "my-cluster", Administrator: "eksemu-admin",
		ServiceAccountIssuer: "https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE",
		TokenWebhook:         cluster.Webhook{URL: "https://127.0.0.1:21362/authenticate"},
		AuditWebhook:         cluster.Webhook{URL: "https://127.0.0.1:21362/audit"},
	}
	return b
}

func prepared(t *testing.T, b *Backend) *files {
	t.Helper()
	f, err := b.prepare(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.release)
	return f
}

func read(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestArguments holds the command lines of the servers.
func TestArguments(t *testing.T) {
	t.Parallel()
	b := testBackend(t.TempDir())
	f := prepared(t, b)
	replace := strings.NewReplacer(f.dir, "DIR", strconv.Itoa(f.port), "PORT", strconv.Itoa(f.etcdPort), "ETCD-PORT")
	for name, text := range map[string]string{
		"etcd.args":                    strings.Join(f.etcdArgs(), "\n") + "\n",
		"etcd.yaml":                    read(t, f.config("etcd.yaml")),
		"kube-apiserver.args":          strings.Join(f.apiServerArgs(b.spec), "\n") + "\n",
		"kube-controller-manager.args": strings.Join(f.controllerManagerArgs(), "\n") + "\n",
	} {
		golden.Assert(t, replace.Replace(text), name)
	}
}

// TestArgumentsNameFilesThatExist looks up every path that an argument names.
func TestArgumentsNameFilesThatExist(t *testing.T) {
	t.Parallel()
	b := testBackend(t.TempDir())
	f := prepared(t, b)
	if err := os.WriteFile(f.controllerManagerKubeconfig(), nil, 0o600); err != nil { // made once the API server answers
		t.Fatal(err)
	}
	args := append(append(f.etcdArgs(), f.apiServerArgs(b.spec)...), f.controllerManagerArgs()...)
	named := 0
	for _, arg := range args {
		_, value, _ := strings.Cut(arg, "=")
		if !strings.HasPrefix(value, f.dir) {
			continue
		}
		named++
		if _, err := os.Stat(value); err != nil {
			t.Errorf("%s: %v", arg, err)
		}
	}
	if named < 20 {
		t.Errorf("only %d arguments name a file", named)
	}
}

func TestFilesArePrivate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	prepared(t, testBackend(dir))
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", path, info.Mode().Perm())
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestCertificates verifies each certificate for what it is used for, and that no other use passes.
func TestCertificates(t *testing.T) {
	t.Parallel()
	f := prepared(t, testBackend(t.TempDir()))
	for _, tc := range []struct {
		name           string
		hosts          []string
		server, client bool
	}{
		{"apiserver", []string{"127.0.0.1", "::1", "10.100.0.1", "localhost", "kubernetes.default.svc"}, true, false},
		{"etcd", []string{"127.0.0.1", "localhost"}, true, true},
		{"etcd-client", nil, false, true},
	} {
		pair, err := tls.LoadX509KeyPair(f.pki(tc.name+".crt"), f.pki(tc.name+".key"))
		if err != nil {
			t.Fatal(err)
		}
		for usage, want := range map[x509.ExtKeyUsage]bool{x509.ExtKeyUsageServerAuth: tc.server, x509.ExtKeyUsageClientAuth: tc.client} {
			options := x509.VerifyOptions{Roots: f.ca.Pool(), CurrentTime: testNow, KeyUsages: []x509.ExtKeyUsage{usage}}
			if _, err := pair.Leaf.Verify(options); (err == nil) != want {
				t.Errorf("%s for usage %d: %v, want it to pass: %t", tc.name, usage, err, want)
			}
		}
		for _, host := range tc.hosts {
			if err := pair.Leaf.VerifyHostname(host); err != nil {
				t.Errorf("%s: %v", tc.name, err)
			}
		}
	}
}

func TestCAOutlivesARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := prepared(t, testBackend(dir))
	keys := read(t, first.pki("sa.key")) + read(t, first.pki("ca.key"))
	leaf := read(t, first.pki("apiserver.crt"))
	second := prepared(t, testBackend(dir))
	if !bytes.Equal(first.ca.CertPEM(), second.ca.CertPEM()) || read(t, first.pki("sa.key"))+read(t, first.pki("ca.key")) != keys {
		t.Error("the keys are others after a restart: kubeconfigs and service account tokens would be worthless")
	}
	if read(t, first.pki("apiserver.crt")) == leaf {
		t.Error("the serving certificate was not made anew")
	}
}

func TestDamagedCAIsRefusedAndKept(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, file, content, want string }{
		{"no certificate in it", "ca.crt", "garbage\n", "is damaged (run `eksemu down` to start anew)"},
		{"no key in it", "ca.key", "", "is damaged (run `eksemu down` to start anew)"},
		{"the key is of something else", "ca.key", "sa.key", "is damaged (run `eksemu down` to start anew)"},
		{"the key is gone", "ca.key", "gone", "ca.key: no such file"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			f := prepared(t, testBackend(dir))
			content := tc.content
			var err error
			switch content {
			case "gone":
				err = os.Remove(f.pki(tc.file))
			case "sa.key":
				content = read(t, f.pki("sa.key"))
				fallthrough
			default:
				err = os.WriteFile(f.pki(tc.file), []byte(content), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			cert := read(t, f.pki("ca.crt"))
			_, err = testBackend(dir).prepare(t.Context())
			if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), dir) {
				t.Errorf("error %v, want %q and the path in it", err, tc.want)
			}
			if read(t, f.pki("ca.crt")) != cert {
				t.Error("the certificate was overwritten")
			}
		})
	}
}

func TestExpiredCAIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	prepared(t, testBackend(dir))
	later := testBackend(dir)
	later.cfg.Now = func() time.Time { return testNow.AddDate(100, 0, 0) }
	if _, err := later.prepare(t.Context()); err == nil || !strings.Contains(err.Error(), "eksemu down") {
		t.Errorf("error %v", err)
	}
}

// occupy listens on a port of 127.0.0.1 until the test ends; 0 is any.
func occupy(t *testing.T, port int) int {
	t.Helper()
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().(*net.TCPAddr).Port
}

// TestPortIsRemembered is not parallel: no other test shall take the port between two uses.
func TestPortIsRemembered(t *testing.T) {
	dir := t.TempDir()
	first := prepared(t, testBackend(dir))
	first.release()
	second := prepared(t, testBackend(dir))
	if second.port != first.port {
		t.Errorf("port %d after a restart, was %d", second.port, first.port)
	}
	second.release()
	occupy(t, first.port)
	third := prepared(t, testBackend(dir))
	if third.port == first.port || third.port == 0 {
		t.Errorf("port %d, which is taken", third.port)
	}
	if got := read(t, filepath.Join(dir, "port")); got != fmt.Sprintf("%d\n", third.port) {
		t.Errorf("remembered %q, want %d", got, third.port)
	}
}

func TestRememberedPortThatIsNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "six", "-1\n", "99999\n", "0", "\x00"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "port"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if f := prepared(t, testBackend(dir)); f.port < 1024 || f.port > 65535 {
			t.Errorf("port %d from %q", f.port, text)
		}
	}
}

// TestWantedPort is not parallel: a child of another test may have a copy of a port that was just released, while it starts.
func TestWantedPort(t *testing.T) {
	taken := occupy(t, 0)
	b := testBackend(t.TempDir())
	b.cfg.Port = taken
	_, err := b.prepare(t.Context())
	want := fmt.Sprintf("port %d for the API server is taken (choose another, or 0 for any)", taken)
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q in it", err, want)
	}
	free, err := port.Reserve(t.Context(), loopback, 0)
	if err != nil {
		t.Fatal(err)
	}
	free.Release()
	b.cfg.Port = free.Port
	if f := prepared(t, b); f.port != free.Port {
		t.Errorf("port %d, want %d", f.port, free.Port)
	}
	if _, err := os.Stat(filepath.Join(b.cfg.Dir, "port")); err == nil {
		t.Error("a port that was asked for is remembered for a run that asks for none")
	}
}

// TestPortsAreReserved has others want the ports before the servers have them, and after the start was given up.
func TestPortsAreReserved(t *testing.T) {
	f := prepared(t, testBackend(t.TempDir()))
	others := func(want int) bool {
		other, err := port.Reserve(t.Context(), loopback, want)
		if err != nil {
			t.Fatal(err)
		}
		defer other.Release()
		return other.Port == want
	}
	for _, chosen := range []int{f.port, f.etcdPort} {
		if others(chosen) {
			t.Errorf("port %d is somebody else's, too", chosen)
		}
	}
	f.release()
	for _, chosen := range []int{f.port, f.etcdPort} {
		if !others(chosen) {
			t.Errorf("port %d stays reserved", chosen)
		}
	}
}

func TestPublicKeyOfServiceAccounts(t *testing.T) {
	t.Parallel()
	f := prepared(t, testBackend(t.TempDir()))
	block, rest := pem.Decode([]byte(read(t, f.pki("sa.pub"))))
	if block == nil || len(rest) > 0 {
		t.Fatal("sa.pub is not one PEM block")
	}
	if _, err := x509.ParsePKIXPublicKey(block.Bytes); err != nil {
		t.Error(err)
	}
}
