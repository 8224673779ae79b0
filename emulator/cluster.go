package emulator

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/eksemu/eksemu/emulator/access"
	"github.com/eksemu/eksemu/emulator/audit"
	"github.com/eksemu/eksemu/emulator/authn"
	"github.com/eksemu/eksemu/emulator/cluster"
	"github.com/eksemu/eksemu/emulator/cluster/kindcluster"
	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/internal/atomicfile"
	"github.com/eksemu/eksemu/emulator/internal/pki"
	"github.com/eksemu/eksemu/emulator/internal/port"
	"github.com/eksemu/eksemu/emulator/internal/process"
	"github.com/eksemu/eksemu/emulator/kube"
	"github.com/eksemu/eksemu/emulator/trace"
)

// eksObjects are the objects that EKS installs into every cluster and that this environment needs.
//
//go:embed eks-objects.yaml
var eksObjects []byte

// awsAuth names the ConfigMap that the authenticator watches.
const awsAuth = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\n"

// runningCluster is one cluster: its control plane, its authenticator and the recorders between them.
type runningCluster struct {
	spec   config.Cluster
	name   string // what the environment calls it, see nameOf
	arn    string
	dir    string
	logs   string       // folder of the logs of its processes
	label  string       // before the names of its processes, "" for the environment's first cluster
	site   cluster.Site // of its control plane
	hooks  *http.Server // token webhook and audit webhook
	opened atomic.Bool  // whether somebody can use its API server, so that requests are somebody's
	active atomic.Bool  // whether it can be used in full

	life  sync.Mutex      // held while it is being started or stopped
	ended context.Context // ends when somebody deletes it, or the environment ends
	end   context.CancelFunc

	authorizer *access.Authorizer // answers for the access policies
	accessMu   sync.Mutex         // of who changes who may do what
	mapped     bool               // whether the authenticator runs
	retrying   atomic.Bool        // whether somebody will apply again who may do what
	mode       atomic.Value       // its authentication mode, an authn.AuthenticationMode

	backend  cluster.Backend
	info     cluster.Info
	kube     *kube.Client
	recorder *authn.Recorder
	server   *authn.Server
	reserved *port.Reservation // of the authenticator's port, until it has started
	child    *process.Child    // the authenticator
}

// startControlPlane opens the webhooks and starts the API server, which asks them.
func (e *Environment) startControlPlane(ctx context.Context, c *runningCluster) error {
	if err := os.MkdirAll(c.logs, 0o700); err != nil {
		return fmt.Errorf("make the folder of the cluster's logs: %w", err)
	}
	c.backend = e.backend(c)
	var err error
	if c.site, err = c.backend.Prepare(ctx); err != nil {
		return err
	}
	wanted, err := e.controlPlane(ctx, c)
	if err != nil {
		return err
	}
	if err := e.forgetManifests(c); err != nil {
		return err
	}
	if c.info, err = c.backend.Start(ctx, wanted); err != nil {
		return err
	}
	if err := e.keepBackend(); err != nil {
		return err
	}
	for _, note := range c.info.Notes {
		e.note(note)
	}
	if c.kube, err = kube.New(c.access()); err != nil {
		return err
	}
	c.opened.Store(true)
	return e.publishKeys(ctx, c)
}

// controlPlane opens what a control plane calls, and is what it has to be.
func (e *Environment) controlPlane(ctx context.Context, c *runningCluster) (cluster.Spec, error) {
	if err := e.prepareAuthenticator(ctx, c); err != nil {
		return cluster.Spec{}, err
	}
	webhook, err := e.openWebhooks(ctx, c)
	if err != nil {
		return cluster.Spec{}, err
	}
	names, err := e.openNames(ctx, c)
	if err != nil {
		return cluster.Spec{}, err
	}
	policy, err := audit.Policy(append(trace.ControlPlaneUsers(), c.site.Users...))
	if err != nil {
		return cluster.Spec{}, err
	}
	return cluster.Spec{
		Name: c.spec.Name, ServiceAccountIssuer: e.aws.issuerOf(c.arn),
		TokenWebhook:         webhook("/authenticate"),
		TokenWebhookCacheTTL: c.spec.TokenCacheTTL,
		AccessWebhook:        webhook("/authorize"),
		AuditWebhook:         webhook("/audit"),
		AuditPolicy:          policy, Administrator: trace.Administrator, AWS: names,
	}, nil
}

// forgetManifests forgets what was applied to a cluster that is made anew, because somebody has deleted it. It is forgotten
// before that: a start that ends in between must leave the manifests to the next one.
func (e *Environment) forgetManifests(c *runningCluster) error {
	if !c.site.New || !e.state.read().Bootstrap[c.name] {
		return nil
	}
	return e.state.update(func(s *state) { delete(s.Bootstrap, c.name) })
}

