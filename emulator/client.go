package emulator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"time"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/trace"
)

// Client talks to a running environment through its admin API. Make one with [Attach].
type Client struct {
	Dir     string // state folder
	Runtime Runtime
	http    *http.Client
}

// attachTimeout is how long a running environment may take to answer.
const attachTimeout = 5 * time.Second

// Attach finds the running environment of a state folder. It returns [ErrNotRunning] if there is none, also when a
// killed one left its files behind, whoever listens on its port since. One that does not answer within five seconds is an error of its own.
func Attach(ctx context.Context, stateDir string) (*Client, error) {
	return attach(ctx, stateDir, attachTimeout)
}

func attach(ctx context.Context, stateDir string, timeout time.Duration) (*Client, error) {
	r, err := ReadRuntime(stateDir)
	if err != nil {
		return nil, err
	}
	if !inUse(stateDir) {
		return nil, ErrNotRunning
	}
	c := newClient(stateDir, r)
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	status, err := c.Status(limited)
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case limited.Err() != nil:
		return nil, fmt.Errorf("environment %s does not answer within %s, though its process %d listens: look at %s, and end the process if it hangs",
			r.Name, timeout, r.PID, filepath.Join(Layout{stateDir}.Logs(), "eksemu.log"))
	case err != nil || status.PID != r.PID:
		return nil, ErrNotRunning
	}
	return c, nil
}

func newClient(stateDir string, r Runtime) *Client {
	return &Client{Dir: stateDir, Runtime: r, http: &http.Client{Transport: &http.Transport{}}} // no proxy: it is the proxy
}

// Status is the state of a running environment.
type Status struct {
	Name       string            `json:"name"`
	PID        int               `json:"pid"`
	Started    time.Time         `json:"started"`
	Components []ComponentStatus `json:"components"`
	Events     uint64            `json:"events"` // number of the newest trace event

	ClockOffset time.Duration `json:"clockOffset"` // of the AWS side; see Clock
	Faults      int           `json:"faults"`      // that wait for STS calls
}

// ComponentStatus is the state of a child process.
type ComponentStatus struct {
	Name     string `json:"name"`
	State    string `json:"state"` // as in trace.Process
	PID      int    `json:"pid,omitempty"`
	Restarts int    `json:"restarts"`
	Error    string `json:"error,omitempty"` // of its last end
}

// Status asks for the environment's state.
func (c *Client) Status(ctx context.Context) (Status, error) {
	var s Status
	return s, c.call(ctx, http.MethodGet, "status", nil, nil, &s)
}

// Events returns the trace after an event, oldest first. If there is none yet it waits for the next one, for at
// most wait; none then is an empty answer.
func (c *Client) Events(ctx context.Context, after uint64, wait time.Duration) ([]trace.Event, error) {
	var events []trace.Event
	query := url.Values{"after": {strconv.FormatUint(after, 10)}, "wait": {wait.String()}}
	return events, c.call(ctx, http.MethodGet, "events", query, nil, &events)
}

// PutIdentities adds identities to the running environment: IAM users and roles, and their AWS profiles. undo
// removes them.
func (c *Client) PutIdentities(ctx context.Context, overlay config.Overlay) (undo func(context.Context) error, err error) {
	var created struct{ ID string }
	if err := c.call(ctx, http.MethodPost, "identities", nil, overlay, &created); err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		return c.call(ctx, http.MethodDelete, "identities/"+created.ID, nil, nil, nil)
	}, nil
}

// Credentials returns a session of the role of an EC2 instance or of a cluster, as JSON in the form that a
// credential_process prints.
func (c *Client) Credentials(ctx context.Context, name string) (json.RawMessage, error) {
	var credentials json.RawMessage
	return credentials, c.call(ctx, http.MethodGet, "credentials/"+url.PathEscape(name), nil, nil, &credentials)
}

// ExpiredSession returns a session of a role or an EC2 instance that ended an hour ago, in the form of
// [Client.Credentials].
func (c *Client) ExpiredSession(ctx context.Context, name string) (json.RawMessage, error) {
	var credentials json.RawMessage
	return credentials, c.call(ctx, http.MethodGet, "credentials/"+url.PathEscape(name), url.Values{"expired": {"true"}}, nil, &credentials)
}

// Stop asks the environment to stop, for good if it shall be removed. It returns when the request was taken, which is
// before the end.
func (c *Client) Stop(ctx context.Context, remove bool) error {
	return c.call(ctx, http.MethodPost, "stop", url.Values{"remove": {strconv.FormatBool(remove)}}, nil, nil)
}

// ErrInvalidRequest is what the methods of [Client] return if the environment cannot do what it was asked for, whenever
// it is asked. The error's text says why.
var ErrInvalidRequest = errors.New("invalid request")

type invalidRequest string

func (e invalidRequest) Error() string        { return string(e) }
func (e invalidRequest) Is(target error) bool { return target == ErrInvalidRequest }

func (c *Client) call(ctx context.Context, method, path string, query url.Values, in, out any) error {
	resp, err := c.do(ctx, method, path, query, in)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		return fmt.Errorf("environment %s: decode the answer of %s %s: %w", c.Runtime.Name, method, path, err)
	}
	return nil
}

// do sends a request. The caller closes the body of the answer, which is no refusal.
func (c *Client) do(ctx context.Context, method, path string, query url.Values, in any) (*http.Response, error) {
	address := c.Runtime.Gateway + adminPrefix + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.Runtime.AdminToken)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("environment %s: %w", c.Runtime.Name, err)
	}
	if resp.StatusCode < http.StatusMultipleChoices {
		return resp, nil
	}
	defer resp.Body.Close()
	var refusal adminError
	if err := json.NewDecoder(resp.Body).Decode(&refusal); err != nil || refusal.Error == "" {
		return nil, fmt.Errorf("environment %s: %s %s answered %s", c.Runtime.Name, method, path, resp.Status)
	}
	if resp.StatusCode == http.StatusBadRequest {
		return nil, invalidRequest(refusal.Error)
	}
	return nil, errors.New(refusal.Error)
}
