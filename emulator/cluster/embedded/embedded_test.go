package embedded

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/eksemu/eksemu/emulator/cluster"
	"github.com/eksemu/eksemu/emulator/internal/process"
)

// record keeps what happened to the children, in order.
type record struct {
	mu     sync.Mutex
	events []process.Event
}

func (r *record) observe(e process.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

// index is the position of a change of state, -1 if it did not happen.
func (r *record) index(name string, state process.State) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.IndexFunc(r.events, func(e process.Event) bool { return e.Name == name && e.State == state })
}

// running are the children that have not ended.
func (r *record) running() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var names []string
	for _, e := range r.events {
		if e.State == process.Started {
			names = append(names, e.Name)
		}
		if e.State == process.Exited {
			names = slices.DeleteFunc(names, func(name string) bool { return name == e.Name })
		}
	}
	return names
}

// testBackendOf makes a backend whose servers are shell commands.
func testBackendOf(t *testing.T, r *record, program func(name string, args []string) string) *Backend {
	t.Helper()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh")
	}
	b := testBackend(t.TempDir())
	b.cfg.Executable, b.cfg.Env, b.cfg.Observe = shell, []string{"PATH=" + os.Getenv("PATH")}, r.observe
	b.cfg.Command = func(name string, args []string) []string { return []string{"-c", program(name, args)} }
	t.Cleanup(func() { _ = b.Stop(context.WithoutCancel(t.Context())) })
	return b
}

// waiting ends when its standard input does, as the real children do.
const waiting = "exec cat"

// serveReadyz listens where kube-apiserver would, with its certificate, and refuses to be ready twice.
func serveReadyz(t *testing.T, args []string) {
	t.Helper()
	value := func(flag string) string {
		i := slices.IndexFunc(args, func(arg string) bool { return strings.HasPrefix(arg, flag+"=") })
		return strings.TrimPrefix(args[i], flag+"=")
	}
	pair, err := tls.LoadX509KeyPair(value("--tls-cert-file"), value("--tls-private-key-file"))
	if err != nil {
		t.Error(err)
	}
	asked := 0
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked++; asked <= 2 || r.URL.Path != "/readyz" {
			http.Error(w, "[-]etcd failed: reason withheld", http.StatusInternalServerError)
		}
	}))
	_ = server.Listener.Close()
	server.Listener, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", value("--secure-port")))
	if err != nil {
		t.Error(err)
		return
	}
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	server.StartTLS()
	t.Cleanup(server.Close)
}

func TestStartAndStop(t *testing.T) {
	t.Parallel()
	r := &record{}
	b := testBackendOf(t, r, func(name string, args []string) string {
		if name == "kube-apiserver" {
			serveReadyz(t, args)
		}
		return waiting
	})
	info, err := b.Start(t.Context(), b.spec)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"etcd", "kube-apiserver", "kube-controller-manager"}, slices.Sorted(slices.Values(r.running()))); diff != "" {
		t.Errorf("running (-want +got):\n%s", diff)
	}
	if r.index("kube-controller-manager", process.Started) < r.index("kube-apiserver", process.Ready) {
		t.Errorf("the controller manager was started before the API server was ready: %v", r.events)
	}
	checkAdministrator(t, info)
	config, err := clientcmd.LoadFromFile(filepath.Join(b.cfg.Dir, "config", "kube-controller-manager.kubeconfig"))
	if err != nil || config.Clusters["my-cluster"].Server != info.Endpoint {
		t.Errorf("kubeconfig of the controller manager: %v, %v", config, err)
	}
	if err := b.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if left := r.running(); len(left) > 0 {
		t.Errorf("left running: %v", left)
	}
	if r.index("etcd", process.Exited) < max(r.index("kube-apiserver", process.Exited), r.index("kube-controller-manager", process.Exited)) {
		t.Errorf("etcd was stopped before those that need it: %v", r.events)
	}
	if err := b.Stop(t.Context()); err != nil {
		t.Errorf("second stop: %v", err)
	}
}

func checkAdministrator(t *testing.T, info cluster.Info) {
	t.Helper()
	pair, err := tls.X509KeyPair(info.Admin.CertPEM, info.Admin.KeyPEM)
	if err != nil {
		t.Fatal(err)
	}
	if subject := pair.Leaf.Subject.String(); subject != "CN=eksemu-admin,O=system:masters" {
		t.Errorf("the administrator is %s", subject)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(info.CAPEM)
	options := x509.VerifyOptions{Roots: roots, CurrentTime: testNow, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	if _, err := pair.Leaf.Verify(options); err != nil {
		t.Errorf("the administrator's certificate: %v", err)
	}
}

// TestStartFails has the API server end at once: the error has its last words, and its store is stopped.
func TestStartFails(t *testing.T) {
	t.Parallel()
	r := &record{}
	b := testBackendOf(t, r, func(name string, _ []string) string {
		if name == "kube-apiserver" {
			return "echo unknown flag: --frobnicate >&2; exit 3"
		}
		return waiting
	})
	_, err := b.Start(t.Context(), b.spec)
	if err == nil || !strings.Contains(err.Error(), "kube-apiserver") || !strings.Contains(err.Error(), "unknown flag: --frobnicate") {
		t.Errorf("error %v, want the API server's name and its last words in it", err)
	}
	if left := r.running(); len(left) > 0 {
		t.Errorf("left running: %v", left)
	}
	if log := read(t, filepath.Join(b.cfg.LogDir, "kube-apiserver.log")); !strings.Contains(log, "--frobnicate") {
		t.Errorf("its log is %q", log)
	}
}

func TestStartWithoutExecutable(t *testing.T) {
	t.Parallel()
	r := &record{}
	b := testBackendOf(t, r, func(string, []string) string { return waiting })
	b.cfg.Executable = filepath.Join(t.TempDir(), "eksemu")
	if _, err := b.Start(t.Context(), b.spec); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), b.cfg.Executable) {
		t.Errorf("error %v, want that %s does not exist", err, b.cfg.Executable)
	}
}

func TestStartIsInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	interrupted := errors.New("interrupted by the test")
	r := &record{}
	var once sync.Once
	b := testBackendOf(t, r, func(string, []string) string { return waiting })
	b.cfg.Observe = func(e process.Event) {
		r.observe(e)
		if e.Name == "kube-apiserver" && e.State == process.Started {
			once.Do(func() { cancel(interrupted) })
		}
	}
	_, err := b.Start(ctx, b.spec)
	if !errors.Is(err, context.Canceled) && !errors.Is(err, interrupted) {
		t.Errorf("error %v", err)
	}
	if left := r.running(); len(left) > 0 {
		t.Errorf("left running: %v", left)
	}
}

// TestStartWithoutStore has etcd end again and again: the error has what it said, and comes without waiting for the API
// server to find out.
func TestStartWithoutStore(t *testing.T) {
	t.Parallel()
	r := &record{}
	b := testBackendOf(t, r, func(name string, _ []string) string {
		if name == "etcd" {
			return "echo cannot open the database: no space left on device >&2; exit 1"
		}
		return waiting
	})
	_, err := b.Start(t.Context(), b.spec)
	// Which one depends on whether etcd dies before it is seen to run or after that.
	const said = "exited with status 1: cannot open the database: no space left on device"
	atOnce, later := "start etcd: "+said, "start etcd: etcd died 3 times in a row: "+said
	if err == nil || err.Error() != atOnce && err.Error() != later {
		t.Errorf("error %v, want %s or %s", err, atOnce, later)
	}
	if left := r.running(); len(left) > 0 {
		t.Errorf("left running: %v", left)
	}
}
