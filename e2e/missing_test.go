package e2e

import (
	"fmt"
	"os"
	"os/exec"

	. "github.com/onsi/ginkgo/v2"
)

// packages are Debian's packages of the programs that specs need.
var packages = map[string]string{"aws": "awscli", "curl": "curl", "jq": "jq"}

// needs skips the spec, loudly, if one of the programs is not installed.
func needs(programs ...string) {
	GinkgoHelper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			missing(program, false)
		}
	}
}

// missing skips the spec because of a program that is not installed or, where all have to be, fails it. Debian has no
// package of an optional one.
func missing(program string, optional bool) {
	GinkgoHelper()
	message := fmt.Sprintf("NOT TESTED: %s is not installed", program)
	if name := packages[program]; name != "" {
		message += fmt.Sprintf(": apt-get install %s, or the like", name)
	}
	if allRequired() && !optional {
		Fail(message)
	}
	Skip(message)
}

// allRequired tells whether a program that is not installed is a failure, as it is in CI.
func allRequired() bool { return os.Getenv("EKSEMU_E2E_REQUIRE_ALL") != "" }
