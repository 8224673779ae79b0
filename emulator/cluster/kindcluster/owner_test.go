package kindcluster

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/emulator/cluster"
)

// made makes a cluster in a world and leaves it as a crash does.
func made(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	r.mustStart().crash()
	return r
}

// foreign is the container of somebody else's cluster dev.
func foreign(role string) *fakeContainer {
	return &fakeContainer{Name: "dev-" + role, Labels: map[string]string{clusterLabel: "dev", roleLabel: role}, Running: true}
}

// TestRemoveLeavesOthersAlone has the environment's cluster deleted with kind, and another one made of that name.
func TestRemoveLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	for name, other := range map[string][]*fakeContainer{
		"one node":        {foreign(controlPlaneRole)},
		"several":         {foreign(controlPlaneRole), foreign("worker"), foreign(loadBalancer)},
		"a load balancer": {foreign(loadBalancer)},
		"not of kind":     {{Name: "dev-thing", Labels: map[string]string{clusterLabel: "dev"}}},
		"another environment's": {{Name: "dev-control-plane", Labels: foreign(controlPlaneRole).Labels,
			Mounts: []fakeMount{{"/elsewhere/owner", ownerMount("OTHER")}, {"/elsewhere/config", mountPoint}}}},
	} {
		r := made(t)
		r.world(func(w *fakeWorld) { w.Containers = other })
		err := Remove(t.Context(), r.cfg.Dir, r.cfg.Env)
		var left *ForeignError
		if !errors.As(err, &left) || left.Cluster != "dev" || !strings.Contains(err.Error(), "kind delete cluster --name dev") {
			t.Errorf("%s: error %v", name, err)
		}
		if len(r.containers()) != len(other) {
			t.Errorf("%s: left are %v", name, r.containers())
		}
		_, _, err = r.start()
		wantError(t, err, "there is a kind cluster dev that this environment did not make: choose another name with --kind-cluster")
	}
}

// TestRemoveWithOneOfOthers leaves even its own node alone: nobody makes such a cluster.
func TestRemoveWithOneOfOthers(t *testing.T) {
	t.Parallel()
	r := made(t)
	r.world(func(w *fakeWorld) { w.Containers = append(w.Containers, foreign("worker")) })
	err := Remove(t.Context(), r.cfg.Dir, r.cfg.Env)
	var left *ForeignError
	if !errors.As(err, &left) || !slices.Equal(left.Containers, []string{"dev-worker"}) || len(r.containers()) != 2 {
		t.Errorf("error %v, left are %v", err, r.containers())
	}
}

// TestRemoveWithLoadBalancer: kind mounts nothing into it, and it may be the last one that a kill leaves.
func TestRemoveWithLoadBalancer(t *testing.T) {
	t.Parallel()
	for name, late := range map[string]bool{"beside a node": false, "after the node": true} {
		r := made(t)
		mark, err := folder{r.cfg.Dir}.marker()
		if err != nil {
			t.Fatal(err)
		}
		mark.Made = !late
		if err := (folder{r.cfg.Dir}).mark(mark); err != nil {
			t.Fatal(err)
		}
		r.world(func(w *fakeWorld) {
			if late {
				w.Late = []fakeLate{{2, foreign(loadBalancer)}}
			} else {
				w.Containers = append(w.Containers, foreign(loadBalancer))
			}
		})
		if err := Remove(t.Context(), r.cfg.Dir, r.cfg.Env); err != nil || len(r.containers()) > 0 {
			t.Errorf("%s: error %v, left are %v", name, err, r.containers())
		}
		if mark, err := (folder{r.cfg.Dir}).marker(); err != nil || mark.Cluster != "" {
			t.Errorf("%s: marker %+v, %v", name, mark, err)
		}
	}
}

// TestRemoveTriesAgain when somebody else deletes the same nodes.
func TestRemoveTriesAgain(t *testing.T) {
	t.Parallel()
	r := made(t)
	r.world(func(w *fakeWorld) {
		w.Rules = []fakeRule{{Match: "rm --force", Times: 1, Code: 1, Err: "removal of container dev-control-plane is already in progress"}}
	})
	if err := Remove(t.Context(), r.cfg.Dir, r.cfg.Env); err != nil || len(r.containers()) > 0 {
		t.Errorf("error %v, left are %v", err, r.containers())
	}
}

// TestRemoveFails: the marker stays for the next try.
func TestRemoveFails(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"ps --all", "container inspect", "rm --force"} {
		r := made(t)
		r.world(func(w *fakeWorld) { w.Rules = []fakeRule{{Match: command, Code: 1, Err: "daemon is busy"}} })
		wantError(t, Remove(t.Context(), r.cfg.Dir, r.cfg.Env), "delete the kind cluster dev", "docker "+strings.Fields(command)[0], "daemon is busy")
		r.world(func(w *fakeWorld) { w.Rules = nil })
		if err := Remove(t.Context(), r.cfg.Dir, r.cfg.Env); err != nil || len(r.containers()) > 0 {
			t.Errorf("%s: error %v, left are %v", command, err, r.containers())
		}
	}
}

