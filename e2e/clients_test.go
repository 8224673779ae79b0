package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// awsCLIs are the aws CLIs of the machine by their major versions. To ask one for its version takes half a second.
var awsCLIs = sync.OnceValue(findAWSCLIs)

// findAWSCLIs finds the first aws CLI of each major version on PATH or in /usr/bin, where Debian's package awscli puts it.
func findAWSCLIs() map[string]string {
	found := map[string]string{}
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/bin") {
		path := filepath.Join(dir, "aws")
		if !isExecutable(path) {
			continue
		}
		version, err := exec.Command(path, "--version").CombinedOutput()
		if err != nil {
			continue
		}
		major, _, _ := strings.Cut(strings.TrimPrefix(string(version), "aws-cli/"), ".")
		if found[major] == "" {
			found[major] = path
		}
	}
	return found
}

// awsCLI is the path of the aws CLI of a major version. Without it the spec is skipped. Debian has a package of
// version 2 alone.
func awsCLI(major string) string {
	GinkgoHelper()
	found := awsCLIs()
	if len(found) == 0 {
		missing("aws", false)
	}
	if found[major] == "" {
		missing(fmt.Sprintf("aws CLI %s.x (there is only %v)", major, found), major == "1")
	}
	return found[major]
}

// installKubectl makes sure that there is a kubectl on PATH: the machine's, or else the one that eksemu links.
func (l laptop) installKubectl() {
	GinkgoHelper()
	if _, err := exec.LookPath("kubectl"); l.system && err == nil {
		return
	}
	script := fmt.Sprintf("#!/bin/sh\nexec %s kubectl \"$@\"\n", binary)
	Expect(os.WriteFile(filepath.Join(l.bin, "kubectl"), []byte(script), 0o700)).To(Succeed())
}

// description is what the walk needs of the answer of `aws eks describe-cluster`.
type description struct {
	Cluster struct {
		Name                 string `json:"name"`
		Endpoint             string `json:"endpoint"`
		CertificateAuthority struct {
			Data string `json:"data"`
		} `json:"certificateAuthority"`
	} `json:"cluster"`
}

// kubeconfig writes ~/.kube/config.d/NAME as the article has it: filled in by hand from describe-cluster, with an exec
// plugin that speaks a version of client.authentication.k8s.io and acts as an AWS profile. It returns the path.
func (l laptop) kubeconfig(d description, name, plugin, version, profile string) string {
	GinkgoHelper()
	interactive := ""
	if version == "v1" {
		interactive = "\n      interactiveMode: IfAvailable" // required by v1
	}
	return l.write(filepath.Join(".kube/config.d", name), fmt.Sprintf(`apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: %[1]s
    server: %[2]s
  name: %[3]s
contexts:
- context:
    cluster: %[3]s
    user: aws
  name: aws
current-context: aws
kind: Config
preferences: {}
users:
- name: aws
  user:
    exec:
      apiVersion: client.authentication.k8s.io/%[4]s
      args:
      - token
      - -i
      - %[3]s
      command: %[5]s%[6]s
      env:
      - name: AWS_PROFILE
        value: %[7]s
`, d.Cluster.CertificateAuthority.Data, d.Cluster.Endpoint, d.Cluster.Name, version, plugin, interactive, profile))
}

// verdict is what a program reads in the answer of `eksemu explain -o json`.
type verdict struct {
	Outcome   string `json:"outcome"`
	DecidedBy string `json:"decidedBy"`
	Cause     string `json:"cause"`
	Summary   string `json:"summary"`
	Question  string `json:"question"`
}

// expectExplanation waits until `eksemu explain` knows the answer that was just given: kube-apiserver reports a request
// when it is over, which may be a moment after the client has its answer.
func (l laptop) expectExplanation(outcome, decidedBy string) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		var verdicts []verdict
		g.Expect(json.Unmarshal([]byte(l.must("eksemu", "explain", "-o", "json")), &verdicts)).To(Succeed())
		g.Expect(verdicts).To(HaveLen(1))
		g.Expect(verdicts[0].Outcome).To(Equal(outcome))
		g.Expect(verdicts[0].DecidedBy).To(Equal(decidedBy))
		g.Expect(verdicts[0].Summary).NotTo(BeEmpty())
	}).Should(Succeed())
	text := l.must("eksemu", "explain")
	Expect(text).To(MatchRegexp(`decided by +` + decidedBy))
}
