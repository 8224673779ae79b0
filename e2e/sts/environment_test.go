package sts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
)

// environment is a running `eksemu sts`.
type environment struct {
	name      string
	stateHome string            // XDG_STATE_HOME
	vars      map[string]string // of `eksemu env`
}

// start starts an environment out of testdata/environment.yaml for the time of the suite.
func start(name, region string, flags ...string) environment {
	GinkgoHelper()
	dir := GinkgoT().TempDir()
	file := filepath.Join(dir, "environment.yaml")
	template, err := os.ReadFile("testdata/environment.yaml")
	Expect(err).NotTo(HaveOccurred())
	filled := strings.NewReplacer("REGION", region, "PARTITION", partitions[region], "KEYS", trusted.keys()).Replace(string(template))
	Expect(os.WriteFile(file, []byte(filled), 0o600)).To(Succeed())

	e := environment{name: name, stateHome: dir}
	e.eksemu(append([]string{"sts", "--detach", "--quiet", "--config", file}, flags...)...)
	DeferCleanup(func() { e.eksemu("down") })
	Expect(json.Unmarshal([]byte(e.eksemu("env", "--format", "json")), &e.vars)).To(Succeed())
	Expect(e.vars).To(HaveKey("HTTPS_PROXY"))
	return e
}

var partitions = map[string]string{"us-west-2": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov"}

// eksemu runs a verb on the environment, which has to succeed, and returns what it printed to stdout.
func (e environment) eksemu(args ...string) string {
	GinkgoHelper()
	command := exec.Command(executable, append(slices.Clone(args), "--name", e.name)...)
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + e.stateHome, "XDG_STATE_HOME=" + e.stateHome}
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	Expect(err).NotTo(HaveOccurred(), "eksemu %v:\n%s", args, &stderr)
	return string(out)
}

// endpoint is the URL of STS for clients that are not sent through the proxy.
func (e environment) endpoint() string { return e.vars["HTTPS_PROXY"] }

// call is an AWS call in the trace.
type call struct {
	Host, Code, Message, StringToSign string
	Status                            int
}

// calls runs something and returns the AWS calls that were made in the meantime.
func (e environment) calls(meanwhile func()) []call {
	GinkgoHelper()
	before := len(e.trace())
	meanwhile()
	return e.trace()[before:]
}

// trace are the AWS calls so far.
func (e environment) trace() []call {
	GinkgoHelper()
	var calls []call
	for line := range strings.Lines(e.eksemu("trace", "-o", "json")) {
		var event struct{ AWS *call }
		Expect(json.Unmarshal([]byte(line), &event)).To(Succeed())
		if event.AWS != nil {
			calls = append(calls, *event.AWS)
		}
	}
	return calls
}

// credentials are what an access key is made of, and a session.
type credentials struct{ AccessKeyID, SecretAccessKey, SessionToken string }

// shell is what a program finds in its environment.
type shell map[string]string

// as is the shell of a person who has run `eval "$(eksemu env --as IDENTITY)"`. Two programs have names of their own for
// the certificates to trust: Node.js, and Go's net/http.
func (e environment) as(identity string) shell {
	GinkgoHelper()
	s := shell{"HOME": GinkgoT().TempDir(), "AWS_PROFILE": identity, "SSL_CERT_FILE": e.vars["AWS_CA_BUNDLE"], "NODE_EXTRA_CA_CERTS": e.vars["AWS_CA_BUNDLE"]}
	for name, value := range e.vars {
		s[name] = value
	}
	return s
}

// with is the shell of a person who has credentials of her own.
func (e environment) with(c credentials) shell {
	s := e.as("")
	delete(s, "AWS_PROFILE")
	s["AWS_ACCESS_KEY_ID"], s["AWS_SECRET_ACCESS_KEY"] = c.AccessKeyID, c.SecretAccessKey
	if c.SessionToken != "" {
		s["AWS_SESSION_TOKEN"] = c.SessionToken
	}
	return s
}

// direct is the shell with AWS_ENDPOINT_URL_STS instead of the proxy.
func (e environment) direct(s shell) shell {
	s = s.and("AWS_ENDPOINT_URL_STS=" + e.endpoint())
	delete(s, "HTTPS_PROXY")
	return s
}

// and is the shell with further variables, NAME=VALUE.
func (s shell) and(vars ...string) shell {
	more := shell{}
	for name, value := range s {
		more[name] = value
	}
	for _, v := range vars {
		name, value, _ := strings.Cut(v, "=")
		more[name] = value
	}
	return more
}

// answer is what a program came to.
type answer struct {
	command  string
	code     int
	out, err string
}

// String is the command and its answer as a terminal shows them.
func (a answer) String() string {
	return fmt.Sprintf("$ %s\n%s%s(exit code %d)", a.command, a.out, a.err, a.code)
}

// run runs a program to its end. Nothing of the suite's own environment reaches it but PATH.
func (s shell) run(program []string, args ...string) answer {
	GinkgoHelper()
	args = append(program[1:len(program):len(program)], args...)
	command := exec.Command(program[0], args...)
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "AWS_PAGER=", "AWS_EC2_METADATA_DISABLED=true"}
	for name, value := range s {
		command.Env = append(command.Env, name+"="+value)
	}
	line := filepath.Base(program[0]) + " " + strings.Join(args, " ")
	fmt.Fprintf(GinkgoWriter, "$ %s\n", line)
	process, err := gexec.Start(command, GinkgoWriter, GinkgoWriter)
	Expect(err).NotTo(HaveOccurred())
	process.Wait(patience)
	return answer{line, process.ExitCode(), string(process.Out.Contents()), string(process.Err.Contents())}
}
