package stsfaketest

import (
	"net/http/httptest"
	"sync"
	"time"

	stsfake "github.com/eksemu/eksemu/sts-fake"
	"github.com/eksemu/eksemu/sts-fake/iam"
	"github.com/eksemu/eksemu/sts-fake/webidentity"
)

// The defaults of a server: an account that AWS uses in its examples, and the region of the built-in environment.
const (
	DefaultAccount = "111122223333"
	DefaultRegion  = "us-west-2"
)

// TB is the part of [testing.TB] that a server needs. Ginkgo's GinkgoT() has it, too.
type TB interface {
	Helper()
	Cleanup(func())
	Failed() bool
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
	Setenv(name, value string)
}

// Server is an STS for one test. Make one with [New]. It is safe for concurrent use.
type Server struct {
	// URL is the direct endpoint, http://127.0.0.1:PORT: for AWS_ENDPOINT_URL_STS and BaseEndpoint. It takes requests
	// that are signed for any region.
	URL string
	// User is the identity of [Server.Config]: a user named test, without policies.
	User User

	t       TB
	options options
	store   *iam.Store
	gate    *stsfake.Gate
	faults  *stsfake.Faults
	issuers *issuers
	plain   *httptest.Server
	tls     *httptest.Server

	identities sync.Mutex // held while users are read and written

	mu       sync.Mutex
	ahead    time.Duration // of options.now
	requests []Request
}

// Option changes a new server.
type Option func(*options)

type options struct {
	now     func() time.Time
	account string
	region  string

	issuers        []webidentity.Keys
	inactiveRegion func(accountID, region string) bool
}

// WithNow gives the server another clock than the real one. Clients sign by theirs, so both should be the same.
func WithNow(now func() time.Time) Option { return func(o *options) { o.now = now } }

// WithAccount gives the server's identities another account than [DefaultAccount]: 12 digits.
func WithAccount(id string) Option { return func(o *options) { o.account = id } }

// WithRegion gives [Server.Config] another region than [DefaultRegion]. It also decides the partition of all ARNs:
// cn-north-1 makes them arn:aws-cn:….
func WithRegion(region string) Option { return func(o *options) { o.region = region } }

// WithIssuers gives the server the keys of issuers beside those of [Server.NewOIDCIssuer]. Whoever shall be trusted needs
// an identity provider as well, in [Server.Store].
func WithIssuers(keys webidentity.Keys) Option {
	return func(o *options) { o.issuers = append(o.issuers, keys) }
}

// WithInactiveRegion says where accounts have STS switched off: see [stsfake.Options].
func WithInactiveRegion(inactive func(accountID, region string) bool) Option {
	return func(o *options) { o.inactiveRegion = inactive }
}

// New starts a server that ends with the test.
func New(t TB, opts ...Option) *Server {
	t.Helper()
	s := &Server{
		t: t, faults: &stsfake.Faults{}, issuers: &issuers{},
		options: options{now: time.Now, account: DefaultAccount, region: DefaultRegion}, //nolint:forbidigo // a test's clients sign by the real clock
	}
	for _, option := range opts {
		option(&s.options)
	}
	store, err := iam.NewStore(iam.Options{Partition: iam.PartitionOfRegion(s.options.region).ID, Now: s.Now})
	s.need(err)
	s.store = store
	s.gate = &stsfake.Gate{Store: store, Now: s.Now, Observe: s.observe}
	handler := withParams(stsfake.New(stsfake.Options{
		Gate: s.gate, Faults: s.faults, InactiveRegion: s.options.inactiveRegion,
		Issuers: webidentity.First(append([]webidentity.Keys{s.issuers}, s.options.issuers...)...),
	}))
	s.plain, s.tls = httptest.NewServer(handler), httptest.NewTLSServer(handler)
	s.URL = s.plain.URL
	t.Cleanup(s.close)
	s.User = s.NewUser("test")
	return s
}

func (s *Server) close() {
	for _, server := range []*httptest.Server{s.plain, s.tls} {
		server.CloseClientConnections() // ends calls that a fault delays
		server.Close()
	}
	if !s.t.Failed() {
		return
	}
	for _, request := range s.Requests() {
		s.t.Logf("stsfaketest: %s", line(request))
	}
}

// need ends the test if something that cannot fail in a correct test has failed.
func (s *Server) need(err error) {
	if err != nil {
		s.t.Helper()
		s.t.Fatalf("stsfaketest: %v", err)
	}
}

// Now is the time on the server's clock: signatures and sessions are judged by it, and answers have it in their Date
// header.
func (s *Server) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.options.now().Add(s.ahead)
}

// Advance moves the server's clock ahead, or back if d is negative. Clients keep theirs: a request that is signed now
// is too old for a server that is more than 15 minutes ahead, until the client follows the Date header, which the SDKs
// do.
func (s *Server) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += d
}

// FailNext lets the next calls of an operation fail, wait or lose their connection. A fault that cannot be meant
// ends the test; see [stsfake.Faults.FailNext].
//
// SDKs retry a call that was throttled or met a server error. Clients of [Server.Config] do so at once; others, such as
// those that are configured by [Server.Setenv], wait as they would for AWS, which costs the test about a second.
func (s *Server) FailNext(fault stsfake.Fault) {
	s.t.Helper()
	s.need(s.faults.FailNext(fault))
}

// Pending are the faults that no call has met yet. A test that has used up its faults has none.
func (s *Server) Pending() []stsfake.Fault { return s.faults.Pending() }
