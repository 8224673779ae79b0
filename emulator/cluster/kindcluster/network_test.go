package kindcluster

import (
	"strings"
	"testing"
)

const createNetwork = "network create"

// TestSubnet: the range that kind has for its own network, which its other clusters share.
func TestSubnet(t *testing.T) {
	t.Parallel()
	if got := subnet("kind", 0).String(); got != "fc00:f853:ccd:e793::/64" { // [M] as `docker network inspect kind` shows it
		t.Errorf("got %s", got)
	}
	if subnet("kind", 1) == subnet("kind", 0) || subnet("other", 0) == subnet("kind", 0) {
		t.Error("each try and each network has a range of its own")
	}
}

// TestNetworkIsMade as kind makes it, and once.
func TestNetworkIsMade(t *testing.T) {
	t.Parallel()
	const exists = "Error response from daemon: network with name kind already exists"
	for name, test := range map[string]struct {
		fails   []fakeRule
		meanly  bool // somebody else makes it when eksemu tries
		creates int
		plain   bool
		err     string
	}{
		"at once":             {creates: 1},
		"somebody was faster": {fails: []fakeRule{{Err: exists}}, meanly: true, creates: 1},
		"faster by its range": {fails: []fakeRule{{Err: "Error response from daemon: " + overlapping[0]}}, meanly: true, creates: 1},
		"taken range":         {fails: []fakeRule{{Err: overlapping[1], Times: 2}}, creates: 3},
		"all ranges taken":    {fails: []fakeRule{{Err: overlapping[1]}}, creates: subnetTries, err: overlapping[1]},
		"no IPv6":             {fails: []fakeRule{{Match: "--ipv6", Err: "Error response from daemon: " + withoutIPv6[0]}}, creates: 2, plain: true},
		"anything else":       {fails: []fakeRule{{Err: "plugin bridge not found"}}, creates: 1, err: "make the Docker network kind: docker network: plugin bridge not found"},
	} {
		r := newRig(t)
		r.world(func(w *fakeWorld) {
			for _, rule := range test.fails {
				if rule.Match == "" {
					rule.Match = createNetwork
				}
				rule.Code = 1
				if test.meanly {
					rule.Networks = []fakeNetwork{{"0123456789abcdef", "kind", "127.0.0.1"}}
				}
				w.Rules = append(w.Rules, rule)
			}
		})
		_, err := New(r.cfg).Prepare(t.Context())
		if test.err != "" {
			wantError(t, err, test.err)
		} else if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		tried := r.calls(createNetwork)
		if len(tried) != test.creates {
			t.Errorf("%s: %q", name, tried)
		}
		if plain := !strings.Contains(tried[len(tried)-1], "--ipv6"); plain != test.plain {
			t.Errorf("%s: without IPv6 %t: %q", name, plain, tried)
		}
	}
}

// TestUnsupportedDocker is refused before anything is made there.
func TestUnsupportedDocker(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*fakeWorld)
		err    string
	}{
		"rootless": {func(w *fakeWorld) {
			w.Info["SecurityOptions"] = []string{"name=seccomp,profile=builtin", "name=rootless"}
		}, "this Docker is rootless"},
		"remote": {func(w *fakeWorld) { w.Endpoint = "tcp://192.0.2.1:2376" }, "docker is on another machine, tcp://192.0.2.1:2376"}, // RFC 5737
		"by ssh": {func(w *fakeWorld) { w.Endpoint = "ssh://me@192.0.2.1" }, "docker is on another machine"},
		"no word": {func(w *fakeWorld) {
			w.Rules = []fakeRule{{Match: "context inspect", Code: 1, Err: "context \"x\" not found"}}
		}, "context \"x\" not found"},
	} {
		r := newRig(t)
		r.world(test.change)
		_, err := New(r.cfg).Prepare(t.Context())
		wantError(t, err, "prepare Docker for the kind cluster dev", test.err)
		if made := r.calls(createNetwork); len(made) > 0 {
			t.Errorf("%s: %q", name, made)
		}
	}
	for _, local := range []string{"unix:///var/run/docker.sock", "tcp://127.0.0.1:2375", "tcp://localhost:2375", "npipe:////./pipe/docker_engine", "", ":"} {
		if isRemote(t.Context(), local) {
			t.Errorf("%s is taken for another machine", local)
		}
	}
}