func (c *runningCluster) access() kube.Config {
	return kube.Config{Endpoint: c.info.Endpoint, CAPEM: c.info.CAPEM, CertPEM: c.info.Admin.CertPEM, KeyPEM: c.info.Admin.KeyPEM}
}

// prepareAuthenticator chooses the authenticator's port and certificate, which the recorder must know first.
func (e *Environment) prepareAuthenticator(ctx context.Context, c *runningCluster) error {
	cert, key, err := e.ca.Issue(pki.Leaf{CommonName: authn.Component, Server: true, IPs: []net.IP{net.IPv4(127, 0, 0, 1)}})
	if err != nil {
		return err
	}
	if c.reserved, err = port.Reserve(ctx, "127.0.0.1", 0); err != nil {
		return err
	}
	proxy, err := url.Parse(e.runtime.Gateway)
	if err != nil {
		return err
	}
	proxy.User = url.UserPassword(authn.Component, "x") // labels its calls in the trace
	dir := filepath.Join(c.dir, "authenticator")
	c.server = &authn.Server{
		Dir: dir, Port: c.reserved.Port, CertPEM: cert, KeyPEM: key, RootCAs: e.ca.Pool(),
		Kubeconfig: filepath.Join(dir, "kubeconfig"),
		Command:    append([]string{e.opts.Executable}, e.opts.Command(authn.Component, nil)...),
		Proxy:      proxy, CABundle: e.files.CA(), Region: e.opts.Config.Region, Now: e.opts.Now,
		AWSConfig: filepath.Join(dir, "aws-config"),
	}
	c.recorder = authn.NewRecorder(authn.RecorderConfig{
		Cluster: c.name, Address: c.server.Address(), RootCAs: e.ca.Pool(), Trace: e.trace, Now: e.opts.Now, Mode: c.currentMode,
	})
	return nil
}

// currentMode is the authentication mode that the authenticator was told last, "" before that.
func (c *runningCluster) currentMode() authn.AuthenticationMode {
	mode, _ := c.mode.Load().(authn.AuthenticationMode)
	return mode
}

// applyManifests installs what EKS installs, and on the first start of a cluster what the configuration brings.
func (e *Environment) applyManifests(ctx context.Context, c *runningCluster) error {
	if err := c.applyOnceReady(ctx, eksObjects); err != nil {
		return err
	}
	now := digest(c.spec.AllManifests())
	kept := e.state.read()
	if kept.Bootstrap[c.name] {
		if before := kept.Manifests[c.name]; before != "" && before != now {
			e.note(fmt.Sprintf("the manifests of cluster %s have changed since it was made, and were not applied: it keeps its objects. "+
				"Apply them with kubectl, or begin anew with `eksemu down` and `eksemu up`", c.name))
		}
		return nil
	}
	for i, manifest := range c.spec.AllManifests() {
		if err := c.applyOnceReady(ctx, []byte(manifest)); err != nil {
			return fmt.Errorf("%s of cluster %s: %w", manifestName(c.spec, i), c.name, err)
		}
	}
	return e.state.update(func(s *state) { s.Bootstrap[c.name], s.Manifests[c.name] = true, now })
}

// manifestName is where the configuration has one of AllManifests.
func manifestName(spec config.Cluster, i int) string {
	if i < len(spec.Manifests) {
		return fmt.Sprintf("manifests[%d]", i)
	}
	i -= len(spec.Manifests)
	return fmt.Sprintf("manifestFiles[%d] (%s)", i, spec.ManifestFiles[i])
}

// namespacesWait is how long a new API server may take to make its own namespaces after it says that it is ready.
const namespacesWait = 10 * time.Second

// applyOnceReady applies a manifest, and again while a namespace that the API server makes itself is missing.
func (c *runningCluster) applyOnceReady(ctx context.Context, manifest []byte) error {
	var missing error
	err := wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, namespacesWait, true, func(ctx context.Context) (bool, error) {
		_, err := c.kube.Apply(ctx, manifest)
		if comesByItself(err) {
			missing = err
			return false, nil
		}
		return true, err
	})
	if missing != nil && wait.Interrupted(err) {
		return missing
	}
	if apierrors.IsNotFound(err) {
		return fmt.Errorf("%w (put what it needs into a manifest before this one)", err)
	}
	return err
}

// comesByItself tells whether an object is refused for want of a namespace that the API server makes a moment after it
// says that it is ready (k8s.io/kubernetes pkg/controlplane/controller/systemnamespaces, and default).
func comesByItself(err error) bool {
	var refusal apierrors.APIStatus
	if !apierrors.IsNotFound(err) || !errors.As(err, &refusal) {
		return false
	}
	details := refusal.Status().Details
	return details != nil && details.Kind == "namespaces" &&
		slices.Contains([]string{"default", "kube-system", "kube-public", "kube-node-lease"}, details.Name)
}

