package kindcluster

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// hurry is a clock that runs so fast that nobody has to wait for it.
func hurry() func() time.Time {
	began := time.Now()
	var asked atomic.Int64
	return func() time.Time { return began.Add(time.Duration(asked.Add(1)) * reachSpan) }
}

// TestReach: only connections that fail, and for a while, are a firewall's; every port is looked at and named.
func TestReach(t *testing.T) {
	t.Parallel()
	timedOut := fakeRule{Code: 124}
	refused := fakeRule{Code: 1, Err: "bash: connect: No route to host\nbash: line 1: /dev/tcp/127.0.0.1/21362: No route to host"}
	for name, test := range map[string]struct {
		ports   map[string]fakeRule
		blocked []string
		said    string
	}{
		"open":        {},
		"webhooks":    {map[string]fakeRule{"21362": timedOut}, []string{"21362"}, "no answer within 2s"},
		"AWS's names": {map[string]fakeRule{"21363": refused}, []string{"21363"}, "No route to host"},
		"both":        {map[string]fakeRule{"21362": timedOut, "21363": timedOut}, []string{"21362", "21363"}, "no answer within 2s"},
	} {
		for _, adopted := range []bool{false, true} {
			r := newRig(t)
			if adopted {
				r.mustStart().crash()
			}
			r.world(func(w *fakeWorld) { w.Ports, w.KindHangs = test.ports, test.blocked != nil })
			_, _, err := r.start(func(c *Config) { c.Now = hurry() })
			if test.blocked == nil {
				if err != nil {
					t.Errorf("%s, adopted %t: %v", name, adopted, err)
				}
				continue
			}
			var found *unreachable
			if !errors.As(err, &found) || !slices.Equal(found.ports, test.blocked) || found.said != test.said {
				t.Errorf("%s, adopted %t: %v", name, adopted, err)
			}
			wantError(t, err, "iptables -I INPUT -i br-0123456789ab -p tcp -d 127.0.0.1 -m multiport --dports 21362,21363 -j ACCEPT", "port 21362,21363 proto tcp")
			if left := len(r.containers()) == 1; left != adopted {
				t.Errorf("%s, adopted %t: left %v", name, adopted, r.containers())
			}
			if r.savedLogs() {
				t.Errorf("%s: logs, which say nothing about a firewall", name)
			}
		}
	}
}

// TestReachTakesTroubleForTrouble: what keeps a node from trying is no firewall, and passes.
func TestReachTakesTroubleForTrouble(t *testing.T) {
	t.Parallel()
	for _, trouble := range []fakeRule{
		{Code: 126, Err: "OCI runtime exec failed: exec failed: unable to start container process"},
		{Code: 1, Err: "Error response from daemon: Container 0123 is restarting, wait until the container is running"},
		{Code: 1, Err: "bash: host.docker.internal: Temporary failure in name resolution"},
		{Code: 1, Err: "bash: connect: Network is unreachable"},
	} {
		trouble.Match, trouble.Times = "/dev/tcp/127.0.0.1/21362", 3
		r := newRig(t)
		r.world(func(w *fakeWorld) { w.Rules = []fakeRule{trouble} })
		r.mustStart()
	}
}

// TestReachCannotTry says so, and what the node said last.
func TestReachCannotTry(t *testing.T) {
	t.Parallel()
	r := made(t)
	r.world(func(w *fakeWorld) { w.Rules = []fakeRule{{Match: "timeout", Code: 127, Err: "bash: not found"}} })
	b := New(r.cfg)
	if _, err := b.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := contextUntil(t, func() bool { return len(r.calls("timeout")) > 4 })
	defer cancel()
	wantError(t, b.reach(ctx, "dev-control-plane", r.spec),
		"find out whether the node dev-control-plane reaches this machine at 127.0.0.1:21362: context canceled", "docker exec: bash: not found", "(exit status 127)") // between them is what the coverage run prints
	for _, spec := range []string{"https://127.0.0.1:x/", "127.0.0.1"} {
		wrong := r.spec
		if strings.Contains(spec, "/") {
			wrong.TokenWebhook.URL = spec
		} else {
			wrong.AWS = spec
		}
		if err := b.reach(t.Context(), "dev-control-plane", wrong); err == nil {
			t.Errorf("%s was reached", spec)
		}
	}
}

func TestConnectionFailed(t *testing.T) {
	t.Parallel()
	if got := connectionFailed(fmt.Errorf("bash: connect: refused")); got != "" {
		t.Errorf("nothing was run, but %q", got)
	}
}
