package authn

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/eksemu/eksemu/emulator/trace"
)

// logs collects lines as the child's stderr does: in order, without waiting for whoever reads them.
type logs struct {
	mu    sync.Mutex
	lines []string
	live  func(string) // reads lines at once, if set
}

func (l *logs) add(lines ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range lines {
		if l.live != nil {
			l.live(line)
		} else {
			l.lines = append(l.lines, line)
		}
	}
}

// reviewer answers reviews: signatures that begin with d are denied. Each line names the fingerprint that the
// recorder must find for it.
func reviewer(t *testing.T, out *logs) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		said, err := readToken(tokenOf(t, req))
		if err != nil {
			t.Error(err)
		}
		expect := map[string]string{"expect": said.fingerprint, "error": "no mapping for " + said.fingerprint}
		if said.accessKeyID == "DENIED" {
			out.add(logLine(t, req, "STS response", expect), logLine(t, req, messageDenied, expect))
			w.WriteHeader(http.StatusForbidden)
			return
		}
		out.add(logLine(t, req, "STS response", expect), logLine(t, req, messageGranted, expect))
	}
}

// storm sends reviews from many clients at once: each sends one after the other.
func storm(t *testing.T, r *Recorder, clients, each int, denyEvery int) {
	t.Helper()
	var wait sync.WaitGroup
	for client := range clients {
		wait.Go(func() {
			for n := range each {
				key := "GRANTED"
				if denyEvery > 0 && n%denyEvery == 0 {
					key = "DENIED"
				}
				post(t, r, reviewBody(tokenFor(fmt.Sprintf(
					"https://sts.amazonaws.com/?X-Amz-Credential=%s&X-Amz-Date=20261123T120000Z&X-Amz-Signature=%d-%d", key, client, n))))
			}
		})
	}
	wait.Wait()
}

func checkLines(t *testing.T, r *Recorder, want int) {
	t.Helper()
	lines := 0
	for _, e := range events(r) {
		if e.Kind != trace.KindLog {
			continue
		}
		lines++
		if expect := e.Log.Fields["expect"]; e.Token != expect {
			t.Errorf("line %q of client %s has token %q, want %q", e.Log.Message, e.Log.Fields["client"], e.Token, expect)
		}
	}
	if lines != want {
		t.Errorf("%d lines, want %d", lines, want)
	}
}

// TestCorrelationLive: many parallel reviews, lines read at once.
func TestCorrelationLive(t *testing.T) {
	t.Parallel()
	out := new(logs)
	r := newRecorder(fakeServer(t, reviewer(t, out)))
	out.live = r.Line
	r.deniedWait = time.Hour
	const clients, each = 24, 20
	storm(t, r, clients, each, 3)
	checkLines(t, r, 2*clients*each)
	reviews := 0
	for _, e := range events(r) {
		if e.Kind != trace.KindTokenReview {
			continue
		}
		reviews++
		want := ""
		if e.TokenReview.Status == http.StatusForbidden {
			want = "no mapping for " + e.Token
		}
		if e.TokenReview.Authenticator != want {
			t.Errorf("review %s: authenticator said %q, want %q", e.Token, e.TokenReview.Authenticator, want)
		}
	}
	if reviews != clients*each {
		t.Errorf("%d reviews, want %d", reviews, clients*each)
	}
}

// TestCorrelationLate: nobody reads the lines until all reviews are over, on connections that carried several.
func TestCorrelationLate(t *testing.T) {
	t.Parallel()
	out := new(logs)
	r := newRecorder(fakeServer(t, reviewer(t, out)))
	const clients, each = 4, maxQueue / 4
	storm(t, r, clients, each, 0)
	for _, line := range out.lines {
		r.Line(line)
	}
	checkLines(t, r, 2*clients*each)
}

