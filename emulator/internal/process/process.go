// Package process runs the emulator's child processes: etcd, kube-apiserver, kube-controller-manager and
// aws-iam-authenticator, each the unmodified upstream program in a process of its own.
//
// A child's life:
//
//   - [Start] starts it and waits until it is ready. If it ends before that, the error says so at once, with
//     the last lines that it printed; nobody has to search a log file to learn that a port was taken.
//   - When it dies later, it is started again: the first time nearly at once, then with growing pauses.
//   - [Child.Stop] asks it to end (SIGTERM), and ends it if it does not (SIGKILL).
//
// Two properties keep a terminal clean. Every child has a process group of its own, so Ctrl-C reaches only the
// emulator, which then stops its children in order. And no child outlives the emulator, not even when that is
// killed with SIGKILL: a child's standard input is a pipe that the emulator holds open and never writes to,
// the operating system closes it when the emulator is gone, and the child, which waits for exactly that with
// [ExitWithParent], ends itself.
package process

import (
	"context"
	"io"
	"time"
)

// What a [Spec] gets where it leaves a timeout zero.
const (
	DefaultReadyTimeout = time.Minute
	DefaultStopTimeout  = 5 * time.Second
)

// Spec describes a child process.
type Spec struct {
	Name string   // what errors and events call it: "kube-apiserver"
	Path string   // the executable; it is not looked up in PATH
	Args []string // arguments after the program name
	// Argv0 is the program name that the child sees, Path if empty.
	Argv0 string
	// Env is the child's whole environment. Nothing is inherited: what a user has exported (a proxy, AWS
	// credentials, KUBECONFIG) must not change what a child does.
	Env []string
	// LogFile, if set, receives everything that the child prints, appended. It is created with mode 0600.
	LogFile string

	// Ready returns nil once the child does its work. It is asked again and again until then, and must return
	// soon after its context ends. A nil Ready means that the child is ready when it runs.
	Ready func(ctx context.Context) error
	// ReadyTimeout bounds the wait for Ready; DefaultReadyTimeout if zero.
	ReadyTimeout time.Duration
	// StopTimeout is how long the child has to end by itself after SIGTERM; DefaultStopTimeout if zero.
	StopTimeout time.Duration

	// OnLine, if set, sees every line that the child prints, in order and without its end-of-line. Lines
	// longer than 64 KiB are cut. The child's output waits while OnLine runs.
	OnLine func(line string)
	// Observe, if set, sees every change of state, in order. The supervisor waits while it runs, so it must
	// not call Stop.
	Observe func(Event)
}

func (s Spec) withDefaults() Spec {
	if s.Argv0 == "" {
		s.Argv0 = s.Path
	}
	if s.Env == nil {
		s.Env = []string{} // to os/exec, nil means the parent's environment
	}
	if s.Ready == nil {
		s.Ready = func(context.Context) error { return nil }
	}
	if s.ReadyTimeout == 0 {
		s.ReadyTimeout = DefaultReadyTimeout
	}
	if s.StopTimeout == 0 {
		s.StopTimeout = DefaultStopTimeout
	}
	if s.Observe == nil {
		s.Observe = func(Event) {}
	}
	return s
}

// State is what happened to a child.
type State string

// The states of a child. After every exited that Stop did not cause comes a restarted.
const (
	Started   State = "started"
	Ready     State = "ready"
	Exited    State = "exited"
	Restarted State = "restarted" // started again after it died; not ready yet
)

// Event is a change in a child's life.
type Event struct {
	Name  string
	State State
	PID   int
	Err   error // of Exited: why, with the last lines of output; nil if the child ended because it was told to
}

// ExitWithParent is the child's side of the life line: it calls exit once, from a goroutine of its own, when
// stdin ends because the parent is gone. It returns at once. A program started by this package should call it
// first thing, with os.Stdin.
func ExitWithParent(stdin io.Reader, exit func()) {
	go func() {
		_, _ = io.Copy(io.Discard, stdin) // an error ends the life line as well as EOF does
		exit()
	}()
}
