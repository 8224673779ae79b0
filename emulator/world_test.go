package emulator

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/eksemu/eksemu/emulator/cluster"
	"github.com/eksemu/eksemu/emulator/config"
)

func read(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// testOptions are those of the built-in environment. The SDK signs with the real clock, so that is the clock.
func testOptions(t *testing.T) Options {
	t.Helper()
	return Options{
		Name: "test", Dir: filepath.Join(t.TempDir(), "test"), Config: config.Default(),
		Executable: "/opt/eksemu", Command: func(program string, args []string) []string { return append([]string{program}, args...) },
		InstanceCredentials: []string{"credentials-of"},
		Version:             "1.2.3", Kubernetes: "1.37", Now: time.Now,
	}
}

// awsEnvironment is an environment that is as far as its AWS side.
func awsEnvironment(t *testing.T) *Environment {
	t.Helper()
	return awsEnvironmentWith(t, testOptions(t))
}

func awsEnvironmentWith(t *testing.T, o Options) *Environment {
	t.Helper()
	e := &Environment{opts: o, components: map[string]*ComponentStatus{}}
	e.files, e.kept = Layout{e.opts.Dir}, kept{e.opts.Dir}
	e.done, e.finish = context.WithCancelCause(context.WithoutCancel(t.Context()))
	t.Cleanup(func() {
		if err := e.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	for _, step := range []func(context.Context) error{e.prepare, e.startAWS} {
		if err := step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

// publishedEnvironment is an environment whose control plane is taken for started.
func publishedEnvironment(t *testing.T) *Environment {
	t.Helper()
	e := awsEnvironment(t)
	e.primary.info = cluster.Info{
		Endpoint: "https://127.0.0.1:6443", CAPEM: e.ca.CertPEM(),
		Admin: cluster.Client{CertPEM: []byte("certificate"), KeyPEM: []byte("key")},
	}
	if err := e.publish(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e
}

// attached is a client of a published environment.
func attached(t *testing.T, e *Environment) *Client {
	t.Helper()
	client, err := Attach(t.Context(), e.opts.Dir)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// keys are the first access key of a user of the configuration.
func keys(t *testing.T, cfg *config.Environment, name string) aws.Credentials {
	t.Helper()
	for _, user := range cfg.Users {
		if user.Name == name {
			return aws.Credentials{AccessKeyID: user.AccessKeys[0].ID, SecretAccessKey: string(user.AccessKeys[0].Secret)}
		}
	}
	t.Fatalf("no user %s", name)
	return aws.Credentials{}
}

// stsClient calls the direct endpoint once.
func (e *Environment) stsClient(by aws.Credentials, options ...func(*sts.Options)) *sts.Client {
	return sts.New(sts.Options{
		BaseEndpoint: aws.String(e.runtime.Gateway), Region: "us-west-2", RetryMaxAttempts: 1,
		HTTPClient:  &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
		Credentials: credentials.StaticCredentialsProvider{Value: by},
	}, options...)
}

// whoami is GetCallerIdentity at the direct endpoint.
func (e *Environment) whoami(ctx context.Context, by aws.Credentials, options ...func(*sts.Options)) (string, error) {
	answer, err := e.stsClient(by, options...).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", err
	}
	return *answer.Arn, nil
}