func TestAttribute(t *testing.T) {
	t.Parallel()
	c := newCorrelator()
	a, b, other := newReview("a"), newReview("b"), newReview("other")
	c.begin("127.0.0.1:1", false, a)
	c.begin("127.0.0.1:2", false, other)
	c.begin("127.0.0.1:1", true, b) // a is over, its lines are not read yet
	for i, step := range []struct {
		client, message string
		want            *review
	}{
		{"127.0.0.1:1", "STS response", a},
		{"127.0.0.1:2", messageDenied, other},
		{"127.0.0.1:1", messageGranted, a},
		{"127.0.0.1:1", "STS response", b},
		{"127.0.0.1:1", messageDenied, b},
		{"127.0.0.1:1", "could not write response", b},
		{"127.0.0.1:2", "could not write response", other},
		{"127.0.0.1:3", messageDenied, nil},
		{"", "starting mapper \"MountedFile\"", nil},
	} {
		if got := c.attribute(step.client, step.message); got != step.want {
			t.Errorf("step %d: %+v, want %+v", i, got, step.want)
		}
	}
	again := newReview("again")
	c.begin("127.0.0.1:2", false, again) // the port is used anew
	if got := c.attribute("127.0.0.1:2", "STS response"); got != again {
		t.Errorf("a line of a new connection belongs to %+v", got)
	}
}

// TestReviewsWithoutALastLine: a 400, and a denial whose line is lost, do not shift what comes after them on the
// same connection.
func TestReviewsWithoutALastLine(t *testing.T) {
	t.Parallel()
	var connections []string
	var r *Recorder
	r = newRecorder(fakeServer(t, func(w http.ResponseWriter, req *http.Request) {
		connections = append(connections, req.RemoteAddr)
		said, err := readToken(tokenOf(t, req))
		switch {
		case err != nil:
			w.WriteHeader(http.StatusBadRequest)
			return
		case said.accessKeyID != "LOST":
			r.Line(logLine(t, req, messageDenied, map[string]string{"expect": said.fingerprint, "error": "refused " + said.fingerprint}))
		}
		w.WriteHeader(http.StatusForbidden)
	}))
	review := func(key, signature string) string {
		return reviewBody(tokenFor("https://sts.amazonaws.com/?X-Amz-Credential=" + key + "&X-Amz-Date=20261123T120000Z&X-Amz-Signature=" + signature))
	}
	r.deniedWait = time.Millisecond
	post(t, r, reviewBody("no token"))
	post(t, r, review("LOST", "1"))
	post(t, r, reviewBody("no token"))
	r.deniedWait = time.Hour
	post(t, r, review("DENIED", "2"))
	post(t, r, review("DENIED", "3"))
	for _, connection := range connections {
		if connection != connections[0] {
			t.Fatalf("the reviews came on several connections: %v", connections)
		}
	}
	checkLines(t, r, 2)
	for _, signature := range []string{"2", "3"} {
		token := trace.Fingerprint(signature)
		for _, e := range events(r) {
			if e.Kind == trace.KindTokenReview && e.Token == token && e.TokenReview.Authenticator != "refused "+token {
				t.Errorf("review %s: authenticator said %q", signature, e.TokenReview.Authenticator)
			}
		}
	}
}

// TestDurationHasTheWaiting: the API server waits for the "access denied" line, too.
func TestDurationHasTheWaiting(t *testing.T) {
	t.Parallel()
	client := make(chan *http.Request, 1)
	r := newRecorder(fakeServer(t, func(w http.ResponseWriter, req *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		client <- req
	}))
	r.deniedWait = time.Hour
	var later atomic.Bool
	r.cfg.Now = func() time.Time {
		if later.Load() {
			return testNow.Add(time.Second)
		}
		return testNow
	}
	go func() {
		line := logLine(t, <-client, messageDenied, nil)
		later.Store(true)
		r.Line(line)
	}()
	post(t, r, reviewBody(testToken(testSignature)))
	if got := events(r)[1].TokenReview.Duration; got != time.Second {
		t.Errorf("duration %s, want 1s", got)
	}
}

// TestCorrelatorIsBounded: lines that never come, and connections that never come back.
func TestCorrelatorIsBounded(t *testing.T) {
	t.Parallel()
	c := newCorrelator()
	flying := newReview("flying")
	c.begin("flying", false, flying)
	for n := range 10 * maxClients {
		r := newReview("r")
		c.begin(fmt.Sprint(n), false, r)
		c.end(r)
	}
	if len(c.clients) > maxClients+1 {
		t.Errorf("%d clients remembered", len(c.clients))
	}
	if c.attribute("flying", "STS response") != flying {
		t.Error("a review in flight was forgotten")
	}
	for range 10 * maxQueue {
		c.begin("flying", true, newReview("r"))
	}
	if got := len(c.clients["flying"]); got > maxQueue {
		t.Errorf("%d reviews wait for their lines", got)
	}
}
