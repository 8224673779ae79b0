package emulator

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/ec2"
	"github.com/eksemu/eksemu/emulator/eks"
	"github.com/eksemu/eksemu/emulator/gateway"
	"github.com/eksemu/eksemu/emulator/internal/port"
	"github.com/eksemu/eksemu/emulator/trace"
	stsfake "github.com/eksemu/eksemu/sts-fake"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// awsSide is everything of AWS that the environment emulates: one IAM store and the services over it.
type awsSide struct {
	store    *iam.Store
	clusters *eks.Registry
	issuer   *eks.Issuers            // publishes the keys of the clusters' service accounts
	services map[string]http.Handler // by the service name of host names and credential scopes

	state     *state
	files     Layout
	processes []string // command that prints an instance's credentials; its last argument is the instance

	mu       sync.Mutex
	config   *config.Environment
	overlays map[string]config.Overlay // by the ID that addIdentities gave them
	created  int                       // overlays so far
}

// startAWS makes the AWS side and opens the gateway to it.
func (e *Environment) startAWS(ctx context.Context) error {
	listener, err := e.listen(ctx)
	if err != nil {
		return fmt.Errorf("listen for AWS clients (choose another --port, or leave it out for any free one): %w", err)
	}
	token := make([]byte, 24)
	if _, err := rand.Read(token); err != nil {
		return err
	}
	e.runtime = Runtime{
		Name: e.opts.Name, PID: os.Getpid(), Version: e.opts.Version, Started: e.opts.Now(),
		Gateway:    "http://" + listener.Addr().String(),
		AdminToken: base64.RawURLEncoding.EncodeToString(token),
		Account:    e.opts.Config.Account, Region: e.opts.Config.Region,
		Clusters: []RuntimeCluster{},
	}
	if err := e.makeAWS(ctx); err != nil {
		return errors.Join(err, listener.Close())
	}
	e.gateway = gateway.New(gateway.Config{
		Listener:      listener,
		CA:            e.ca,
		Handler:       e.aws.handler,
		NotEmulated:   e.aws.notEmulated,
		Proxy:         e.opts.Proxy,
		Direct:        e.direct(),
		ErrorLog:      slog.New(slog.NewTextHandler(e.gatewayLog, nil)),
		Fallback:      e.opts.Fallback,
		LoopbackPorts: e.clusters.ports,
	})
	go func() { //nolint:contextcheck // it serves until Shutdown, not until the start's context ends
		if err := e.gateway.Serve(); err != nil {
			e.finish(fmt.Errorf("the AWS endpoint at %s broke: %w", e.runtime.Gateway, err))
		}
	}()
	return e.runtime.writeAs(e.files.Dir, startingFile) // so that it can be stopped before it is ready
}

// listen opens the gateway's port: the one that was asked for, that of the last start if it is still free, or any.
func (e *Environment) listen(ctx context.Context) (net.Listener, error) {
	if e.opts.Port != 0 {
		return e.remember(new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(e.opts.Port))))
	}
	before := e.state.read().Port
	listener, err := port.Listen(ctx, "127.0.0.1", before)
	if err == nil && before != 0 && port.Of(listener) != before {
		e.note(fmt.Sprintf("port %d, where the AWS endpoint was before, is somebody else's by now: "+
			"evaluate `eksemu env` again in every shell that has it", before))
	}
	return e.remember(listener, err)
}

// remember keeps the gateway's port for the next start.
func (e *Environment) remember(listener net.Listener, err error) (net.Listener, error) {
	if err != nil {
		return nil, err
	}
	if err := e.state.update(func(s *state) { s.Port = port.Of(listener) }); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return listener, nil
}

// issuerOf is the OpenID Connect issuer of a cluster.
func (a *awsSide) issuerOf(arn string) string {
	cluster, _ := a.clusters.ClusterByARN(arn) // which the caller runs
	return cluster.Identity.OIDC.Issuer
}

// instances are the configuration's EC2 instances. Each has an address of its own.
func instances(cfg *config.Environment) []ec2.Instance {
	var list []ec2.Instance
	for i, instance := range cfg.Instances {
		list = append(list, ec2.Instance{
			InstanceID:     instance.ID,
			PrivateDNSName: instance.PrivateDNSName,
			PrivateIP:      net.IPv4(192, 168, byte(i>>8), byte(i)).String(),
			AccountID:      cfg.Account,
			Region:         cfg.Region,
		})
	}
	return list
}

// handler is the service behind an AWS host name, nil if it is not emulated.
func (a *awsSide) handler(host string) http.Handler {
	if eks.IsIssuerHost(host) {
		return a.issuer
	}
	endpoint, ok := stsfake.ParseEndpoint(host)
	if !ok {
		return nil
	}
	return a.services[endpoint.Service]
}

// direct serves requests that come without a proxy: the admin API, and AWS calls of clients whose endpoint is
// overridden, which the service in the credential scope tells apart.
func (e *Environment) direct() http.Handler {
	stop := func(remove bool) {
		if remove {
			e.finish(errRemoved)
		} else {
			e.finish(ErrStopped)
		}
	}
	admin := (&admin{env: e, stop: stop}).handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isAdmin(r) {
			admin.ServeHTTP(w, r)
			return
		}
		if service := e.aws.services[directService(r)]; service != nil {
			service.ServeHTTP(w, r)
			return
		}
		http.Error(w, "this is the AWS endpoint of eksemu: it answers requests signed for sts, eks, iam or ec2, and is an HTTP proxy for their host names (see `eksemu env`)", http.StatusNotFound)
	})
}

// directService is the service that a request to the direct endpoint is for: the one that it is signed for, or STS for
// an unsigned request of the query protocol, because nobody else has operations that need no signature.
func directService(r *http.Request) string {
	if service := scopeService(r); service != "" || !isQuery(r) {
		return service
	}
	return "sts"
}

// scopeService is the service that a request is signed for, from the credential scope
// (KEY/DATE/REGION/SERVICE/aws4_request, without the region in SigV4A); "" if there is none. It decides nothing but the
// way.
func scopeService(r *http.Request) string {
	credential := r.URL.Query().Get("X-Amz-Credential")
	if _, after, ok := strings.Cut(r.Header.Get("Authorization"), "Credential="); ok {
		credential, _, _ = strings.Cut(after, ",")
	}
	switch parts := strings.Split(credential, "/"); {
	case len(parts) == 5:
		return parts[3]
	case len(parts) == 4 && parts[3] == "aws4_request":
		return parts[2]
	}
	return ""
}

// observeCall puts an AWS call into the trace.
func (e *Environment) observeCall(c stsfake.Call) {
	call := &trace.AWSCall{
		Service: c.Service, Operation: c.Operation, Host: c.Host, Region: c.Region, Method: c.Method,
		AccessKeyID: c.AccessKeyID, Principal: c.Principal, UserAgent: c.UserAgent, RequestID: c.RequestID,
		Status: c.Status, Code: c.Code, Message: c.Message, Reason: c.Reason,
		CanonicalRequest: c.CanonicalRequest, StringToSign: c.StringToSign, Duration: c.Duration,
	}
	if c.Request != nil {
		call.Client = gateway.Client(c.Request.Context())
	}
	e.trace.Record(trace.Event{Kind: trace.KindAWS, Token: c.Fingerprint, AWS: call})
}
