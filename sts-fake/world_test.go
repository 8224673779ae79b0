package stsfake_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	stsfake "github.com/eksemu/eksemu/sts-fake"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

const (
	account   = "111122223333"
	other     = "444455556666"
	host      = "sts.us-west-2.amazonaws.com"
	requestID = "16fc956c-311e-4199-bee1-1680236e9698"
	devARN    = "arn:aws:iam::111122223333:role/team/dev"
	trurlARN  = "arn:aws:iam::111122223333:user/trurl"
)

// world is a small AWS: users trurl and stranger (of the other account), the root of the first account, and roles
// that trust trurl or his account.
type world struct {
	store  *iam.Store
	gate   *stsfake.Gate
	server *stsfake.Server

	onClock func() // is called whenever somebody looks at the clock; nil for nothing. Not to be set while requests run.

	mu    sync.Mutex
	now   time.Time
	calls []stsfake.Call
}

func (w *world) clock() time.Time {
	if w.onClock != nil {
		w.onClock()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) lastCall(t *testing.T) stsfake.Call {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.calls) == 0 {
		t.Fatal("no call was observed")
	}
	return w.calls[len(w.calls)-1]
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	store, err := iam.NewStore(iam.Options{SealingKey: make([]byte, 32), Now: w.clock, Rand: rand.NewChaCha8([32]byte{})})
	if err != nil {
		t.Fatal(err)
	}
	w.store = store
	w.gate = &stsfake.Gate{
		Store: store, Now: w.clock, NewRequestID: func() string { return requestID },
		Observe: func(c stsfake.Call) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.calls = append(w.calls, c)
		},
	}
	w.server = stsfake.New(stsfake.Options{
		Gate: w.gate, Issuers: issuers(t),
		InactiveRegion: func(accountID, region string) bool { return accountID == account && region == inactiveRegion },
	})
	w.populate(t)
	w.populateFederation(t)
	return w
}

func (w *world) populate(t testing.TB) {
	t.Helper()
	key := func(accountID, seed string) []iam.AccessKey {
		k, err := iam.FixtureAccessKey(accountID, seed)
		if err != nil {
			t.Fatal(err)
		}
		return []iam.AccessKey{k}
	}
	trust := func(actions, principal string) iam.Policy {
		p, err := iam.ParsePolicy([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"` + principal + `"},"Action":` + actions + `}}`))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	all := `["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]`
	lazy := key(account, "lazy")
	lazy[0].Inactive = true
	err := w.store.Load(iam.Snapshot{
		Accounts: []iam.Account{{ID: account, AccessKeys: key(account, "root")}},
		Users: []iam.User{
			{AccountID: account, Name: "trurl", AccessKeys: key(account, "trurl")},
			{AccountID: account, Name: "lazy", AccessKeys: lazy},
			{AccountID: other, Name: "stranger", AccessKeys: key(other, "stranger")},
		},
		Roles: []iam.Role{
			{AccountID: account, Path: "/team/", Name: "dev", TrustPolicy: trust(all, trurlARN), MaxSessionDuration: 2 * time.Hour},
			{AccountID: account, Name: "chained", TrustPolicy: trust(all, devARN), MaxSessionDuration: 2 * time.Hour},
			{AccountID: account, Name: "plain", TrustPolicy: trust(`"sts:AssumeRole"`, trurlARN)},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// as are the credentials of a fixture user.
func as(t testing.TB, accountID, seed string) aws.Credentials {
	t.Helper()
	key, err := iam.FixtureAccessKey(accountID, seed)
	if err != nil {
		t.Fatal(err)
	}
	return aws.Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret}
}

func trurl(t testing.TB) aws.Credentials { return as(t, account, "trurl") }

// session are the credentials of a role session that the store issues.
func (w *world) session(t testing.TB, role string, o iam.SessionOptions) aws.Credentials {
	t.Helper()
	c, _, err := w.store.IssueRoleSession(role, "session", o)
	if err != nil {
		t.Fatal(err)
	}
	return aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}
}

// try is one request and how it is signed. Empty fields mean an ordinary one: POST of form to sts.us-west-2, signed
// by trurl for us-west-2 at the server's time.
type try struct {
	method, host, query, form, accept, region, service string
	contentType                                        string
	presign, unsigned                                  bool
	by                                                 *aws.Credentials
	skew                                               time.Duration
	before, after                                      func(*http.Request) // signing
}

func (w *world) request(t testing.TB, c try) *http.Request {
	t.Helper()
	if c.method == "" {
		c.method = http.MethodPost
	}
	if c.host == "" {
		c.host = host
	}
	r := httptest.NewRequestWithContext(t.Context(), c.method, "https://"+c.host+"/?"+c.query, strings.NewReader(c.form))
	r.RequestURI = "" // as a client's request, for the signer
	if c.form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if c.contentType != "" {
		r.Header.Set("Content-Type", c.contentType)
	}
	if c.accept != "" {
		r.Header.Set("Accept", c.accept)
	}
	if c.before != nil {
		c.before(r)
	}
	if !c.unsigned {
		w.sign(t, r, c)
	}
	if c.after != nil {
		c.after(r)
	}
	return r
}

func (w *world) sign(t testing.TB, r *http.Request, c try) {
	t.Helper()
	by := trurl(t)
	if c.by != nil {
		by = *c.by
	}
	service, region := c.service, c.region
	if service == "" {
		service = "sts"
	}
	if region == "" {
		region = "us-west-2"
	}
	sum := sha256.Sum256([]byte(c.form))
	hash, when := hex.EncodeToString(sum[:]), w.clock().Add(c.skew)
	if !c.presign {
		if err := v4.NewSigner().SignHTTP(t.Context(), by, r, hash, service, region, when); err != nil {
			t.Fatal(err)
		}
		return
	}
	signed, _, err := v4.NewSigner().PresignHTTP(t.Context(), by, r, hash, service, region, when)
	if err != nil {
		t.Fatal(err)
	}
	if r.URL, err = url.Parse(signed); err != nil {
		t.Fatal(err)
	}
}

func (w *world) do(t testing.TB, c try) *httptest.ResponseRecorder {
	t.Helper()
	rec := httptest.NewRecorder()
	w.server.ServeHTTP(rec, w.request(t, c))
	return rec
}

// errorIn reads an error document, XML or JSON.
func errorIn(t *testing.T, rec *httptest.ResponseRecorder) (code, message string) {
	t.Helper()
	var doc struct {
		Error struct{ Type, Code, Message string }
	}
	body := rec.Body.Bytes()
	decode := xml.Unmarshal
	if rec.Header().Get("Content-Type") == "application/json" {
		decode = json.Unmarshal
	}
	if err := decode(body, &doc); err != nil {
		t.Fatalf("%v in %q", err, body)
	}
	if doc.Error.Type != "Sender" {
		t.Errorf("Type is %q", doc.Error.Type)
	}
	return doc.Error.Code, doc.Error.Message
}

func readAll(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
