package kindcluster

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestNameIsRemembered: who asked for one once need not again, and only who asks for another one is refused.
func TestNameIsRemembered(t *testing.T) {
	t.Parallel()
	asked := func(name string) func(*Config) { return func(c *Config) { c.Asked = name } }
	r := newRig(t)
	r.mustStart(asked("mine")).crash()
	for _, name := range []string{"", "mine"} {
		if b, s, err := r.start(asked(name)); err != nil || s.New || b.name != "mine" {
			t.Errorf("asked for %q: %+v, %v", name, s, err)
		}
	}
	_, _, err := r.start(asked("other"))
	wantError(t, err, "the environment's kind cluster is called mine: leave out --kind-cluster other, or begin anew with `eksemu down`")
	if diff := cmp.Diff([]string{"mine-control-plane"}, r.containers()); diff != "" {
		t.Errorf("containers (-want +got):\n%s", diff)
	}
	r.world(func(w *fakeWorld) { w.Containers = nil })
	if _, s, err := r.start(asked("other")); err != nil || !s.New {
		t.Errorf("once the other one is gone: %+v, %v", s, err)
	}
	if b, s, err := r.start(); err != nil || s.New || b.name != "other" {
		t.Errorf("afterwards: %+v, %v", s, err)
	}
}

// TestUsersAreThoseOfTheCluster, and not of the configuration of the moment.
func TestUsersAreThoseOfTheCluster(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	user, _ := ParseConfig("user.yaml", []byte(userConfig))
	with := func(c *Config) { c.Options.Config = user }
	_, before, err := r.start(with)
	if err != nil || !slices.Contains(before.Users, "system:node:dev-worker2") {
		t.Fatalf("users %v, %v", before.Users, err)
	}
	_, after, err := r.start()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before.Users, after.Users); diff != "" {
		t.Errorf("users of the adopted cluster (-want +got):\n%s", diff)
	}
	r.world(func(w *fakeWorld) { w.Containers = nil })
	if _, anew, err := r.start(); err != nil || slices.Contains(anew.Users, "system:node:dev-worker2") {
		t.Errorf("users of a new cluster %v, %v", anew.Users, err)
	}
}

// TestSettingsThatStay: what is asked for now and cannot be had is said.
func TestSettingsThatStay(t *testing.T) {
	t.Parallel()
	const stays = ", and keeps that: begin anew with `eksemu down` and `eksemu up` to have what is configured now"
	user, _ := ParseConfig("user.yaml", []byte(userConfig))
	reformatted, _ := ParseConfig("user.yaml", []byte("# a comment\n"+userConfig))
	other, _ := ParseConfig("user.yaml", []byte(strings.Replace(userConfig, "8080", "8081", 1)))
	r := newRig(t)
	r.mustStart(func(c *Config) { c.Options.Config, c.Options.Image = user, "node:1" }).crash()
	for name, test := range map[string]struct {
		options Options
		ttl     time.Duration
		want    []string
	}{
		"the same":               {options: Options{Image: "node:1", Config: user}},
		"nothing in particular":  {},
		"the same configuration": {options: Options{Config: reformatted}},
		"another configuration":  {options: Options{Config: other}, want: []string{"the kind cluster dev was made with another --kind-config" + stays}},
		"everything": {options: Options{Image: "node:2", Config: other}, ttl: time.Minute,
			want: []string{"the kind cluster dev was made with another --kind-config, --kind-image node:1 instead of node:2, authentication-token-webhook-cache-ttl 0s instead of 1m0s" + stays}},
	} {
		r.spec.TokenWebhookCacheTTL = test.ttl
		_, s, err := r.start(func(c *Config) { c.Options = test.options })
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, s.Notes); diff != "" {
			t.Errorf("%s: notes (-want +got):\n%s", name, diff)
		}
	}
	if got := (marker{Cluster: "dev"}).differs(map[string]string{"audit-webhook-mode": "blocking"}); len(got) != 1 || !strings.Contains(got[0], "without audit-webhook-mode") {
		t.Errorf("a flag that is new: %q", got)
	}
}

// TestAnotherDaemon is no reason to forget a cluster.
func TestAnotherDaemon(t *testing.T) {
	t.Parallel()
	r := made(t)
	r.world(func(w *fakeWorld) { w.Info["ID"] = "daemon-2" })
	if _, s, err := r.start(); err != nil || s.New {
		t.Errorf("a daemon with another ID that has it all the same: %+v, %v", s, err)
	}
	var there []*fakeContainer
	r.world(func(w *fakeWorld) { there, w.Containers = w.Containers, nil })
	const want = "the kind cluster dev is in another Docker daemon, daemon-1, and not in that of now, daemon-2: set DOCKER_HOST and DOCKER_CONTEXT as when it was made"
	_, _, err := r.start()
	wantError(t, err, want)
	wantError(t, Remove(t.Context(), r.cfg.Dir, r.cfg.Env), want, "if its Docker is gone for good, remove "+folder{r.cfg.Dir}.markerPath())
	r.world(func(w *fakeWorld) { w.Info["ID"], w.Containers = "daemon-1", there })
	if err := Remove(t.Context(), r.cfg.Dir, r.cfg.Env); err != nil || len(r.containers()) > 0 {
		t.Errorf("left %v, %v", r.containers(), err)
	}
}

// TestDamagedConfiguration of a cluster that is to be adopted.
func TestDamagedConfiguration(t *testing.T) {
	t.Parallel()
	r := made(t)
	if err := removed(folder{r.cfg.Dir}.kindConfig()); err != nil {
		t.Fatal(err)
	}
	_, _, err := r.start()
	wantError(t, err, "read the configuration that the kind cluster was made with", "eksemu down")
}
