package kindcluster

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/emulator/internal/process"
)

// told are the states of a node, as they were observed.
func (r *rig) told(name string) (states []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, event := range r.events {
		if event.Name == name {
			states = append(states, string(event.State))
		}
	}
	return states
}

// awaitSo waits until something is so.
func awaitSo(t *testing.T, what string, so func() bool) {
	t.Helper()
	for range 500 {
		if so() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("not in ten seconds: %s", what)
}

// change changes a container.
func (r *rig) change(name string, change func(*fakeContainer)) {
	r.world(func(w *fakeWorld) { change(w.find(name)) })
}

// awaitStates waits until a node's states are these.
func (r *rig) awaitStates(name string, want ...process.State) {
	r.t.Helper()
	var states []string
	for _, state := range want {
		states = append(states, string(state))
	}
	awaitSo(r.t, strings.Join(states, ", "), func() bool { return slices.Equal(r.told(name), states) })
}

// TestKeeperRevives nodes: they have AWS's names again, and are ready when their API server is.
func TestKeeperRevives(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	user := threeControlPlanes()
	user.Nodes[1].Role = "worker"
	b := r.mustStart(func(c *Config) { c.Options.Config = user })
	if err := b.SetHosts(t.Context(), "10.100.1.2", []string{"sts.amazonaws.com", "eks.us-west-2.amazonaws.com"}); err != nil {
		t.Fatal(err)
	}
	r.world(func(w *fakeWorld) { w.Rules = []fakeRule{{Match: "/readyz", Code: 1, Err: "not ready"}} })
	for _, name := range []string{"dev-control-plane", "dev-worker"} {
		r.change(name, (*fakeContainer).stop)
	}
	r.awaitStates("dev-worker", process.Ready, process.Exited, process.Restarted, process.Ready)
	r.awaitStates("dev-control-plane", process.Ready, process.Exited, process.Restarted)
	r.world(func(w *fakeWorld) { w.Rules = nil })
	r.awaitStates("dev-control-plane", process.Ready, process.Exited, process.Restarted, process.Ready)
	r.world(func(w *fakeWorld) {
		for _, c := range w.Containers {
			if want := "10.100.1.2 sts.amazonaws.com eks.us-west-2.amazonaws.com"; c.Hosts != want {
				t.Errorf("%s has %q, want %q", c.Name, c.Hosts, want)
			}
		}
	})
	for range 2 { // one that dies before it is ready is started again, too
		r.change("dev-control-plane2", (*fakeContainer).stop)
		awaitSo(t, "it runs", func() (running bool) {
			r.change("dev-control-plane2", func(c *fakeContainer) { running = c.Running })
			return running
		})
	}
}

// TestKeeperNoticesDeletion once, and does not start what has taken the name.
func TestKeeperNoticesDeletion(t *testing.T) {
	t.Parallel()
	for name, then := range map[string][]*fakeContainer{"deleted": nil, "replaced": {{Name: "dev-control-plane", Labels: foreign(controlPlaneRole).Labels}}} {
		r := newRig(t)
		b := r.mustStart()
		r.world(func(w *fakeWorld) { w.Containers = then })
		awaitSo(t, "its watch ends", func() bool { return len(r.told("dev-control-plane")) >= 2 })
		b.keeper.watches.Wait()
		if diff := cmp.Diff([]string{"ready", "exited"}, r.told("dev-control-plane")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if len(r.calls("start dev-control-plane")) > 0 {
			t.Errorf("%s: it was started", name)
		}
	}
}

// TestKeeperOutlivesTrouble with Docker, which is not a node's end.
func TestKeeperOutlivesTrouble(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.mustStart()
	awaitSo(t, "it is watched", func() bool { return len(r.calls("wait dev-control-plane")) > 0 })
	r.world(func(w *fakeWorld) {
		w.Rules = []fakeRule{{Match: "wait dev", Times: 2, Code: 1, Err: "Cannot connect to the Docker daemon"}, {Match: "start dev", Times: 1, Code: 1, Err: "Cannot connect to the Docker daemon"}}
	})
	awaitSo(t, "it is asked again", func() bool { return len(r.calls("wait dev-control-plane")) > 2 })
	if diff := cmp.Diff([]string{"ready"}, r.told("dev-control-plane")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	r.change("dev-control-plane", (*fakeContainer).stop)
	r.awaitStates("dev-control-plane", process.Ready, process.Exited, process.Restarted, process.Ready)
}

func TestSetHosts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	b := r.mustStart(func(c *Config) { c.Options.Config = threeControlPlanes() })
	for _, address := range []string{"10.100.1.2", "10.100.3.4"} {
		if err := b.SetHosts(t.Context(), address, []string{"sts.amazonaws.com"}); err != nil {
			t.Fatal(err)
		}
		r.world(func(w *fakeWorld) {
			for _, c := range w.Containers {
				want := address + " sts.amazonaws.com"
				if c.Labels[roleLabel] == loadBalancer {
					want = "" // which has no shell
				}
				if c.Hosts != want {
					t.Errorf("%s has %q, want %q", c.Name, c.Hosts, want)
				}
			}
		})
	}
	r.world(func(w *fakeWorld) { w.Rules = []fakeRule{{Match: hostsMark, Code: 1, Err: "read-only file system"}} })
	wantError(t, b.SetHosts(t.Context(), "10.100.1.2", nil), "write the AWS names into /etc/hosts of dev-control-plane", "read-only file system")
	r.world(func(w *fakeWorld) { w.Rules = []fakeRule{{Match: "ps --all", Code: 1, Err: "daemon is busy"}} })
	wantError(t, b.SetHosts(t.Context(), "10.100.1.2", nil), "daemon is busy")
}

func TestAddressOnDesktop(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.world(func(w *fakeWorld) { w.Info["OperatingSystem"] = "Docker Desktop" })
	b := New(r.cfg)
	site, err := b.Prepare(t.Context())
	if err != nil || site.Listen != "127.0.0.1" || site.Dial != desktopHost {
		t.Fatalf("site %+v, %v", site, err)
	}
	if _, err := b.Start(t.Context(), r.spec); err != nil {
		t.Fatal(err)
	}
	defer b.keeper.stop()
	if address, err := b.Address(t.Context()); err != nil || address != "192.168.65.254" {
		t.Errorf("%q, %v", address, err)
	}
	for _, rule := range []fakeRule{{Match: "getent", Out: "unknown host\n"}, {Match: "getent", Code: 2}} {
		r.world(func(w *fakeWorld) { w.Rules = []fakeRule{rule} })
		if address, err := b.Address(t.Context()); err == nil {
			t.Errorf("address %q", address)
		}
	}
}

// TestDockerThatHangs is given up.
func TestDockerThatHangs(t *testing.T) {
	t.Parallel()
	r := made(t)
	r.world(func(w *fakeWorld) { w.Rules = []fakeRule{{Match: "info", Hang: true}} })
	ended := errors.New("ended by the test")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, ended)
	defer cancel()
	if _, err := New(r.cfg).Prepare(ctx); !errors.Is(err, ended) {
		t.Errorf("error %v", err)
	}
}
