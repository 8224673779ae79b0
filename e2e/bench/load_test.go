package bench

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	connections = 8
	loadTime    = 20 * time.Second // of each form
	// warmUp is how many calls come first: more than the trace keeps in memory, so that it is full.
	warmUp = 10_000
	// maxGrowth is how much the anonymous memory of `eksemu sts` may grow under load, in MB. The garbage collector's
	// rhythm alone moves it by a few; at 5,000 calls a second, 200 bytes that stay behind from every call are more.
	maxGrowth = 20.0
)

const (
	loadHost = "sts.us-west-2.amazonaws.com"
	loadKey  = "AKIAIOSFODNN7EXAMPLE"
	// loadEnvironment has a user who may assume a role.
	loadEnvironment = `apiVersion: eksemu/v1alpha1
kind: Environment
users:
  - name: alice
    accessKeys: [{id: ` + loadKey + `, secret: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY}]
roles:
  - name: reader
    sourceProfile: alice
    trustPolicy:
      Version: "2012-10-17"
      Statement: [{Effect: Allow, Principal: {AWS: "arn:aws:iam::111122223333:user/alice"}, Action: sts:AssumeRole}]
`
)

// TestLoad asks `eksemu sts` on 8 connections for 20 seconds each in three forms: the signed POST of the SDKs, the
// presigned URL of EKS tokens, and a role session with a name of its own for every call. The calls go through the
// gateway's proxy and its TLS, as those of clients do, and each is signed anew. It fails if a single call is not
// answered as it should be, or if the memory of the process grows.
func TestLoad(t *testing.T) {
	binary := os.Getenv("EKSEMU")
	if binary == "" || !strings.Contains(flag.Lookup("test.run").Value.String(), "TestLoad") {
		t.Skip("measures only on request: run `make bench`")
	}
	target := newLoadTarget(t, binary)
	for _, form := range []loadForm{
		{"signed POST, GetCallerIdentity", ":user/alice</Arn>", signedIdentity},
		{"presigned GET, GetCallerIdentity", ":user/alice</Arn>", presignedIdentity},
		{"signed POST, AssumeRole, a new session each", ":assumed-role/reader/session-", signedAssumeRole},
	} {
		target.load(t, form, func(n int64, _ time.Duration) bool { return n < warmUp })
		before := anonymous(t, target.PID)
		n, took := target.load(t, form, func(_ int64, took time.Duration) bool { return took < loadTime })
		after := anonymous(t, target.PID)
		fmt.Printf("%-45s %8d calls, %6.0f a second on %d connections; RssAnon %.1f MB before, %.1f MB after\n",
			form.what, n, float64(n)/took.Seconds(), connections, before, after)
		if after-before > maxGrowth {
			t.Errorf("%s: RssAnon of eksemu sts grew by %.1f MB, more than %.0f MB", form.what, after-before, maxGrowth)
		}
	}
}

// loadForm is a kind of call. Every answer contains want.
type loadForm struct {
	what, want string
	request    func(ctx context.Context, serial int64) (*http.Request, error)
}

// loadTarget is a running `eksemu sts`.
type loadTarget struct {
	PID      int
	Gateway  string
	StateDir string
	proxy    *url.URL
	roots    *x509.CertPool
}

func newLoadTarget(t *testing.T, binary string) *loadTarget {
	t.Helper()
	m := newMachine(t, binary)
	file := filepath.Join(m.home, "environment.yaml")
	if err := os.WriteFile(file, []byte(loadEnvironment), 0o600); err != nil {
		t.Fatal(err)
	}
	m.run(t, "sts", "--detach", "--quiet", "--name", "default", "--config", file)
	t.Cleanup(m.down)
	out, _ := m.run(t, "status", "--output", "json")
	target := &loadTarget{roots: x509.NewCertPool()}
	if err := json.Unmarshal(out, target); err != nil {
		t.Fatalf("decode the status: %v\n%s", err, out)
	}
	ca, err := os.ReadFile(filepath.Join(target.StateDir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	if !target.roots.AppendCertsFromPEM(ca) {
		t.Fatalf("no certificate in %s", ca)
	}
	if target.proxy, err = url.Parse(target.Gateway); err != nil {
		t.Fatal(err)
	}
	return target
}

// load makes calls on all connections at once for as long as more says, which is given the number of calls so far and
// the time since the first. It returns both.
func (l *loadTarget) load(t *testing.T, form loadForm, more func(int64, time.Duration) bool) (int64, time.Duration) {
	t.Helper()
	var calls atomic.Int64
	var workers sync.WaitGroup
	errs := make([]error, connections)
	begin := time.Now()
	for i := range connections {
		workers.Go(func() {
			client := l.client()
			defer client.CloseIdleConnections()
			for errs[i] == nil && more(calls.Load(), time.Since(begin)) {
				errs[i] = call(t.Context(), client, form, calls.Add(1))
			}
		})
	}
	workers.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatalf("%s: %v", form.what, err)
	}
	return calls.Load(), time.Since(begin)
}

// client is an HTTP client with one connection.
func (l *loadTarget) client() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:           http.ProxyURL(l.proxy),
			TLSClientConfig: &tls.Config{RootCAs: l.roots, MinVersion: tls.VersionTLS12},
			MaxConnsPerHost: 1,
		},
		Timeout: patience,
	}
}

func call(ctx context.Context, client *http.Client, form loadForm, serial int64) error {
	request, err := form.request(ctx, serial)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && (response.StatusCode != http.StatusOK || !bytes.Contains(body, []byte(form.want))) {
		err = fmt.Errorf("call %d: %s\n%s", serial, response.Status, body)
	}
	return err
}

var loadCredentials = aws.Credentials{AccessKeyID: loadKey, SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}

func signedIdentity(ctx context.Context, _ int64) (*http.Request, error) {
	return signed(ctx, "Action=GetCallerIdentity&Version=2011-06-15")
}

func signedAssumeRole(ctx context.Context, serial int64) (*http.Request, error) {
	return signed(ctx, fmt.Sprintf("Action=AssumeRole&Version=2011-06-15&RoleArn=arn%%3Aaws%%3Aiam%%3A%%3A111122223333%%3Arole%%2Freader&RoleSessionName=session-%d", serial))
}

func signed(ctx context.Context, form string) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+loadHost+"/", strings.NewReader(form))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return request, v4.NewSigner().SignHTTP(ctx, loadCredentials, request, sha256Hex(form), "sts", "us-west-2", time.Now())
}

func presignedIdentity(ctx context.Context, _ int64) (*http.Request, error) {
	const query = "?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Expires=60"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+loadHost+"/"+query, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("X-K8s-Aws-Id", "my-cluster")
	presigned, _, err := v4.NewSigner().PresignHTTP(ctx, loadCredentials, request, sha256Hex(""), "sts", "us-west-2", time.Now())
	if err != nil {
		return nil, err
	}
	request.URL, err = url.Parse(presigned)
	return request, err
}

func sha256Hex(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
