// Package sts shows that programs which know nothing of eksemu cannot tell its STS from AWS. It runs `eksemu sts` from
// the built binary, and drives it with the clients in use, all unmodified:
//
//   - the aws CLI 1 and 2
//   - boto3, Debian's and the newest at hand
//   - the AWS SDK for Go v2
//   - the AWS SDK for JavaScript v3
//   - aws-iam-authenticator, token and verify
//
// Each is asked for the caller's identity and for a role, and then has a wrong secret, a session that has ended, and a
// clock that is wrong. What the person reads is compared to the last character: AWS's words, whose evidence tags in
// spec/sts.md stand beside them, in the frame that the client puts around them.
//
// The binary is the one that the environment variable EKSEMU names; `make e2e` builds and names it. A client that is
// not installed is skipped, loudly. With EKSEMU_E2E_REQUIRE_ALL=1 that is a failure, but for the two that Debian has no
// package of, the aws CLI 1 and a newer boto3. Programs in Go are built by the suite, and the JavaScript SDK is
// installed by `npm ci` into the user's cache folder; the rest comes from PATH.
//
// Environments are started once for the suite, in folders of its own, so that several suites may run at a time. Nothing
// waits for anything but the ends of processes.
package sts

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
)

func TestSTS(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "STS, to unmodified clients")
}

// patience is how long a program may take before the spec fails.
const patience = 2 * time.Minute

// executable is the eksemu that is tested, and prepared are the clients that the suite makes itself.
var (
	executable string
	prepared   struct {
		Go            string // the program testdata/go
		Authenticator string // aws-iam-authenticator
		JavaScript    string // js/client.mjs beside its modules; "" if it cannot be had
		NoScript      string // why
	}
)

// The environments. Nobody changes them but [ended].
var (
	world  environment // region us-west-2
	ahead  environment // its clock is far ahead of the clients', which are behind
	behind environment // its clock is far behind the clients', which are ahead
	china  environment // region cn-north-1
	gov    environment // region us-gov-west-1
	ended  environment // the session in it has ended
)

// session are credentials that [ended] has issued, and that are no longer good.
var session credentials

// trusted is the issuer of the environments' OpenID Connect provider.
var trusted issuer

// skew is more than STS forgives (15 minutes, spec/sts.md section 1.5).
const skew = 20 * time.Minute

var _ = SynchronizedBeforeSuite(func() []byte {
	if os.Getenv("EKSEMU") == "" {
		const reason = "NOTHING IS TESTED: the environment variable EKSEMU does not name the eksemu binary; run `make e2e`"
		fmt.Fprintln(os.Stderr, reason)
		Skip(reason)
	}
	var err error
	prepared.Go, err = gexec.Build("./testdata/go")
	Expect(err).NotTo(HaveOccurred())
	prepared.Authenticator = filepath.Join(filepath.Dir(prepared.Go), "aws-iam-authenticator")
	build := exec.Command("go", "build", "-o", prepared.Authenticator, "sigs.k8s.io/aws-iam-authenticator/cmd/aws-iam-authenticator")
	build.Dir = "testdata/authenticator"
	out, err := build.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), string(out))
	prepared.JavaScript, err = installScript()
	if err != nil {
		prepared.NoScript = err.Error()
	}
	shared, err := json.Marshal(prepared)
	Expect(err).NotTo(HaveOccurred())
	return shared
}, func(shared []byte) {
	executable = os.Getenv("EKSEMU")
	Expect(executable).To(BeARegularFile(), "EKSEMU must name the eksemu binary by its absolute path")
	Expect(json.Unmarshal(shared, &prepared)).To(Succeed())

	trusted = newIssuer()
	world = start("world", "us-west-2")
	ahead = start("ahead", "us-west-2", "--clock-offset", skew.String())
	behind = start("behind", "us-west-2", "--clock-offset", "-"+skew.String())
	china = start("china", "cn-north-1")
	gov = start("gov", "us-gov-west-1")
	ended, session = endSession()
})

var _ = SynchronizedAfterSuite(func() {}, gexec.CleanupBuildArtifacts)

var _ = AfterEach(func() { gexec.KillAndWait(patience) })

// endSession starts an environment and has it issue a session that is over. A client whose clock is right must be able
// to sign with it: at no time is the environment's clock more than ten minutes away from the clients', while the session
// lasts fifteen.
func endSession() (environment, credentials) {
	GinkgoHelper()
	const most = 10 * time.Minute
	e := start("ended", "us-west-2", "--clock-offset", "-"+most.String())
	answer := e.as("alice").run([]string{prepared.Go}, "credentials", roleARN)
	Expect(answer.code).To(Equal(0), answer.String())
	var c credentials
	Expect(json.Unmarshal([]byte(answer.out), &c)).To(Succeed())
	e.eksemu("clock", "advance", (2 * most).String())
	return e, c
}
