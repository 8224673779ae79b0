package authn

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/eksemu/eksemu/emulator/internal/process"
)

// loopback is where the authenticator listens, and what its certificate must be for.
const loopback = "127.0.0.1"

// Server is one cluster's authenticator: its files and its process.
type Server struct {
	Dir  string // folder of its files, made with mode 0700; nobody else writes there
	Port int    // TCP port on 127.0.0.1

	// CertPEM and KeyPEM are the server certificate for 127.0.0.1, and RootCAs verifies it. Without them
	// upstream would make a self-signed RSA certificate, whose key takes a while and which one can only trust
	// after the start.
	CertPEM, KeyPEM []byte
	RootCAs         *x509.CertPool

	// Kubeconfig is the file with which it watches kube-system/aws-auth, as eks:authenticator. Required
	// unless the authentication mode is API.
	Kubeconfig string

	Command  []string // executable and arguments that run the child; "--config FILE" is appended
	Proxy    *url.URL // the gateway, by which it reaches STS and EC2
	CABundle string   // PEM file with what it trusts, the gateway's CA among it
	Region   string   // the cluster's region, for EC2
	// AWSConfig is a file in the format of ~/.aws/config whose default profile signs the authenticator's own AWS
	// call, ec2:DescribeInstances for {{EC2PrivateDNSName}}: on EKS as a role of the service. A credential_process
	// in it keeps the credentials fresh for as long as the child runs. Empty means no credentials.
	AWSConfig string

	Now func() time.Time // for the time stamps in the files
}

// Address returns HOST:PORT of the authenticator, for [RecorderConfig.Address].
func (s *Server) Address() string {
	return net.JoinHostPort(loopback, strconv.Itoa(s.Port))
}

// Spec describes the child process, for [process.Start] after [Server.Write]. The caller adds where its output
// goes: OnLine must reach [Recorder.Line], and LogFile should stay private, because upstream's lines may quote
// a malformed token.
func (s *Server) Spec() (process.Spec, error) {
	if len(s.Command) == 0 {
		return process.Spec{}, errors.New("start " + Component + ": no command: set Command to the executable and its arguments")
	}
	args := append([]string{}, s.Command[1:]...)
	return process.Spec{
		Name:  Component,
		Path:  s.Command[0],
		Args:  append(args, "--config", filepath.Join(s.Dir, configFile)),
		Env:   s.env(),
		Ready: s.Ready,
	}, nil
}

// env is the child's whole environment. Go's HTTP client takes the way to STS from HTTPS_PROXY and its roots
// from SSL_CERT_FILE; the AWS SDK, for EC2, takes its roots from AWS_CA_BUNDLE (spec/eks.md §2.3). The SDK's files
// are the environment's own, so that nothing of the user's AWS configuration gets in, and the instance metadata
// service is off, which upstream would otherwise wait for (spec/eks.md §2.1). PATH is where the SDK finds sh, with
// which it runs a credential_process.
func (s *Server) env() []string {
	env := []string{
		"PATH=/usr/bin:/bin",
		"NO_PROXY=127.0.0.1,localhost",
		"SSL_CERT_FILE=" + s.CABundle,
		"AWS_CA_BUNDLE=" + s.CABundle,
		"AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE=" + cmp.Or(s.AWSConfig, os.DevNull),
		"AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
		"AWS_REGION=" + s.Region,
	}
	if s.Proxy != nil {
		env = append(env, "HTTPS_PROXY="+s.Proxy.String())
	}
	return env
}

// Ready returns nil once the authenticator answers ok to /healthz on its TLS port. Its mappers have been started
// then, but not necessarily loaded; see the package comment for aws-auth.
func (s *Server) Ready(ctx context.Context) error {
	client := newClient(s.RootCAs)
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+s.Address()+"/healthz", nil)
	if err != nil {
		return fmt.Errorf("ask %s for its health: %w", Component, err)
	}
	answer, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("ask %s for its health: %w", Component, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 64))
	if err != nil {
		return fmt.Errorf("ask %s for its health: %w", Component, err)
	}
	if answer.StatusCode != http.StatusOK || string(body) != "ok" {
		return fmt.Errorf("%s at %s answered %s %q to /healthz: is another program on that port?", Component, s.Address(), answer.Status, body)
	}
	return nil
}
