package authn

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"time"

	"github.com/eksemu/eksemu/emulator/trace"
)

// Bounds of the recorder.
const (
	// maxReview bounds a TokenReview and its answer, in bytes. A token has at most 4096.
	maxReview = 1 << 20
	// maxConnections bounds the connections to the authenticator; further reviews wait for one.
	maxConnections = 64
	// deniedWait is how long a refused review waits for its "access denied" line. The authenticator logs it
	// before it answers, so it is nearly always there already.
	deniedWait = 250 * time.Millisecond
)

// authenticatePath is the authenticator's webhook (upstream pkg/server/server.go).
const authenticatePath = "/authenticate"

// RecorderConfig says which authenticator a [Recorder] stands in front of. All fields are required.
type RecorderConfig struct {
	Cluster string           // EKS cluster name, put into every event
	Address string           // HOST:PORT of the authenticator
	RootCAs *x509.CertPool   // what verifies the authenticator's certificate
	Trace   *trace.Recorder  // where the events go
	Now     func() time.Time // for the start and the duration of a review
	// Mode is the authentication mode of the moment, for the events; may be nil.
	Mode func() AuthenticationMode
}

// Recorder is the token webhook that kube-apiserver calls: an [http.Handler] that passes each TokenReview to the
// authenticator and its answer back, both unchanged, and records one trace.TokenReview for it.
//
// The authenticator's own account of the review comes line by line through [Recorder.Line]. A refused review's
// answer is held back until its "access denied" line is there, at most a quarter of a second: then the
// event tells the reason, and stands behind the lines that led to it.
//
// A Recorder is safe for concurrent use; make one with [NewRecorder].
type Recorder struct {
	cfg        RecorderConfig
	client     *http.Client
	correlator *correlator
	deniedWait time.Duration
}

// NewRecorder makes a recorder. It connects when the first review comes.
func NewRecorder(cfg RecorderConfig) *Recorder {
	return &Recorder{
		cfg:        cfg,
		client:     newClient(cfg.RootCAs),
		correlator: newCorrelator(),
		deniedWait: deniedWait,
	}
}

// newClient makes a client for the authenticator: HTTP/1.1, so that a connection carries one review at a time,
// no proxy, no compression, and no timeout of its own, because the API server has one (30 s,
// k8s.io/apiserver/pkg/util/webhook).
func newClient(roots *x509.CertPool) *http.Client {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Client{
		Transport: &http.Transport{
			TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			Protocols:           protocols,
			DisableCompression:  true,
			MaxConnsPerHost:     maxConnections,
			MaxIdleConnsPerHost: maxConnections,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// ServeHTTP answers the authenticator's webhook path; anything else is 404. When the authenticator does not
// answer, it answers 503: the API server then refuses the client at once, as it does when nothing listens, while
// it would repeat the review for seconds after a 500, 502 or 504 (k8s.io/apiserver/pkg/util/webhook).
func (r *Recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.URL.Path != authenticatePath {
		http.Error(w, "the token webhook is at "+authenticatePath, http.StatusNotFound)
		return
	}
	event := trace.Event{Kind: trace.KindTokenReview, Cluster: r.cfg.Cluster, TokenReview: &trace.TokenReview{Started: r.cfg.Now(), Mode: r.mode()}}
	reply := r.serve(req, http.MaxBytesReader(w, req.Body, maxReview), &event)
	event.TokenReview.Duration = r.cfg.Now().Sub(event.TokenReview.Started) // the API server has waited all that time
	r.cfg.Trace.Record(event)
	reply.write(w)
}

// mode is the cluster's authentication mode of the moment.
func (r *Recorder) mode() string {
	if r.cfg.Mode == nil {
		return ""
	}
	return string(r.cfg.Mode())
}

// serve takes one review through the authenticator and fills in its event.
func (r *Recorder) serve(req *http.Request, body io.Reader, event *trace.Event) reply {
	record := event.TokenReview
	review, err := io.ReadAll(body)
	if err != nil {
		record.Error = fmt.Sprintf("read the TokenReview: %v", err)
		status := http.StatusBadRequest
		if tooLong := (*http.MaxBytesError)(nil); errors.As(err, &tooLong) {
			status = http.StatusRequestEntityTooLarge
		}
		return textReply(status, record.Error)
	}
	event.Token = describeToken(review, record)
	flight := newReview(event.Token)
	answer, err := r.ask(req, review, flight)
	r.correlator.end(flight)
	if err != nil {
		r.correlator.giveUp(flight)
		record.Error = err.Error()
		return textReply(http.StatusServiceUnavailable, record.Error)
	}
	record.Status = answer.status
	describeAnswer(answer.body, record)
	switch answer.status {
	case http.StatusOK: // "access granted" need not be there yet, and nobody waits for it
	case http.StatusForbidden, http.StatusTooManyRequests:
		record.Authenticator = r.awaitDenied(req.Context(), flight)
	default: // upstream ends a 400 and a 405 without a line of either kind
		r.correlator.giveUp(flight)
	}
	return answer
}

// ask sends a review to the authenticator and reads its whole answer.
func (r *Recorder) ask(req *http.Request, review []byte, flight *review) (reply, error) {
	ctx := httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			r.correlator.begin(info.Conn.LocalAddr().String(), info.Reused, flight)
		},
	})
	target := *req.URL
	target.Scheme, target.Host = "https", r.cfg.Address
	out, err := http.NewRequestWithContext(ctx, req.Method, target.String(), bytes.NewReader(review))
	if err != nil {
		return reply{}, fmt.Errorf("ask %s: %w", Component, err)
	}
	copyHeader(out.Header, req.Header)
	// A review can be repeated. net/http does so, on a new connection, when an idle one turns out to be dead
	// because the authenticator was restarted; the empty key says so without being sent.
	out.Header["Idempotency-Key"] = nil
	answer, err := r.client.Do(out)
	if err != nil {
		return reply{}, fmt.Errorf("ask %s: %w", Component, withoutURL(err))
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxReview+1))
	if err == nil && len(body) > maxReview {
		err = fmt.Errorf("answer is longer than %d bytes", maxReview)
	}
	if err != nil {
		return reply{}, fmt.Errorf("read the answer of %s: %w", Component, err)
	}
	return reply{status: answer.StatusCode, header: answer.Header, body: body}, nil
}

// awaitDenied returns the error of the review's "access denied" line, or "" when the line does not come in time.
func (r *Recorder) awaitDenied(ctx context.Context, flight *review) string {
	timer := time.NewTimer(r.deniedWait)
	defer timer.Stop()
	select {
	case text := <-flight.denied:
		return text
	case <-timer.C:
	case <-ctx.Done():
	}
	r.correlator.giveUp(flight)
	return ""
}
