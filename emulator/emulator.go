// Package emulator puts an environment together: the AWS side (STS, IAM, EKS API, EC2) behind one gateway, and for each
// cluster a control plane, the real aws-iam-authenticator, the webhook for access policies and the recorders between
// them. Clusters also come and go while it runs, by calls of the EKS API.
//
// [Start] brings an [Environment] up as a list of steps and takes everything down again if one of them fails. Other
// processes find it through its state folder with [Attach]. An environment without clusters is the AWS side alone:
// it has no child processes and no kubeconfigs.
//
// # State folder
//
//	lock                   held while the environment lives; freed by the system when it dies
//	runtime.json           how to reach it; there exactly while it is ready
//	starting.json          how to stop it; there while it starts
//	state.json             sealing key and what has been done once
//	iam.json, eks.json     what IAM and the EKS API hold; each change is there before its caller has the answer
//	*.json.before          the same before the scenarios that run, to be put back: by the next start, if this process ends first
//	ca.pem, ca.key         certificate authority of the gateway's AWS names
//	ca-bundle.pem          the system's roots and ours, for AWS_CA_BUNDLE
//	aws/                   config and credentials with a profile per identity
//	kubeconfig             a context per identity; kubeconfigs/NAME is the same with NAME's context current
//	admin.kubeconfig       break-glass access by client certificate
//	clusters/NAME/         the control plane's and the authenticator's files
//	logs/                  one file per child process
//	trace.jsonl            what every hop did
package emulator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/eksemu/eksemu/emulator/cluster"
	"github.com/eksemu/eksemu/emulator/cluster/kindcluster"
	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/gateway"
	"github.com/eksemu/eksemu/emulator/internal/pki"
	"github.com/eksemu/eksemu/emulator/internal/process"
	"github.com/eksemu/eksemu/emulator/trace"
	stsfake "github.com/eksemu/eksemu/sts-fake"
)

// Options say which environment to start.
type Options struct {
	Name       string                                       // of the environment
	Dir        string                                       // its state folder
	Config     *config.Environment                          // what is in it
	Port       int                                          // of the gateway on 127.0.0.1; 0 is any free one
	Fallback   *url.URL                                     // where AWS hosts go that are not emulated; nil refuses them
	Proxy      func(*http.Request) (*url.URL, error)        // this machine's own proxy for hosts that are none of AWS's; nil: none
	Executable string                                       // the eksemu binary, absolute
	Command    func(program string, args []string) []string // arguments that make it run one of its linked programs
	Path       string                                       // PATH of the children
	Version    string                                       // of eksemu, for runtime.json
	Kubernetes string                                       // minor version of the linked Kubernetes, "1.37"

	Backend     Backend             // what runs the clusters; "" is that of the kept state, or the embedded one
	Kind        kindcluster.Options // of the kind backend
	KindCluster string              // name of the kind cluster; "" is that of the kept state, or one that the environment's name leads to
	ToolEnv     []string            // whole environment of docker and kind

	BackendVariable string // environment variable that Backend is from, "" for a flag

	// InstanceCredentials are arguments that make the executable print the credentials of an instance or cluster,
	// whose name follows them (an AWS credential_process).
	InstanceCredentials []string
	AWSCommand          string // the aws CLI, for exec plugins of kubeconfigs; "" uses the eksemu binary
	Now                 func() time.Time
	ClockOffset         time.Duration     // by which the clock of the AWS side is ahead of Now when it starts; see Clock
	Progress            func(step string) // told each step as it begins; may be nil
}

