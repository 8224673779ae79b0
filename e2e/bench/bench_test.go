// Package bench measures, on the built binary and from outside, what eksemu costs over the control plane that it runs.
// `make bench` names the binary in the environment variable EKSEMU and runs it:
//
//   - the time to the first "yes" of `eksemu run`, against the time that the bare control plane takes to get ready
//   - the anonymous memory of eksemu's own process, without its children
//   - the time of `eksemu token`, which kubectl waits for
//   - the time until an access entry and its policies count, the first and the one after 200 others
//
// It fails when something does not work, and never because something is slow: the figures are for people. It reads
// /proc, so it runs on Linux.
package bench

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

const (
	rounds   = 5  // of the bare control plane and `eksemu run`, in turns
	requests = 50 // between the two looks at the memory
	tokens   = 20 // runs of `eksemu token`
)

// patience is how long anything may take before it counts as broken.
const patience = 2 * time.Minute

func TestBench(t *testing.T) {
	binary := os.Getenv("EKSEMU")
	if binary == "" || !strings.Contains(flag.Lookup("test.run").Value.String(), "TestBench") {
		t.Skip("measures only on request: run `make bench`")
	}
	m := newMachine(t, binary)
	running := m.up(t)
	idle := running.rssAnon(t)
	running.ask(t, requests)
	busy := running.rssAnon(t)
	token := running.timeTokens(t, tokens)
	plane := running.stop(t)

	var bare, yes, whole []time.Duration
	for range rounds {
		bare = append(bare, plane.getReady(t))
		first, all := m.firstYes(t)
		yes, whole = append(yes, first), append(whole, all)
	}
	report([]row{
		{"bare control plane", bare, "start of etcd and kube-apiserver, side by side, to the first 200 of /readyz; flags as in eksemu but for its webhooks; empty store"},
		{"eksemu run, first yes", yes, "start of `eksemu run alice-views-pods` to the moment when kube-apiserver has answered the review with allowed (audit timestamp); empty state folder"},
		{"eksemu run, whole", whole, "the same to the end of the process, which stops and removes what it started"},
		{"eksemu token", token, "start to end of the process; aim: under 150 ms"},
	})
	fmt.Printf("\nfirst yes / bare control plane   %.2f   medians of %d rounds in turns; aim: at most 1.5\n", ratio(yes, bare), rounds)
	fmt.Printf("RssAnon of eksemu when ready     %.1f MB   aim: under 60 MB\n", idle)
	fmt.Printf("RssAnon after %d requests        %.1f MB   each with a token of its own\n", requests, busy)
}

// row is something that was timed several times.
type row struct {
	what  string
	times []time.Duration
	how   string
}

func report(rows []row) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintf(w, "\n\tmin\tmedian\tmax\tn\tfrom … to\n")
	for _, r := range rows {
		least, middle, most := summary(r.times)
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\n", r.what, short(least), short(middle), short(most), len(r.times), r.how)
	}
	_ = w.Flush() // nobody is left to tell when stdout is closed
}

func short(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
