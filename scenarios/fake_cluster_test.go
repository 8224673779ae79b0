package scenarios

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/trace"
)

// fakeEnvironment is a small cluster in which everything happens in one place: an API server that judges tokens by a
// table of mappings, and a gateway that answers AWS calls.
type fakeEnvironment struct {
	api, gateway *httptest.Server
	trace        *trace.Recorder

	mu       sync.Mutex
	mapping  map[string]string // user → group; the user is not mapped without an entry, and in no group if it is empty
	next     map[string]string // the mapping that takes effect once stale is 0
	stale    int               // requests that are still answered by the old mapping
	lag      int               // what stale becomes at a change
	tokens   []string          // every token that was shown, in order
	log      []string          // every change of state and its undo
	undoErr  error
	pending  []trace.Event // events that have not come yet: each poll brings one
	withhold bool          // keep events pending
	requests int
	echo     bool     // the gateway's answers repeat what was asked
	faults   []string // the IDs of those that calls are still to meet
}

func newFakeEnvironment(t *testing.T) *fakeEnvironment {
	t.Helper()
	e := &fakeEnvironment{
		trace:   trace.NewRecorder(0, time.Now, nil),
		mapping: map[string]string{"ALICE": "developers", "BOB": ""},
	}
	e.api = httptest.NewTLSServer(http.HandlerFunc(e.serveAPI))
	t.Cleanup(e.api.Close)
	e.gateway = httptest.NewServer(http.HandlerFunc(e.serveAWS))
	t.Cleanup(e.gateway.Close)
	return e
}

func (e *fakeEnvironment) Cluster() Cluster {
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: e.api.Certificate().Raw})
	return Cluster{Name: "my-cluster", Region: "us-west-2", Endpoint: e.api.URL, CAPEM: ca}
}

func (e *fakeEnvironment) Identities() []string {
	return []string{"alice", "bob", "mallory", "locked-role"}
}

func (e *fakeEnvironment) Environ(identity string) []string {
	return []string{"AWS_PROFILE=" + identity, "HTTPS_PROXY=" + e.gateway.URL}
}

func (e *fakeEnvironment) FailNext(_ context.Context, id string, fault Fault) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for range max(fault.Times, 1) {
		e.faults = append(e.faults, id)
	}
	e.log = append(e.log, "fault "+fault.Code)
	return nil
}

func (e *fakeEnvironment) PendingFault(_ context.Context, id string) (calls int, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, of := range e.faults {
		if of == id {
			calls++
		}
	}
	return calls, nil
}

func (e *fakeEnvironment) ForgetFault(ctx context.Context, id string) (int, error) {
	left, err := e.PendingFault(ctx, id)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.faults = slices.DeleteFunc(e.faults, func(of string) bool { return of == id })
	e.log = append(e.log, "forget fault")
	return left, err
}

func (e *fakeEnvironment) SetAuthenticator(_ context.Context, running bool) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.log = append(e.log, fmt.Sprintf("authenticator %t", running))
	return nil
}

func (e *fakeEnvironment) ExpiredSession(_ context.Context, identity string) (Session, error) {
	return Session{"ASIA" + strings.ToUpper(identity), config.Secret("secret-of-" + identity), "session-of-" + config.Secret(identity)}, nil
}

func (e *fakeEnvironment) AccessKey(_ context.Context, identity string) (string, config.Secret, error) {
	return "AKIA" + strings.ToUpper(identity), config.Secret("secret-of-" + identity), nil
}

func (e *fakeEnvironment) Gateway() string { return e.gateway.URL }

func (e *fakeEnvironment) LastEvent(context.Context) (uint64, error) { return e.trace.Last(), nil }

func (e *fakeEnvironment) Events(ctx context.Context, after uint64) ([]trace.Event, error) {
	e.mu.Lock()
	if len(e.pending) > 0 {
		e.trace.Record(e.pending[0])
		e.pending = e.pending[1:]
	}
	e.mu.Unlock()
	events, more := e.trace.Since(after)
	if len(events) > 0 {
		return events, nil
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-more:
		events, _ = e.trace.Since(after)
		return events, nil
	}
}

