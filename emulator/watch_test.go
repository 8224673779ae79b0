package emulator

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eksemu/eksemu/emulator/authn"
	"github.com/eksemu/eksemu/emulator/trace"
)

// TestAuthenticatorThatCannotWatch is told apart from one that is late.
func TestAuthenticatorThatCannotWatch(t *testing.T) {
	t.Parallel()
	const cannot = "startLoadDynamicFile: failed when call fsnotify.NewWatcher, too many open files"
	for name, test := range map[string]struct {
		lines []string
		want  error
	}{
		"reads":           {[]string{"LoadDynamicFile: /x/access-entries.json is available"}, nil},
		"reads later":     {[]string{cannot, cannot, "LoadDynamicFile: /x/access-entries.json is available"}, nil},
		"has no instance": {[]string{cannot, cannot}, errCannotWatch},
		"says nothing":    {nil, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				recorder := trace.NewRecorder(0, time.Now, nil)
				c := &runningCluster{name: "c", server: &authn.Server{Dir: "/x"}}
				c.recorder = authn.NewRecorder(authn.RecorderConfig{Cluster: "c", Trace: recorder, Now: time.Now})
				for _, line := range test.lines {
					recorder.Record(trace.Event{Kind: trace.KindLog, Cluster: "c", Log: &trace.LogLine{Message: line}})
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				if err := c.awaitEntries(ctx, 0); !errors.Is(err, test.want) || errors.Is(test.want, errCannotWatch) && !strings.Contains(err.Error(), "sysctl") {
					t.Errorf("%v, want %v", err, test.want)
				}
			})
		})
	}
}
