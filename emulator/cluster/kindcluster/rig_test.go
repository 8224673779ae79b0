package kindcluster

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"crypto/tls"

	"github.com/eksemu/eksemu/emulator/cluster"
	"github.com/eksemu/eksemu/emulator/internal/pki"
	"github.com/eksemu/eksemu/emulator/internal/process"
)

// rig is a machine with a played Docker.
type rig struct {
	t    *testing.T
	dir  string // of the world
	cfg  Config
	spec cluster.Spec

	mu     sync.Mutex
	steps  []string
	onStep map[string]func()
	events []process.Event
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), spec: testSpec()}
	r.spec.TokenWebhook.URL, r.spec.AWS = "https://127.0.0.1:21362/authenticate", "127.0.0.1:21363"
	bin := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"docker", "eksemu"} {
		if err := os.Symlink(self, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	logs := t.TempDir()
	r.cfg = Config{
		Executable: filepath.Join(bin, "eksemu"),
		Command:    func(program string, args []string) []string { return append([]string{program}, args...) },
		Env:        []string{"PATH=" + bin, fakeDir + "=" + r.dir, "GORACE=atexit_sleep_ms=0"}, // else each played program takes a second under the race detector
		Dir:        filepath.Join(t.TempDir(), "control-plane"), LogDir: logs, Name: "dev", Down: "eksemu down --name dev", Now: time.Now,
		Progress: func(step string) {
			r.mu.Lock()
			r.steps = append(r.steps, step)
			do := r.onStep[step]
			r.mu.Unlock()
			if do != nil {
				do()
			}
		},
		Observe: func(event process.Event) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.events = append(r.events, event)
		},
	}
	r.serve()
	return r
}

// serve plays an API server that is always ready, as seen from this machine.
func (r *rig) serve() {
	r.t.Helper()
	ca, err := pki.NewCA("kubernetes", time.Now)
	if err != nil {
		r.t.Fatal(err)
	}
	leaf, err := ca.IssueTLS(pki.Leaf{CommonName: "kube-apiserver", Server: true, IPs: []net.IP{net.IPv4(127, 0, 0, 1)}})
	if err != nil {
		r.t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{leaf}}
	server.StartTLS()
	r.t.Cleanup(server.Close)
	r.world(func(w *fakeWorld) {
		w.Info = map[string]any{"ID": "daemon-1", "OperatingSystem": "Debian GNU/Linux", "CgroupVersion": "2", "SecurityOptions": []string{"name=seccomp,profile=default"}}
		w.Endpoint = "unix:///var/run/docker.sock"
		w.CAKey = string(ca.KeyPEM())
		w.Kubeconfig = string(cluster.Kubeconfig(cluster.Info{Endpoint: server.URL, CAPEM: ca.CertPEM()}, "kind-dev", "kubernetes-admin", cluster.Client{}))
	})
}

// world changes the played Docker, or looks at it.
func (r *rig) world(change func(*fakeWorld)) { changeWorld(r.dir, change) }

// step does something when a step begins.
func (r *rig) step(step string, do func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.onStep = map[string]func(){step: do}
}

// calls are the commands that contain a text.
func (r *rig) calls(text string) (found []string) {
	r.world(func(w *fakeWorld) {
		for _, call := range w.Calls {
			if strings.Contains(call, text) {
				found = append(found, call)
			}
		}
	})
	return found
}

// containers are the names of what there is.
func (r *rig) containers() (names []string) {
	r.world(func(w *fakeWorld) {
		for _, c := range w.Containers {
			names = append(names, c.Name)
		}
	})
	return names
}

// started is what a backend tells before and after it has started.
type started struct {
	cluster.Site
	cluster.Info
}

// start prepares and starts a backend, whose watch ends with the test.
func (r *rig) start(change ...func(*Config)) (b *Backend, s started, err error) {
	r.t.Helper()
	cfg := r.cfg
	for _, change := range change {
		change(&cfg)
	}
	b = New(cfg)
	r.t.Cleanup(func() { b.keeper.stop() })
	if s.Site, err = b.Prepare(r.t.Context()); err != nil {
		return b, s, err
	}
	s.Info, err = b.Start(r.t.Context(), r.spec)
	return b, s, err
}

// mustStart starts a backend that has to start.
func (r *rig) mustStart(change ...func(*Config)) *Backend {
	r.t.Helper()
	b, _, err := r.start(change...)
	if err != nil {
		r.t.Fatal(err)
	}
	return b
}

// crash ends a backend as the death of its process does.
func (b *Backend) crash() { b.keeper.stop() }

func wantError(t *testing.T, err error, words ...string) {
	t.Helper()
	for _, word := range words {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("error %v, want one with %q", err, word)
		}
	}
}

// contextUntil ends when something is so, or the test ends.
func contextUntil(t *testing.T, so func() bool) (context.Context, context.CancelFunc) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for ctx.Err() == nil && !so() {
			time.Sleep(50 * time.Millisecond)
		}
		cancel()
	}()
	return ctx, cancel
}