// Environment is a running environment.
type Environment struct {
	opts  Options
	files Layout
	kept  kept

	clock  *awsClock
	faults stsfake.Faults

	lock       *stateLock
	state      *state
	ca         *pki.CA
	trace      *trace.Recorder
	log        *traceLog
	gatewayLog *os.File
	aws        *awsSide
	gateway    *gateway.Gateway
	names      net.Listener // where nodes and pods find AWS; nil without them
	logger     *slog.Logger // writes into gatewayLog
	clusters   clusterSet
	primary    *runningCluster   // the configuration's first cluster, which people mean when they name none; nil without one
	others     []*runningCluster // the configuration's other clusters
	resumed    []*runningCluster // those that callers of the EKS API made in an earlier start
	runtime    Runtime

	publishing sync.Mutex // of published, and of who writes the files that tell others of the environment
	published  bool

	marking sync.Mutex // of marked and marks
	marked  *mark      // nil without one
	marks   int        // so far

	making    sync.Mutex         // of who makes a cluster known that somebody may delete, or begins to end it
	deletions singleflight.Group // of clusters, by ARN

	background sync.WaitGroup // what the environment does for callers of the EKS API who do not wait for it

	mu         sync.Mutex // of what follows, of names, and of who adds to background
	stopping   bool
	notes      []string
	components map[string]*ComponentStatus

	done     context.Context // ends when the environment shall end, with the reason as its cause
	finish   context.CancelCauseFunc
	stopOnce sync.Once
	stopErr  error
}

// Start starts an environment and returns when it is ready. When it cannot, the error says which step failed and why, and
// nothing is left running, or a [cluster.LeftError] in it says what. ctx bounds the start alone: the environment lives until [Environment.Stop].
func Start(ctx context.Context, opts Options) (*Environment, error) {
	e := newEnvironment(ctx, opts)
	if err := e.start(ctx); err != nil {
		return nil, err
	}
	return e, nil
}

func newEnvironment(ctx context.Context, opts Options) *Environment {
	if opts.Progress == nil {
		opts.Progress = func(string) {}
	}
	e := &Environment{opts: opts, files: Layout{opts.Dir}, kept: kept{opts.Dir}, components: map[string]*ComponentStatus{}}
	e.done, e.finish = context.WithCancelCause(context.WithoutCancel(ctx))
	return e
}

// start takes the steps, until one fails or somebody asks the environment to stop.
func (e *Environment) start(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(e.done, func() { cancel(context.Cause(e.done)) })() //nolint:contextcheck // the environment's end is the start's, too
	for _, steps := range []func() []step{e.firstSteps, e.clusterSteps} {
		for _, step := range steps() {
			if err := e.take(ctx, step); err != nil {
				return errors.Join(err, e.Stop(context.WithoutCancel(ctx)))
			}
		}
	}
	return nil
}

func (e *Environment) take(ctx context.Context, step step) error {
	e.opts.Progress(step.what)
	err := step.do(ctx)
	if err == nil {
		return nil
	}
	if e.done.Err() != nil {
		var left *cluster.LeftError
		errors.As(err, &left)
		err = context.Cause(e.done) //nolint:contextcheck // what the step says about it is that it was interrupted
		if left != nil {
			err = errors.Join(err, left)
		}
	}
	return fmt.Errorf("%s: %w", step.what, err)
}

// step is a part of a start.
type step struct {
	what string
	do   func(context.Context) error
}

// firstSteps are the parts of the start after which it is known which clusters there are. Each needs those before it.
func (e *Environment) firstSteps() []step {
	return []step{{"prepare the state folder", e.prepare}, {"start the AWS endpoints", e.startAWS}}
}

// clusterSteps are the parts of the start after those.
func (e *Environment) clusterSteps() []step {
	var steps []step
	if c := e.primary; c != nil {
		for _, part := range e.parts() { // one by one; there seldom is another cluster
			steps = append(steps, step{part.what, func(ctx context.Context) error { return e.unlessDeleted(c.take(ctx, part)) }})
		}
	}
	if len(e.others)+len(e.resumed) > 0 {
		steps = append(steps, step{"start the other clusters", e.startOthers})
	}
	what := "write profiles"
	if len(e.clusters.all()) > 0 {
		what = "write profiles and kubeconfigs"
	}
	return append(steps, step{what, e.publish})
}

// Done is closed when the environment shall end: somebody asked the admin API, or a part of it broke for good.
// The owner then calls [Environment.Stop].
func (e *Environment) Done() <-chan struct{} { return e.done.Done() }

// Err tells, once Done is closed, what broke; nil if nothing did.
func (e *Environment) Err() error {
	if err := context.Cause(e.done); err != nil && !errors.Is(err, ErrStopped) {
		return err
	}
	return nil
}