var mapped = regexp.MustCompile(`user/(\w+) (\w*)`)

// Apply reads mappings as "user/NAME GROUP" in any manifest.
func (e *fakeEnvironment) Apply(_ context.Context, manifest []byte) (func(context.Context) error, error) {
	next := map[string]string{}
	for _, match := range mapped.FindAllStringSubmatch(string(manifest), -1) {
		next[strings.ToUpper(match[1])] = match[2]
	}
	if strings.Contains(string(manifest), "refused") {
		return nil, errors.New("the API server refused it")
	}
	return e.change("apply", next), nil
}

func (e *fakeEnvironment) PutCluster(_ context.Context, spec config.Cluster) (Environment, func(context.Context) error, error) {
	e.note("cluster " + spec.Name)
	if spec.Creator == "nobody" {
		return nil, nil, errors.New("there is no nobody")
	}
	return namedEnvironment{e, spec.Name}, func(context.Context) error { e.note("undo cluster " + spec.Name); return nil }, nil
}

// namedEnvironment is an environment with another cluster.
type namedEnvironment struct {
	*fakeEnvironment
	name string
}

func (e namedEnvironment) Cluster() Cluster {
	cluster := e.fakeEnvironment.Cluster()
	cluster.Name = e.name
	return cluster
}

func (e *fakeEnvironment) Mark(context.Context) (func(context.Context) error, error) {
	e.note("mark")
	return func(context.Context) error { e.note("undo mark"); return nil }, nil
}

func (e *fakeEnvironment) note(what string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.log = append(e.log, what)
}

func (e *fakeEnvironment) Delete(context.Context, []byte) (func(context.Context) error, error) {
	return e.change("delete", map[string]string{}), nil
}

func (e *fakeEnvironment) change(what string, next map[string]string) func(context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	before := e.mapping
	e.next, e.stale = next, e.lag
	if e.stale == 0 {
		e.mapping = next
	}
	e.log = append(e.log, what)
	return func(ctx context.Context) error {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.mapping, e.next, e.stale = before, nil, 0
		e.log = append(e.log, "undo "+what)
		return errors.Join(e.undoErr, ctx.Err())
	}
}

func (e *fakeEnvironment) ServiceAccountToken(_ context.Context, namespace, name string) (string, error) {
	return "service-account " + namespace + ":" + name, nil
}

func (e *fakeEnvironment) PutIdentities(_ context.Context, overlay config.Overlay) (func(context.Context) error, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.log = append(e.log, "identities "+overlay.Users[0].Name)
	return func(context.Context) error {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.log = append(e.log, "undo identities")
		return nil
	}, nil
}

// record adds an event to the trace, at once or with a later poll.
func (e *fakeEnvironment) record(event trace.Event) {
	if e.withhold {
		e.pending = append(e.pending, event)
		return
	}
	e.trace.Record(event)
}

func (e *fakeEnvironment) serveAWS(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	client, _, _ := r.BasicAuth()
	call := trace.AWSCall{Client: client, Service: strings.Split(r.URL.Path, "/")[1], Operation: r.URL.Path, Status: 200}
	if strings.HasSuffix(r.URL.Path, "assume-role") {
		call.Status, call.Code = http.StatusForbidden, "AccessDenied"
		call.Message = "User: arn:aws:iam::111122223333:user/trurl is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111122223333:role/locked-role"
	}
	if e.echo {
		call.Message += r.URL.Path
	}
	e.record(trace.Event{Kind: trace.KindAWS, AWS: &call})
	w.WriteHeader(call.Status)
	fmt.Fprintf(w, "%s as %s", call.Message, r.Header.Get("X-Profile"))
}

