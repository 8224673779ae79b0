package scenarios

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/eksemu/eksemu/emulator/explain"
	"github.com/eksemu/eksemu/emulator/trace"
)

// TestJudgedByTheTrace: words about a server that cannot be reached count only where no request of the call got through.
func TestJudgedByTheTrace(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		printed string
		sent    bool
		client  bool // the client decided it
	}{
		"nothing was sent":    {"Unable to connect to the server: dial tcp 127.0.0.1:1: connect: connection refused\n", false, true},
		"a webhook's trouble": {"Error from server (InternalError): failed calling webhook: dial tcp 10.0.0.1:443: connect: connection refused\n", true, false},
		"a quoted answer":     {"error: it says: x509: certificate signed by unknown authority\n", true, false},
		"an exec plugin":      {"Unable to connect to the server: getting credentials: exec: executable nope not found\n", false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newFakeEnvironment(t)
			c := call{session: &session{run: &run{Runner: e.runner(t)}, Environment: e}, id: "step-x", step: Step{Expect: &Expectation{Outcome: explain.Denied}}}
			if test.sent {
				e.trace.Record(trace.Event{Kind: trace.KindRequest, Request: &trace.Request{
					AuditID: "a", Verb: "create", URI: "/api/v1/namespaces/default/pods", UserAgent: "step-x/v1.37.2", Received: time.Now(), Completed: time.Now(),
					Code: http.StatusForbidden, Username: "alice", Decision: "forbid", Resource: "pods",
				}})
			}
			got, err := c.judged(t.Context(), output{all: test.printed, err: errors.New("exit status 1")})
			if err != nil || (got.verdict.DecidedBy == explain.HopClient) != test.client {
				t.Errorf("%+v, %v", got.verdict, err)
			}
		})
	}
	if got := notOfServer("a\nError from server (Forbidden): b\nc"); got != "a\nc" {
		t.Errorf("%q", got)
	}
}