// ErrStopped is why a start ends that somebody asked to stop.
var ErrStopped = errors.New("stopped before it was ready")

// errRemoved is ErrStopped for an environment that shall not be started again.
var errRemoved = fmt.Errorf("%w, to be removed", ErrStopped)

// Notes are what the user should know about the start, though it succeeded.
func (e *Environment) Notes() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.notes)
}

// note tells the user something: in the log, too, because of a cluster that is made later nobody reads the notes.
func (e *Environment) note(text string) {
	if e.logger != nil {
		e.logger.Warn(text)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.notes = append(e.notes, text)
}

// Runtime tells how to reach the environment. Its clusters are those of the moment.
func (e *Environment) Runtime() Runtime {
	r := e.runtime
	r.Clusters = []RuntimeCluster{}
	for _, c := range e.clusters.active() {
		r.Clusters = append(r.Clusters, RuntimeCluster{Name: c.name, ARN: c.arn, Endpoint: c.info.Endpoint})
	}
	return r
}

// Remove stops everything for good and removes the state folder, instead of [Environment.Stop].
func (e *Environment) Remove(ctx context.Context) error {
	e.finish(errRemoved)
	return errors.Join(e.Stop(ctx), RemoveState(ctx, e.opts.Dir, e.opts.ToolEnv))
}

// Stop stops everything, in the order in which one thing needs the other, within about three seconds; the nodes of a kind
// cluster may take longer, and a Docker that hangs is given up after a minute. The state folder stays, and so does a kind cluster, unless somebody has asked to remove the environment. It may be called more
// than once.
func (e *Environment) Stop(ctx context.Context) error {
	e.stopOnce.Do(func() {
		e.finish(ErrStopped)
		var errs []error
		errs = append(errs, e.unpublish())
		e.endBackground()
		errs = append(errs, e.clusters.stop(ctx, errors.Is(context.Cause(e.done), errRemoved))) //nolint:contextcheck // why the environment ends, not the context of its end
		if e.names != nil {
			errs = append(errs, e.names.Close())
		}
		if e.gateway != nil {
			limited, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			errs = append(errs, e.gateway.Shutdown(limited))
		}
		if e.gatewayLog != nil {
			errs = append(errs, e.gatewayLog.Close())
		}
		errs = append(errs, e.log.close(), e.lock.release())
		e.stopErr = errors.Join(errs...)
	})
	return e.stopErr
}

// Status tells the state of every child process.
func (e *Environment) Status() Status {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := Status{Components: []ComponentStatus{}, Name: e.opts.Name, PID: e.runtime.PID, Started: e.runtime.Started, Events: e.trace.Last()}
	s.ClockOffset, s.Faults = e.clock.read().Offset, len(e.faults.Pending())
	for _, name := range componentOrder {
		if c := e.components[name]; c != nil {
			s.Components = append(s.Components, *c)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.components)) { // the nodes of kind clusters
		if !slices.Contains(componentOrder[:], name) {
			s.Components = append(s.Components, *e.components[name])
		}
	}
	return s
}

// componentOrder is the order in which people read the children: along the way of a request to the store.
var componentOrder = [...]string{"aws-iam-authenticator", "kube-apiserver", "kube-controller-manager", "etcd"}

// observe keeps the children's states and puts their changes into the trace.
func (e *Environment) observe(event process.Event) {
	change := trace.Process{Name: event.Name, State: string(event.State), PID: event.PID}
	if event.Err != nil {
		change.Error = event.Err.Error()
	}
	e.mu.Lock()
	c := e.components[event.Name]
	if c == nil {
		c = &ComponentStatus{Name: event.Name}
		e.components[event.Name] = c
	}
	c.State, c.PID = change.State, change.PID
	switch event.State {
	case process.Restarted:
		c.Restarts++
	case process.Exited:
		c.PID, c.Error = 0, change.Error
	}
	e.mu.Unlock()
	e.trace.Record(trace.Event{Kind: trace.KindProcess, Process: &change})
}