func (e *fakeEnvironment) serveAPI(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.requests++
	received := time.Now()
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !slices.Contains(e.tokens, token) {
		e.tokens = append(e.tokens, token)
	}
	request := &trace.Request{AuditID: fmt.Sprintf("audit-%d", e.requests), Verb: "create", URI: r.URL.Path, UserAgent: r.UserAgent(), Received: received}
	w.Header().Set("Audit-Id", request.AuditID)
	body := e.answer(request, r, token)
	request.Completed = time.Now()
	e.record(trace.Event{Kind: trace.KindRequest, Request: request})
	w.WriteHeader(request.Code)
	fmt.Fprint(w, body)
}

// answer fills in what the API server knows of a request after it was handled.
func (e *fakeEnvironment) answer(request *trace.Request, r *http.Request, token string) string {
	user, group, refusal := e.identify(token)
	if refusal != "" {
		e.record(trace.Event{Kind: trace.KindTokenReview, TokenReview: &trace.TokenReview{
			Status: 403, Authenticator: refusal, Started: request.Received, Duration: time.Since(request.Received),
		}})
		request.Code, request.Message = http.StatusUnauthorized, "Authentication failed, attempted: bearer"
		return "Unauthorized"
	}
	request.Username, request.Groups, request.Decision = user, []string{"system:authenticated"}, "allow"
	request.Reason = `RBAC: allowed by ClusterRoleBinding "system:basic-user" of ClusterRole "system:basic-user" to Group "system:authenticated"`
	request.Code = http.StatusOK
	if r.URL.Path != reviewPath {
		return "{}"
	}
	request.Code, request.Resource = http.StatusCreated, "selfsubjectaccessreviews.authorization.k8s.io"
	request.Review = &trace.AccessReview{Verb: "get", Resource: "pods", Namespace: "default", Allowed: group == "developers"}
	if request.Review.Allowed {
		request.Review.Reason = `RBAC: allowed by RoleBinding "pod-viewer/default" of Role "pod-viewer" to Group "developers"`
	}
	return fmt.Sprintf(`{"status":{"allowed":%t}}`, request.Review.Allowed)
}

// identify does the work of the authenticator, in its words.
func (e *fakeEnvironment) identify(token string) (user, group, refusal string) {
	if account, ok := strings.CutPrefix(token, "service-account "); ok {
		return "system:serviceaccount:" + account, "developers", ""
	}
	if len(e.faults) > 0 {
		e.faults = e.faults[1:]
		return "", "", `sts getCallerIdentity was throttled: {"Error":{"Code":"Throttling","Message":"Rate exceeded"}}`
	}
	if e.stale > 0 {
		e.stale--
	} else if e.next != nil {
		e.mapping, e.next = e.next, nil
	}
	key, date, signature := presignedIn(token)
	name := strings.TrimPrefix(key, "AKIA")
	group, known := e.mapping[name]
	switch want := fakeSignature(key, "secret-of-"+strings.ToLower(name), "my-cluster", date); {
	case time.Since(signedAt(date)) > 15*time.Minute:
		return "", "", "input token was not properly formatted: X-Amz-Date parameter is expired (15 minute expiration) " + date
	case signature != want:
		return "", "", `sts getCallerIdentity failed: error from AWS (expected 200, got 403) on us-west-2 endpoint. Body: {"Error":{"Code":"SignatureDoesNotMatch","Message":"The request signature we calculated does not match the signature you provided."}}`
	case !known:
		return "", "", "identity is not mapped"
	}
	return strings.ToLower(name), group, ""
}

// runner runs scenarios against the fake, with the test binary for every program.
func (e *fakeEnvironment) runner(t *testing.T) *Runner {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &Runner{
		Environment: e,
		Executable:  program,
		LookPath:    func(string) (string, error) { return program, nil },
		Now:         time.Now,
		TempDir:     t.TempDir(),
		BaseEnv:     []string{"EKSEMU_FAKE_PROGRAM=1", "PATH=" + os.Getenv("PATH")},
	}
}
