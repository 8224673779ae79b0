package bench

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// environment is a running environment.
type environment struct {
	*machine
	PID        int
	StateDir   string
	Gateway    string
	Clusters   []struct{ Endpoint string }
	Components []struct {
		Name string
		PID  int
	}
}

// up starts the built-in environment.
func (m *machine) up(t *testing.T) *environment {
	t.Helper()
	m.run(t, "up", "--detach", "--quiet")
	t.Cleanup(m.down)
	e := &environment{machine: m}
	out, _ := m.run(t, "status", "--output", "json")
	if err := json.Unmarshal(out, e); err != nil {
		t.Fatalf("decode the status: %v\n%s", err, out)
	}
	return e
}

func (e *environment) rssAnon(t *testing.T) float64 {
	t.Helper()
	return anonymous(t, e.PID)
}

// asAlice is the machine with the environment's AWS configuration.
func (e *environment) asAlice() *machine {
	alice := *e.machine
	alice.environ = append(slices.Clone(alice.environ), "AWS_PROFILE=alice",
		"AWS_CONFIG_FILE="+filepath.Join(e.StateDir, "aws", "config"),
		"AWS_SHARED_CREDENTIALS_FILE="+filepath.Join(e.StateDir, "aws", "credentials"))
	return &alice
}

func (e *environment) timeTokens(t *testing.T, n int) []time.Duration {
	t.Helper()
	var times []time.Duration
	for range n {
		_, took := e.asAlice().run(t, "token", "-i", "my-cluster")
		times = append(times, took)
	}
	return times
}

const review = `{"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
	"spec": {"resourceAttributes": {"namespace": "default", "verb": "get", "resource": "pods"}}}`

// ask asks the API server n times whether alice may get pods, each time with another token, so that none is cached.
func (e *environment) ask(t *testing.T, n int) {
	t.Helper()
	client := httpsClient(t, filepath.Join(e.controlPlane(), "pki", "ca.crt"))
	now := time.Now()
	for i := range n {
		signed := now.Add(-time.Duration(i) * time.Second).Format(time.RFC3339)
		token, _ := e.asAlice().run(t, "token", "-i", "my-cluster", "--token-only", "--signing-time", signed)
		url := e.Clusters[0].Endpoint + "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(review))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
		request.Header.Set("Content-Type", "application/json")
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != http.StatusCreated || !bytes.Contains(body, []byte(`"allowed":true`)) {
			t.Fatalf("request %d: %s %v\n%s", i, response.Status, err, body)
		}
	}
}

func (e *environment) controlPlane() string {
	return filepath.Join(e.StateDir, "clusters", "my-cluster", "control-plane")
}

// stop stops the environment and returns the control plane that it ran, with its files.
func (e *environment) stop(t *testing.T) *controlPlane {
	t.Helper()
	plane := &controlPlane{
		endpoint: e.Clusters[0].Endpoint, store: filepath.Join(e.controlPlane(), "etcd"), ca: filepath.Join(e.controlPlane(), "pki", "ca.crt"),
	}
	for _, component := range e.Components {
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", component.PID))
		if err != nil {
			t.Fatal(err)
		}
		command := append([]string{e.binary}, strings.Split(strings.TrimSuffix(string(raw), "\x00"), "\x00")[1:]...)
		switch component.Name {
		case "etcd":
			plane.etcd = command
		case "kube-apiserver":
			plane.apiServer = slices.DeleteFunc(command, ofEksemu)
		}
	}
	e.run(t, "down", "--keep-state")
	return plane
}

// ofEksemu tells whether a flag of kube-apiserver has eksemu do something.
func ofEksemu(flag string) bool {
	return strings.HasPrefix(flag, "--audit-") || strings.HasPrefix(flag, "--authentication-token-webhook-")
}

func httpsClient(t *testing.T, caFile string) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(caFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		t.Fatalf("no certificate in %s", caFile)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 5 * time.Second}
}
