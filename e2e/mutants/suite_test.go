// Package mutants shows that the scenarios of the catalogue test something: it breaks eksemu in dozens of ways, one at a
// time, and wants the scenarios that are about what is broken to turn red, by their own expectations.
//
// A mutant is a place in the source text, of eksemu or of the real authenticator, with another text for it (see
// [mutant]). All of them are built into one binary, by `go build` with an overlay for the files of this module and a
// copy of the authenticator's: the product has no switch for any of it. Which one a process is, it reads from the file
// that is named like its executable with ".mutant" behind, so that also the children of eksemu, which get few
// variables, are the same mutant. A text that is not found exactly once stops the suite and says where, so that
// mutants do not rot.
//
// The suite builds the binary itself; EKSEMU_LDFLAGS are the linker's flags, which `make mutants` sets as `make build`
// does. Without the variable nothing is tested. Scenarios that need an aws CLI are skipped where there is none, unless
// EKSEMU_E2E_REQUIRE_ALL is 1.
package mutants

import (
	"fmt"
	"os"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
)

func TestMutants(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "the catalogue against mutants")
}

// mutated is the binary with all mutants in it, an absolute path.
var mutated string

var _ = SynchronizedBeforeSuite(func() []byte {
	ldflags, ok := os.LookupEnv("EKSEMU_LDFLAGS")
	if !ok {
		const reason = "NOTHING IS TESTED: the environment variable EKSEMU_LDFLAGS is not set; run `make mutants`"
		fmt.Fprintln(os.Stderr, reason)
		Skip(reason)
	}
	binary, err := build(GinkgoT().TempDir(), ldflags, mutants())
	Expect(err).NotTo(HaveOccurred())
	return []byte(binary)
}, func(binary []byte) { mutated = string(binary) })

var _ = AfterEach(func() { gexec.KillAndWait(patience) })
