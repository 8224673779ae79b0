package kindcluster

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
)

// begin starts a backend that cannot be made, with a context of its own.
func (r *rig) begin(ctx context.Context, change ...func(*Config)) error {
	r.t.Helper()
	cfg := r.cfg
	for _, change := range change {
		change(&cfg)
	}
	b := New(cfg)
	if _, err := b.Prepare(ctx); err != nil {
		r.t.Fatal(err)
	}
	_, err := b.Start(ctx, r.spec)
	return err
}

// savedLogs are the logs of the nodes that a failure has left.
func (r *rig) savedLogs() bool {
	found, err := filepath.Glob(filepath.Join(r.cfg.LogDir, "kind", "dev-control-plane", "containers", "*"))
	return err == nil && len(found) > 0
}

// TestTimeIsOver: that is a failure whose reason is in the logs, and no interruption.
func TestTimeIsOver(t *testing.T) {
	t.Parallel()
	reason := errors.New("not ready after 1s")
	for name, retain := range map[string]bool{"deleted": false, "retained": true} {
		r := newRig(t)
		r.world(func(w *fakeWorld) {
			w.KindHangs = true
			w.APILog = "2026-11-27T07:49:35.1Z stderr F bad flag\n"
		})
		inner, cancel := context.WithCancelCause(t.Context())
		r.step("kind: preparing nodes", func() { cancel(reason) })
		err := r.begin(overdue{inner}, func(c *Config) { c.Options.Retain = retain })
		cancel(nil)
		wantError(t, err, "make the kind cluster dev: not ready after 1s", "kube-apiserver's last words:\n    bad flag", "the logs of its nodes are in "+r.cfg.LogDir)
		if !errors.Is(err, reason) || !r.savedLogs() {
			t.Errorf("%s: %v", name, err)
		}
		if retain {
			wantError(t, err, "docker exec -it dev-control-plane bash", "until the environment's next start or `eksemu down --name dev` deletes them")
		}
		if kept := len(r.containers()) == 1; kept != retain {
			t.Errorf("%s: kept %t", name, kept)
		}
	}
}

// overdue is a context whose time is over when it is cancelled.
type overdue struct{ context.Context }

func (c overdue) Err() error {
	if c.Context.Err() != nil {
		return context.DeadlineExceeded
	}
	return nil
}

// TestInterruption deletes at once what there is, retained or not: who wants to look at it does not end it.
func TestInterruption(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.world(func(w *fakeWorld) { w.KindHangs = true })
	ctx, cancel := context.WithCancel(t.Context())
	r.step("kind: preparing nodes", cancel)
	err := r.begin(ctx, func(c *Config) { c.Options.Retain = true })
	if !errors.Is(err, context.Canceled) || len(r.containers()) > 0 || r.savedLogs() {
		t.Errorf("error %v, left %v", err, r.containers())
	}
}

// TestRetained is deleted by the next start.
func TestRetained(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.world(func(w *fakeWorld) { w.KindFails = "no luck" })
	wantError(t, r.begin(t.Context(), func(c *Config) { c.Options.Retain = true }), "no luck", "its nodes are kept")
	if len(r.containers()) != 1 {
		t.Errorf("containers %v", r.containers())
	}
	r.world(func(w *fakeWorld) { w.KindFails = "" })
	if _, s, err := r.start(); err != nil || !s.New {
		t.Errorf("%+v, %v", s, err)
	}
	if steps := strings.Join(r.steps, "\n"); !strings.Contains(steps, "delete what is left of the kind cluster dev") {
		t.Errorf("steps %s", steps)
	}
}

// TestLogsThatCannotBeSaved do not hide the reason.
func TestLogsThatCannotBeSaved(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.world(func(w *fakeWorld) {
		w.KindFails = "no luck"
		w.Rules = []fakeRule{{Match: ".Mounts}}", Times: 1, Code: 1, Err: "daemon is busy"}}
	})
	if err := r.begin(t.Context()); err == nil || !strings.Contains(err.Error(), "no luck") || strings.Contains(err.Error(), "logs of its nodes") {
		t.Errorf("error %v", err)
	}
	if err := os.WriteFile(filepath.Join(r.cfg.LogDir, "kind"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r.world(func(w *fakeWorld) { w.LogsHang = true })
	b := New(r.cfg)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("they do not come"))
	if err := b.exportLogs(ctx, filepath.Join(r.cfg.LogDir, "kind")); err == nil || err.Error() != "they do not come" {
		t.Errorf("error %v", err)
	}
}

func TestAPIServerSaid(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if got := apiServerSaid(dir, "dev-control-plane"); got != "" {
		t.Errorf("of nothing: %q", got)
	}
	folder := filepath.Join(dir, "dev-control-plane", "containers")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, log := range map[string]string{
		"kube-apiserver-1_a.log": "2026-11-27T07:49:37Z stderr F older\n2026-11-27T07:49:38Z stderr F one\n2026-11-27T07:49:38Z stderr F two\n2026-11-27T07:49:38.12Z stderr F newest\n",
		"kube-apiserver-1_b.log": "2026-11-27T07:49:38.1Z stderr F before\n",
		"kube-apiserver-1_c.log": "",
		"etcd-1.log":             "2026-11-27T07:49:40Z stderr F etcd\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(log), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := apiServerSaid(dir, "dev-control-plane"), "\nkube-apiserver's last words:\n    one\n    two\n    newest"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestPull(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options Options
		want    string
	}{
		"default":            {Options{}, DefaultImage},
		"asked for":          {Options{Image: "node:1", Config: &v1alpha4.Cluster{Nodes: []v1alpha4.Node{{Image: "node:2"}}}}, "node:1"},
		"of a configuration": {Options{Config: &v1alpha4.Cluster{Nodes: []v1alpha4.Node{{Image: "node:2"}, {Image: "node:2"}}}}, "node:2"},
	} {
		r := newRig(t)
		r.world(func(w *fakeWorld) { w.Rules = []fakeRule{{Match: "image inspect", Code: 1, Err: "No such image"}} })
		r.mustStart(func(c *Config) { c.Options = test.options })
		if pulled := r.calls("pull"); len(pulled) != 1 || !strings.HasSuffix(pulled[0], " "+test.want) {
			t.Errorf("%s: %q, want %s", name, pulled, test.want)
		}
		if images := r.calls("eksemu " + CreateProgram); strings.Contains(images[0], "--image node:1") != (test.options.Image != "") {
			t.Errorf("%s: %q", name, images)
		}
	}
	r := newRig(t)
	r.world(func(w *fakeWorld) {
		w.Rules = []fakeRule{{Match: "image inspect", Code: 1, Err: "No such image"}, {Match: "pull", Code: 1, Err: "connection refused"}}
	})
	wantError(t, r.begin(t.Context()), "pull the node image "+DefaultImage, "--kind-image", "connection refused")
	if Exists(r.cfg.Dir) {
		t.Error("there is a marker of a cluster that nobody has begun to make")
	}
}