// TestFailedRemovesWhatComesLate has a `docker run` under way that is not undone when its client is killed.
func TestFailedRemovesWhatComesLate(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.world(func(w *fakeWorld) {
		w.KindFails = "no luck"
		w.LateNode = 3 // the first time that there seems to be nothing
	})
	_, _, err := r.start()
	wantError(t, err, "make the kind cluster dev: run kind: exited with status 1", "no luck")
	if len(r.containers()) > 0 {
		t.Errorf("left are %v", r.containers())
	}
	if mark, err := (folder{r.cfg.Dir}).marker(); err != nil || mark.Cluster != "" {
		t.Errorf("marker %+v, %v", mark, err)
	}
}

// TestFailedLeavesOthersAlone has somebody make a cluster of that name a moment before kind does.
func TestFailedLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	b := New(r.cfg)
	if _, err := b.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.world(func(w *fakeWorld) {
		w.KindFails = "node(s) already exist for a cluster with the name \"dev\""
		w.KindNodes = -1
		w.Containers = []*fakeContainer{foreign(controlPlaneRole)}
	})
	_, err := b.Start(t.Context(), r.spec)
	if wantError(t, err, "node(s) already exist", "was left alone"); !errors.As(err, new(*ForeignError)) || len(r.containers()) != 1 {
		t.Errorf("error %v, left are %v", err, r.containers())
	}
	if err := b.Stop(t.Context()); err != nil || len(r.calls("stop --time")) > 0 {
		t.Errorf("somebody else's node was stopped: %v", err)
	}
}

// TestFailedCannotRemove: what is left is told, also if the start was interrupted, and the next one deletes it.
func TestFailedCannotRemove(t *testing.T) {
	t.Parallel()
	for name, interrupted := range map[string]bool{"failed": false, "interrupted": true} {
		r := newRig(t)
		r.world(func(w *fakeWorld) {
			w.KindFails, w.KindHangs = "no luck", interrupted
			w.Rules = []fakeRule{{Match: "rm --force", Code: 1, Err: "daemon is busy"}}
		})
		b := New(r.cfg)
		if _, err := b.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		r.step("kind: preparing nodes", func() {
			if interrupted {
				cancel()
			}
		})
		_, err := b.Start(ctx, r.spec)
		cancel()
		var left *cluster.LeftError
		if !errors.As(err, &left) || left.What != "the kind cluster dev" || !strings.Contains(left.Error(), "daemon is busy") {
			t.Errorf("%s: error %v", name, err)
		}
		r.world(func(w *fakeWorld) { w.Rules, w.KindHangs, w.KindFails = nil, false, "" })
		if _, info, err := r.start(); err != nil || !info.New {
			t.Errorf("%s: the next start: %+v, %v", name, info, err)
		}
		if diff := cmp.Diff([]string{"dev-control-plane"}, r.containers()); diff != "" {
			t.Errorf("%s: containers (-want +got):\n%s", name, diff)
		}
	}
}

// TestFindTakesTroubleForTrouble: a Docker that does not answer does not mean that the cluster is gone.
func TestFindTakesTroubleForTrouble(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"ps --all", "container inspect"} {
		r := made(t)
		r.world(func(w *fakeWorld) { w.Rules = []fakeRule{{Match: command, Code: 1, Err: "daemon is busy"}} })
		_, _, err := r.start()
		wantError(t, err, "daemon is busy")
		if len(r.containers()) != 1 || len(r.calls("rm --force")) > 0 {
			t.Errorf("%s: the cluster is gone", command)
		}
	}
}

// TestFindWithoutAControlPlane makes a cluster anew of which somebody has deleted all API servers.
func TestFindWithoutAControlPlane(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	user, _ := ParseConfig("user.yaml", []byte(userConfig))
	r.mustStart(func(c *Config) { c.Options.Config = user }).crash()
	r.world(func(w *fakeWorld) { w.Containers = w.Containers[1:] })
	_, info, err := r.start()
	if err != nil || !info.New {
		t.Errorf("%+v, %v", info, err)
	}
	if diff := cmp.Diff([]string{"dev-control-plane"}, r.containers()); diff != "" {
		t.Errorf("containers (-want +got):\n%s", diff)
	}
}

// TestOwnerFolder: what every node has has no secret.
func TestOwnerFolder(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	user, _ := ParseConfig("user.yaml", []byte(userConfig))
	r.mustStart(func(c *Config) { c.Options.Config = user })
	mark, err := folder{r.cfg.Dir}.marker()
	if err != nil {
		t.Fatal(err)
	}
	r.world(func(w *fakeWorld) {
		if len(w.Containers) != 3 {
			t.Errorf("containers %v", w.Containers)
		}
		for _, c := range w.Containers {
			mounted := slices.Contains(c.Mounts, fakeMount{folder{r.cfg.Dir}.owner(), ownerMount(mark.ID)})
			secrets := slices.ContainsFunc(c.Mounts, func(m fakeMount) bool { return m.Destination == mountPoint })
			if !mounted || secrets != (c.Labels[roleLabel] == controlPlaneRole) {
				t.Errorf("%s: mounts %v", c.Name, c.Mounts)
			}
		}
	})
	if entries, err := os.ReadDir(folder{r.cfg.Dir}.owner()); err != nil || len(entries) > 0 {
		t.Errorf("entries %v, %v", entries, err)
	}
}
