package process

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// childRole is the environment variable that makes the test binary play a child instead of running tests.
const childRole = "EKSEMU_TEST_CHILD"

func TestMain(m *testing.M) {
	if role := os.Getenv(childRole); role != "" {
		os.Exit(play(role))
	}
	os.Exit(m.Run())
}

// play is what a child does, by role. Every role that lives on does so until it is ended.
func play(role string) int {
	role, arg, _ := strings.Cut(role, "=")
	switch role {
	case "serve": // like a well-behaved server: ends on SIGTERM, and with its parent
		ExitWithParent(os.Stdin, func() { os.Exit(3) })
		terminated := make(chan os.Signal, 1)
		signal.Notify(terminated, syscall.SIGTERM)
		fmt.Println("serving as", filepath.Base(os.Args[0]), os.Args[1:])
		<-terminated
		fmt.Print("goodbye")
		return 0
	case "fail": // like a server whose port is taken
		for n := range 25 {
			fmt.Fprintf(os.Stderr, "line %d\n", n+1)
		}
		return 1
	case "fail-quietly":
		return 2
	case "succeed":
		return 0
	case "fail-again": // ready once, then never again
		if _, err := os.Stat(arg); err == nil {
			fmt.Println("address in use")
			return 1
		}
		_ = os.WriteFile(arg, nil, 0o600)
		return play("serve")
	case "stubborn": // ignores SIGTERM
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("ignoring")
		return hang()
	case "environment":
		for _, variable := range os.Environ() {
			name, _, _ := strings.Cut(variable, "=")
			fmt.Println(name)
		}
		fmt.Println("end")
		return 1
	case "middle": // starts a child of its own, as the emulator does, and is then killed
		_, err := Start(context.Background(), Spec{Name: "grandchild", Path: os.Args[0], Env: []string{childRole + "=dial=" + arg}})
		if err != nil {
			fmt.Println(err)
			return 1
		}
		fmt.Println("started")
		return hang()
	case "dial": // holds a connection until it ends
		ExitWithParent(os.Stdin, func() { os.Exit(3) })
		conn, err := net.Dial("tcp", arg)
		if err != nil {
			return 1
		}
		_, _ = io.WriteString(conn, "here\n")
		return hang()
	}
	fmt.Println("unknown role", role)
	return 64
}

// hang waits for a SIGKILL; the time only bounds what a broken test leaves behind.
func hang() int {
	time.Sleep(time.Minute)
	return 0
}

// watcher records what a child does and lets a test wait for it.
type watcher struct {
	t      *testing.T
	lines  chan string
	events chan Event
}

// spec describes a child that plays role.
func spec(t *testing.T, role string) (Spec, *watcher) {
	t.Helper()
	w := &watcher{t: t, lines: make(chan string, 1000), events: make(chan Event, 1000)}
	return Spec{
		Name:    "etcd",
		Path:    os.Args[0],
		Env:     []string{childRole + "=" + role, "GOCOVERDIR=" + t.TempDir()}, // go test -cover makes a child ask for it
		OnLine:  func(line string) { w.lines <- line },
		Observe: func(e Event) { w.events <- e },
	}, w
}

// event waits for the next event, which must be of this state.
func (w *watcher) event(state State) Event {
	w.t.Helper()
	select {
	case e := <-w.events:
		if e.State != state {
			w.t.Fatalf("event is %q (%v), want %q", e.State, e.Err, state)
		}
		return e
	case <-time.After(30 * time.Second):
		w.t.Fatalf("no event, want %q", state)
	}
	return Event{}
}

// line waits for the next line of output.
func (w *watcher) line() string {
	w.t.Helper()
	select {
	case line := <-w.lines:
		return line
	case <-time.After(30 * time.Second):
		w.t.Fatal("no line of output")
	}
	return ""
}

// begin starts a child that must start, and stops it at the end of the test.
func (w *watcher) begin(s Spec, p pace) *Child {
	w.t.Helper()
	c, err := start(w.t.Context(), s, p)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := c.Stop(context.Background()); err != nil {
			w.t.Error(err)
		}
	})
	return c
}

// hurried is a pace that lets tests of restarts end soon.
func hurried() pace {
	return pace{first: time.Millisecond, longest: 10 * time.Millisecond, stable: time.Hour, deaths: 3}
}
