package cli

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/eksemu/eksemu/emulator"
	"github.com/eksemu/eksemu/emulator/explain"
	"github.com/eksemu/eksemu/emulator/trace"
)

// errUnsendable is a token that an HTTP header cannot carry, or of which the API server would take the part before a blank
// (apiserver pkg/authentication/request/bearertoken).
var errUnsendable = errors.New("the token cannot be sent as it stands")

const (
	askingTime = 15 * time.Second       // for the API server, of which the authenticator may wait 10 s for STS
	tracing    = 5 * time.Second        // for the events of a request to arrive after its answer
	settling   = 400 * time.Millisecond // for events that come after the one of the request
)

// whoAmI asks the API server of a running cluster who the holder of a token is (SelfSubjectReview,
// https://kubernetes.io/docs/reference/access-authn-authz/authentication/#self-subject-review), and explains the answer
// by what every hop left in the trace.
func (app *App) whoAmI(ctx context.Context, client *emulator.Client, at emulator.RuntimeCluster, token string) (explain.Verdict, error) {
	if token == "" || !httpguts.ValidHeaderFieldValue(token) || strings.TrimSpace(token) != token || strings.Contains(token, " ") {
		return explain.Verdict{}, errUnsendable
	}
	id := "eksemu-explain-" + rand.Text()
	status, err := askWho(ctx, client, at, token, id)
	if err != nil {
		return explain.Verdict{}, fmt.Errorf("ask the API server of cluster %s who the token's holder is: %w", at.Name, err)
	}
	events, err := eventsOf(ctx, client, id)
	if err != nil {
		return explain.Verdict{}, err
	}
	verdicts := explain.ForUserAgent(events, id)
	if len(verdicts) == 0 {
		return explain.Verdict{}, fmt.Errorf("the API server of cluster %s answered %d, and left no trace of it within %s: look at `eksemu trace`", at.Name, status, tracing)
	}
	return verdicts[len(verdicts)-1], nil
}

// askWho sends the question, under a User-Agent that finds it again.
func askWho(ctx context.Context, client *emulator.Client, at emulator.RuntimeCluster, token, id string) (status int, err error) {
	admin, err := client.Admin(at.Name)
	if err != nil {
		return 0, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(admin.CAPEM)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	defer transport.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, askingTime)
	defer cancel()
	body := strings.NewReader(`{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}`)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, admin.Endpoint+"/apis/authentication.k8s.io/v1/selfsubjectreviews", body)
	if err != nil {
		return 0, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", id)
	answer, err := (&http.Client{Transport: transport}).Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(answer.Body, maxInput))
	return answer.StatusCode, err
}

// eventsOf waits until the trace has the request of a User-Agent, and a moment longer for what follows it.
func eventsOf(ctx context.Context, client *emulator.Client, id string) ([]trace.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, tracing)
	defer cancel()
	var events []trace.Event
	after, wait := uint64(0), tracing
	for {
		more, err := client.Events(ctx, after, wait)
		if err != nil && ctx.Err() == nil {
			return nil, fmt.Errorf("read the trace: %w", err)
		}
		if len(more) == 0 {
			return events, nil
		}
		events, after = append(events, more...), more[len(more)-1].Seq
		if len(explain.ForUserAgent(more, id)) > 0 {
			wait = settling
		}
	}
}
