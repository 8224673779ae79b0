package kindcluster

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLife makes a cluster, adopts it after a crash and after a stop, and deletes it.
func TestLife(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	_, info, err := r.start()
	if err != nil {
		t.Fatal(err)
	}
	if !info.New || len(info.Admin.CertPEM) == 0 {
		t.Errorf("info %+v", info)
	}
	if diff := cmp.Diff([]string{"dev-control-plane"}, r.containers()); diff != "" {
		t.Errorf("containers (-want +got):\n%s", diff)
	}
	b, info, err := r.start()
	if err != nil || info.New {
		t.Fatalf("after a crash: %+v, %v", info, err)
	}
	if err := b.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.world(func(w *fakeWorld) {
		if w.Containers[0].Running {
			t.Error("the node runs on")
		}
	})
	if b, info, err = r.start(); err != nil || info.New {
		t.Fatalf("after a stop: %+v, %v", info, err)
	}
	if len(r.calls("eksemu "+CreateProgram)) != 1 {
		t.Error("the cluster was made more than once")
	}
	if err := b.Remove(context.WithoutCancel(t.Context())); err != nil || len(r.containers()) > 0 {
		t.Errorf("left %v, %v", r.containers(), err)
	}
}
