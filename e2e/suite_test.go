// Package e2e drives the built eksemu binary from outside, with the programs that people use: the aws CLI, kubectl,
// curl and jq, all unmodified. Nothing of eksemu is imported but the types of its reports.
//
// The binary is the one that the environment variable EKSEMU names; `make e2e` builds and names it. Every spec works on
// a [laptop] of its own: a home folder, a state folder and a PATH that nobody else uses. One environment is shared by
// the specs that leave it as they found it, because starting one takes seconds. Whether processes are gone is read
// from /proc, so the suite runs on Linux.
//
// With EKSEMU_E2E_BACKEND=kind, as `make e2e-kind` sets it, environments are kind clusters with nodes of the image
// EKSEMU_KIND_IMAGE, and the specs to run are those with the label kind.
package e2e

import (
	"fmt"
	"os"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
)

func TestE2E(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "eksemu, end to end")
}

// binary is the eksemu that is tested, an absolute path.
var binary string

// shared is a laptop on which an environment runs while the suite does, and up is what starting it printed. Specs
// that use it put back what they change.
var (
	shared laptop
	up     answer
)

var _ = BeforeSuite(func() {
	binary = os.Getenv("EKSEMU")
	if binary == "" {
		const reason = "NOTHING IS TESTED: the environment variable EKSEMU does not name the eksemu binary; run `make e2e`"
		fmt.Fprintln(os.Stderr, reason)
		Skip(reason)
	}
	Expect(binary).To(BeARegularFile(), "EKSEMU must name the eksemu binary by its absolute path")
	SetDefaultEventuallyTimeout(time.Minute)
	SetDefaultEventuallyPollingInterval(100 * time.Millisecond)

	shared = newLaptop().withSystemPrograms().with(kindBackend()...)
	if len(kindBackend()) > 0 { // the name of the cluster is the machine's, and somebody may have a default one
		shared = shared.with("EKSEMU_KIND_CLUSTER=eksemu-e2e")
	}
	up = shared.run("eksemu", "up", "--detach")
	DeferCleanup(func() { shared.shutDown() })
	Expect(up.code).To(Equal(0), up.String())
})

var _ = AfterEach(func() { gexec.KillAndWait(patience) })