// startAuthenticator starts aws-iam-authenticator and waits until it has read what it maps by: access entries and aws-auth.
// What changes before it has begun to watch the file of access entries would be lost on it.
func (e *Environment) startAuthenticator(ctx context.Context, c *runningCluster) error {
	if err := e.writeAuthenticatorFiles(c); err != nil {
		return err
	}
	if err := e.writeAccess(c); err != nil {
		return err
	}
	spec, err := c.server.Spec()
	if err != nil {
		return err
	}
	spec.LogFile = filepath.Join(c.logs, authn.Component+".log")
	spec.OnLine, spec.Observe, spec.StopTimeout = c.recorder.Line, e.observerOf(c), 500*time.Millisecond
	before := e.trace.Last()
	child, err := process.Start(ctx, spec)
	c.reserved.Release()
	if err != nil {
		return err
	}
	c.child = child
	if err := e.awaitMapping(ctx, c, before); err != nil { // one that maps by nothing must not be taken for running
		return errors.Join(err, c.stopAuthenticator(context.WithoutCancel(ctx)))
	}
	return nil
}

// awaitMapping waits until an authenticator that was just started has read what it maps by.
func (e *Environment) awaitMapping(ctx context.Context, c *runningCluster, before uint64) error {
	if c.currentMode() != authn.ConfigMap {
		if err := c.awaitEntries(ctx, before); err != nil {
			return fmt.Errorf("the authenticator did not read the access entries: %w", err)
		}
	}
	c.accessMu.Lock()
	c.mapped = true
	c.accessMu.Unlock()
	running, err := e.applyAccess(ctx, c.arn) // grants, and what changed in the meantime
	if err != nil {
		return err
	}
	e.finishUpdates(running, "") // which were begun while it did not run
	return c.awaitConfigMap(ctx, before, c.currentMode())
}

// watchPatience is how long the authenticator may be without what it needs to watch its files.
const watchPatience = 10 * time.Second

// errCannotWatch is why the authenticator does not learn of changes.
var errCannotWatch = errors.New("it cannot watch them: this machine's inotify instances are used up; " +
	"end environments that you do not need, or raise the limit: sudo sysctl fs.inotify.max_user_instances=1024")

// awaitEntries waits until the authenticator has read the access entries.
func (c *runningCluster) awaitEntries(ctx context.Context, since uint64) error {
	event, err := c.recorder.AwaitLog(ctx, since, func(line *trace.LogLine) bool { return c.server.ReadEntries(line) || authn.CannotWatch(line) })
	if err != nil || !authn.CannotWatch(event.Log) {
		return err
	}
	limited, cancel := context.WithTimeoutCause(ctx, watchPatience, errCannotWatch)
	defer cancel()
	if _, err = c.recorder.AwaitLog(limited, event.Seq, c.server.ReadEntries); err != nil && ctx.Err() == nil && limited.Err() != nil {
		return errCannotWatch
	}
	return err
}

// writeAuthenticatorFiles gives the authenticator its access to the cluster and to EC2.
func (e *Environment) writeAuthenticatorFiles(c *runningCluster) error {
	client, err := c.backend.ClientCertificate("eks:authenticator")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.server.Dir, 0o700); err != nil {
		return err
	}
	kubeconfig := cluster.Kubeconfig(c.info, c.name, "eks:authenticator", client)
	if err := atomicfile.Write(c.server.Kubeconfig, kubeconfig, 0o600); err != nil {
		return err
	}
	return atomicfile.Write(c.server.AWSConfig, e.aws.serviceProfile(c.name), 0o600)
}

// awaitConfigMap waits until the authenticator has read aws-auth, if its mode has it do that and the cluster has one.
func (c *runningCluster) awaitConfigMap(ctx context.Context, since uint64, mode authn.AuthenticationMode) error {
	if mode == authn.API {
		return nil
	}
	objects, err := kube.Decode([]byte(awsAuth))
	if err != nil {
		return err
	}
	exists, err := c.kube.Exists(ctx, objects[0])
	if err != nil || !exists {
		return err
	}
	if _, err = c.recorder.AwaitLog(ctx, since, authn.ReceivedConfigMap); err != nil {
		return fmt.Errorf("the authenticator did not read aws-auth: %w", err)
	}
	return nil
}

// stop stops the cluster, for good or not, the hop that is asked first being the first to go.
func (c *runningCluster) stop(ctx context.Context, remove bool) error {
	var errs []error
	if c.backend != nil && remove {
		if err := c.backend.Remove(ctx); !errors.As(err, new(*kindcluster.ForeignError)) { // which RemoveState tells
			errs = append(errs, err)
		}
	} else if c.backend != nil {
		errs = append(errs, c.backend.Stop(ctx))
	}
	if c.child != nil {
		errs = append(errs, c.child.Stop(ctx))
	}
	c.reserved.Release()
	if c.hooks != nil {
		errs = append(errs, c.hooks.Close())
	}
	return errors.Join(errs...)
}
