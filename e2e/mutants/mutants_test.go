package mutants

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"

	"github.com/eksemu/eksemu/scenarios"
)

// patience is how long a run may take before the spec fails.
const patience = 10 * time.Minute

// mutant is a way in which eksemu could be broken.
type mutant struct {
	name   string
	breaks string // what, in one sentence
	edits  []edit
	red    []red
}

// edit is a text of a file and what it is replaced by, in which MUTANT stands for the condition that this mutant runs.
type edit struct {
	file     string // of this module from its root, or of the authenticator with its module's path in front
	old, new string
}

// red is a scenario that a mutant must turn red, and the mismatch that its failing step has to report.
type red struct{ scenario, mismatch string }

// mutants are all mutants.
func mutants() []mutant {
	return slices.Concat(awsMutants(), authenticatorMutants(), mapperMutants(), eksMutants())
}

var _ = Describe("mutants", Label("mutants"), func() {
	// In parts, so that they are tried side by side.
	for names := range slices.Chunk(turnedRed(), 14) {
		It("none: the binary with all of them in it is sound, "+names[0]+" and on", func() {
			report, code := run("none", names...)
			for _, result := range report.Scenarios {
				if !skipped(result) {
					Expect(result.Status).To(Equal(scenarios.StatusPassed), told(result))
				}
			}
			Expect(code).To(Equal(0))
		})
	}

	for _, m := range mutants() {
		It(m.name+": "+m.breaks, func() {
			var names []string
			for _, r := range m.red {
				names = append(names, r.scenario)
			}
			report, code := run(m.name, names...)
			if slices.ContainsFunc(report.Scenarios, skipped) {
				Skip("there is no aws CLI")
			}
			for i, r := range m.red {
				expectRed(report.Scenarios[i], r)
			}
			Expect(code).To(Equal(1), "the exit code of a run with failures")
		})
	}

	It("leave no scenario of the catalogue out without a reason", func() {
		var list []scenarios.Metadata
		Expect(json.Unmarshal(start("none", "scenarios", "list", "-o", "json").Out.Contents(), &list)).To(Succeed())
		var shipped []string
		for _, scenario := range list {
			if scenario.DocumentationOnly == "" {
				shipped = append(shipped, scenario.Name)
			}
		}
		accounted := slices.AppendSeq(turnedRed(), maps.Keys(greenForAReason()))
		Expect(accounted).To(ConsistOf(shipped), "make a mutant for what is missing, or say in greenForAReason why there is none")
	})
})

// turnedRed are the scenarios that some mutant is for.
func turnedRed() []string {
	names := map[string]bool{}
	for _, m := range mutants() {
		for _, r := range m.red {
			names[r.scenario] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// greenForAReason says of scenarios that no mutant is for why there is none.
func greenForAReason() map[string]string {
	const kubectl = "kubectl decides alone, before anything of eksemu or of the authenticator is asked"
	return map[string]string{
		"exec-api-version": kubectl,
		"exec-not-found":   kubectl,
	}
}

// expectRed wants a scenario to have failed by an expectation: everything could be done, and something came out
// otherwise.
func expectRed(result scenarios.Result, want red) {
	GinkgoHelper()
	Expect(result.Name).To(Equal(want.scenario))
	Expect(result.Status).To(Equal(scenarios.StatusFailed), "%s stays green: it does not test this", result.Name)
	Expect(result.Errors).To(BeEmpty(), result.Name)
	for _, step := range result.Steps {
		if step.Status == scenarios.StatusFailed {
			Expect(step.Error).To(BeEmpty(), told(result))
			Expect(step.Mismatch).To(ContainElement(ContainSubstring(want.mismatch)), told(result))
		}
	}
}

// skipped tells whether a scenario could not be tried for want of an aws CLI, where one need not be.
func skipped(result scenarios.Result) bool {
	return result.Status == scenarios.StatusSkipped && os.Getenv("EKSEMU_E2E_REQUIRE_ALL") != "1"
}

// told is what a scenario's steps that failed say.
func told(result scenarios.Result) string {
	var lines []string
	for _, step := range result.Steps {
		if step.Status == scenarios.StatusFailed {
			raw, _ := json.MarshalIndent(step, "", "  ")
			lines = append(lines, string(raw))
		}
	}
	return result.Name + ": " + strings.Join(append(lines, result.Errors...), "\n")
}

// run runs scenarios with a mutant, in an environment of their own. They come out in the order in which they were named.
func run(name string, scenario ...string) (scenarios.Report, int) {
	GinkgoHelper()
	session := start(name, append([]string{"run", "--quiet", "--output", "json"}, scenario...)...)
	var report scenarios.Report
	Expect(json.Unmarshal(session.Out.Contents(), &report)).To(Succeed(), "%s%s", session.Out.Contents(), session.Err.Contents())
	Expect(report.Scenarios).To(HaveLen(len(scenario)))
	return report, session.ExitCode()
}

// start runs a mutant to its end. Its executable has a name of its own, by which it knows what it is.
func start(name string, args ...string) *gexec.Session {
	GinkgoHelper()
	dir := GinkgoT().TempDir()
	executable := filepath.Join(dir, "eksemu")
	Expect(os.Link(mutated, executable)).To(Succeed())
	Expect(os.WriteFile(executable+".mutant", []byte(name), 0o600)).To(Succeed())
	command := exec.Command(executable, args...)
	command.Dir = dir
	command.Env = []string{
		"HOME=" + dir, "XDG_STATE_HOME=" + filepath.Join(dir, "state"), "PATH=" + os.Getenv("PATH"),
		"LANG=C.UTF-8", "AWS_PAGER=", "AWS_EC2_METADATA_DISABLED=true",
	}
	session, err := gexec.Start(command, GinkgoWriter, GinkgoWriter)
	Expect(err).NotTo(HaveOccurred())
	return session.Wait(patience)
}
