package kindcluster

import (
	"os"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
)

// otherURL is a webhook's address that the API server does not know yet.
const otherURL = "https://127.0.0.1:21363/authenticate"

// wantFresh fails the test unless every API server runs with the files that there are.
func (r *rig) wantFresh() {
	r.t.Helper()
	want := digestOfFolder(folder{r.cfg.Dir}.config())
	r.world(func(w *fakeWorld) {
		for _, c := range w.Containers {
			if c.Labels[roleLabel] == controlPlaneRole && (c.Server == 0 || c.Read != want) {
				r.t.Errorf("%s has API server %d, which has read other files than there are", c.Name, c.Server)
			}
		}
	})
}

// servers are which API servers run, by node.
func (r *rig) servers() map[string]int {
	servers := map[string]int{}
	r.world(func(w *fakeWorld) {
		for _, c := range w.Containers {
			servers[c.Name] = c.Server
		}
	})
	return servers
}

// threeControlPlanes is a configuration with them, and a load balancer.
func threeControlPlanes() *v1alpha4.Cluster {
	node := v1alpha4.Node{Role: v1alpha4.ControlPlaneRole}
	return &v1alpha4.Cluster{Nodes: []v1alpha4.Node{node, node, node}}
}

// TestAdoptRestartsNothing when all is as it was.
func TestAdoptRestartsNothing(t *testing.T) {
	t.Parallel()
	r := made(t)
	before := r.servers()["dev-control-plane"]
	r.mustStart().crash()
	if after := r.servers()["dev-control-plane"]; after != before {
		t.Errorf("API server %d, want %d still", after, before)
	}
}

// TestAdoptWithOtherFiles has the API server read them: also if an earlier start has written them and ended before it had.
func TestAdoptWithOtherFiles(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(r *rig){
		"now": func(*rig) {},
		"written by a start that ended": func(r *rig) {
			if err := (folder{r.cfg.Dir}).prepare(r.spec); err != nil {
				r.t.Fatal(err)
			}
		},
		"and what failed was the restart": func(r *rig) {
			r.world(func(w *fakeWorld) {
				w.Rules = []fakeRule{{Match: "start dev", Code: 1, Err: "no space left on device"}}
			})
			if _, _, err := r.start(); err == nil {
				r.t.Error("it started")
			}
			r.world(func(w *fakeWorld) { w.Rules = nil })
		},
		"between two API servers": func(r *rig) {
			r.world(func(w *fakeWorld) { w.Containers[0].Server, w.Containers[0].StartsIn = 0, 4 })
		},
		"there and back": func(r *rig) {
			before := r.spec.TokenWebhook.URL
			r.spec.TokenWebhook.URL = "https://127.0.0.1:21364/authenticate"
			r.mustStart().crash()
			r.wantFresh()
			r.spec.TokenWebhook.URL = before
		},
	} {
		r := made(t)
		r.spec.TokenWebhook.URL = otherURL
		spoil(r)
		r.mustStart().crash()
		if r.wantFresh(); t.Failed() {
			t.Fatal(name)
		}
	}
}

// TestAdoptSeveral restarts each API server, and waits for each: the load balancer answers as soon as one does.
func TestAdoptSeveral(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	three := func(c *Config) { c.Options.Config = threeControlPlanes() }
	r.mustStart(three).crash()
	r.wantFresh()
	if len(r.containers()) != 4 {
		t.Errorf("containers %v", r.containers())
	}
	r.spec.TokenWebhook.URL = otherURL
	r.mustStart(three).crash()
	r.wantFresh()
	before := r.servers()
	r.world(func(w *fakeWorld) { w.find("dev-control-plane2").stop() })
	r.mustStart(three).crash()
	r.wantFresh()
	after := r.servers()
	for name, server := range before {
		if (after[name] != server) != (name == "dev-control-plane2") {
			t.Errorf("%s: API server %d, before %d", name, after[name], server)
		}
	}
	r.world(func(w *fakeWorld) { w.Containers = w.Containers[1:] }) // the first one
	if _, info, err := r.start(three); err != nil || info.New {
		t.Errorf("without the first control plane: %+v, %v", info, err)
	}
}

// TestAdoptStaleFolder restarts a node that still sees a folder that somebody has removed.
func TestAdoptStaleFolder(t *testing.T) {
	t.Parallel()
	for name, see := range map[string]fakeRule{
		"nothing":   {Match: "cat " + mountPoint, Times: 1, Code: 1, Err: "cat: " + mountPoint + "/audit-policy.yaml: No such file or directory"},
		"other":     {Match: "cat " + mountPoint, Times: 1, Out: "something else"},
		"a failure": {Match: "cat " + mountPoint, Times: 1, Code: 126, Err: "OCI runtime exec failed"},
	} {
		r := made(t)
		if err := os.RemoveAll(folder{r.cfg.Dir}.config()); err != nil {
			t.Fatal(err)
		}
		r.world(func(w *fakeWorld) { w.Rules = []fakeRule{see} })
		_, _, err := r.start()
		restarted := len(r.calls("restart --time")) == 1
		if failure := see.Code == 126; (err != nil) != failure || restarted == failure {
			t.Errorf("%s: restarted %t, %v", name, restarted, err)
		}
	}
}

// TestAdoptFails: what it has started is stopped again by Stop.
func TestAdoptFails(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"cat " + mountPoint, "cat /etc/kubernetes/pki/ca.key"} {
		r := made(t)
		r.world(func(w *fakeWorld) {
			w.Containers[0].stop()
			w.Rules = []fakeRule{{Match: command, Code: 126, Err: "daemon is busy"}}
		})
		b, _, err := r.start()
		wantError(t, err, "daemon is busy")
		r.world(func(w *fakeWorld) {
			if !w.Containers[0].Running {
				t.Error("the node was not started")
			}
		})
		if err := b.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		r.world(func(w *fakeWorld) {
			if w.Containers[0].Running {
				t.Errorf("%s: the node runs on", command)
			}
		})
	}
}

// TestStopFails says what is left running.
func TestStopFails(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	b := r.mustStart()
	r.world(func(w *fakeWorld) { w.Rules = []fakeRule{{Match: "stop --time", Code: 1, Err: "daemon is busy"}} })
	wantError(t, b.Stop(t.Context()), "the kind cluster dev is left", "daemon is busy")
}

// TestStopLeavesOthersAlone that have taken the place of the environment's while it ran.
func TestStopLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	b := r.mustStart()
	r.world(func(w *fakeWorld) { w.Containers = []*fakeContainer{foreign(controlPlaneRole)} })
	if err := b.Stop(t.Context()); err != nil || len(r.calls("stop --time")) > 0 {
		t.Errorf("error %v, calls %q", err, r.calls("stop"))
	}
}

// TestCreateFails after kind has succeeded: that is a cluster that could not be made, too.
func TestCreateFails(t *testing.T) {
	t.Parallel()
	for _, rule := range []fakeRule{
		{Match: ".Mounts}}", Times: 1, Code: 1, Err: "daemon is busy"},
		{Match: "crictl stop", Times: 0, Code: 1, Err: "daemon is busy"},
	} {
		r := newRig(t)
		user, _ := ParseConfig("user.yaml", []byte(userConfig))
		r.step("kind: preparing nodes", func() {
			r.world(func(w *fakeWorld) { w.Rules = []fakeRule{rule} })
		})
		b := New(r.cfg)
		b.cfg.Options.Config = user
		if _, err := b.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := contextUntil(t, func() bool { return len(r.calls(rule.Match)) > 3 })
		_, err := b.Start(ctx, r.spec)
		cancel()
		if wantError(t, err, "make the kind cluster dev"); len(r.containers()) > 0 {
			t.Errorf("%s: left are %v", rule.Match, r.containers())
		}
		if mark, err := (folder{r.cfg.Dir}).marker(); err != nil || mark.Cluster != "" {
			t.Errorf("%s: marker %+v, %v", rule.Match, mark, err)
		}
	}
}

// TestServing asks each API server at its own port, without anybody's credentials.
func TestServing(t *testing.T) {
	t.Parallel()
	r := made(t)
	r.mustStart()
	asked := r.calls("/readyz")
	if len(asked) == 0 || !slices.ContainsFunc(asked, func(call string) bool {
		return strings.HasPrefix(call, "exec dev-control-plane kubectl --kubeconfig=/etc/kubernetes/admin.conf --server=https://127.0.0.1:6443 ")
	}) {
		t.Errorf("asked %q", asked)
	}
}
