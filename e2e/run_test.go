package e2e

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/eksemu/eksemu/scenarios"
)

var _ = Describe("eksemu run", func() {
	It("runs all shipped scenarios in an environment of its own, and reports", func() {
		person := newLaptop().withSystemPrograms()
		reports := GinkgoT().TempDir()
		a := person.runWithin(cataloguePatience, "eksemu", "run", "--output", "json",
			"--report", "junit="+filepath.Join(reports, "junit.xml"), "--report", "json="+filepath.Join(reports, "report.json"))
		Expect(a.code).To(Equal(0), "exit code %d\n%s%s", a.code, a.err, failedSteps(a.out))
		var report scenarios.Report
		Expect(json.Unmarshal([]byte(a.out), &report)).To(Succeed())
		shipped := person.shippedScenarios()
		Expect(report.Scenarios).To(HaveLen(len(shipped)))
		Expect(report.Passed + report.Skipped).To(Equal(len(shipped)))
		for _, result := range report.Scenarios {
			Expect(shipped).To(HaveKeyWithValue(result.Name, string(result.Outcome)))
			Expect(result.Why).NotTo(BeEmpty(), result.Name)
			expectPassed(result)
		}
		expectReports(reports, report)
		Expect(person.processes()).To(BeEmpty(), "something is left running")
		Expect(os.ReadDir(person.home)).To(BeEmpty(), "the clients of the run left something in the user's home")
		Expect(os.ReadDir(filepath.Join(person.stateHome, "eksemu"))).To(BeEmpty(), "the private environment is left")
	})

	It("cleans up, too, when nobody reads what it prints", func() {
		person := newLaptop().withSystemPrograms()
		a := person.run("bash", "-c", "eksemu run --quiet alice-views-pods | head -c 0; echo ${PIPESTATUS[0]}")
		Expect(a.out).To(Equal("141\n"), a.String())
		Expect(person.processes()).To(BeEmpty(), "something is left running")
		Expect(os.ReadDir(filepath.Join(person.stateHome, "eksemu"))).To(BeEmpty(), "the private environment is left")
	})

	It("exits with 1 and explains what came out otherwise", func() {
		a := shared.run("eksemu", "run", "--quiet", manifest("wrong-expectation.yaml"))
		Expect(a.code).To(Equal(1), a.String())
		Expect(a.out).To(And(
			ContainSubstring("FAIL  wrong-expectation"),
			ContainSubstring("outcome: expected allowed, got denied"),
			MatchRegexp(`decided by +rbac`),
			ContainSubstring("no binding lets bob"),
			ContainSubstring("0 passed, 1 failed"),
		))
	})

	It("exits with 2 and lists every mistake of a scenario file with its line, before anything starts", func() {
		person := newLaptop()
		file := manifest("five-mistakes.yaml")
		a := person.run("eksemu", "run", file)
		Expect(a.code).To(Equal(2), a.String())
		expectMarkedLines(a, file, 5)
		Expect(filepath.Join(person.stateHome, "eksemu")).NotTo(BeADirectory())
		Expect(person.run("eksemu", "scenarios", "lint", file).code).To(Equal(2))
	})

	It("shows who may learn what: scenarios list and show", func() {
		for name := range shared.shippedScenarios() {
			Expect(shared.must("eksemu", "scenarios", "show", name)).To(ContainSubstring("Run it: eksemu run " + name))
		}
		a := shared.run("eksemu", "run", "no-such-scenario")
		Expect(a.code).To(Equal(2), a.String())
		Expect(a.err).To(ContainSubstring("no-such-scenario"))
	})
})

// shippedScenarios are the outcomes of the shipped scenarios by their names.
func (l laptop) shippedScenarios() map[string]string {
	GinkgoHelper()
	var list []scenarios.Metadata
	Expect(json.Unmarshal([]byte(l.must("eksemu", "scenarios", "list", "-o", "json")), &list)).To(Succeed())
	Expect(list).NotTo(BeEmpty())
	outcomes := map[string]string{}
	for _, metadata := range list {
		outcomes[metadata.Name] = string(metadata.Outcome)
	}
	return outcomes
}

// failedSteps are what failed in the JSON report of a run, one line each: the whole report is too long to find it in.
func failedSteps(raw string) string {
	var report scenarios.Report
	if err := json.Unmarshal([]byte(raw), &report); err != nil {
		return raw
	}
	var lines strings.Builder
	for _, result := range report.Scenarios {
		for _, text := range result.Errors {
			fmt.Fprintf(&lines, "%s: %s\n", result.Name, text)
		}
		for _, step := range result.Steps {
			if step.Status == scenarios.StatusFailed {
				fmt.Fprintf(&lines, "%s, %s: %s %q, %d attempts, verdict %+v, the client printed %q\n",
					result.Name, step.Name, step.Error, step.Mismatch, step.Attempts, step.Verdict, step.Output)
			}
		}
	}
	return lines.String()
}

// expectPassed lets a step be skipped for one reason only: there is no aws CLI, and need not be one.
func expectPassed(result scenarios.Result) {
	GinkgoHelper()
	for _, step := range result.Steps {
		if step.Status == scenarios.StatusSkipped {
			Expect(allRequired()).To(BeFalse(), "%s, %s: skipped: %s", result.Name, step.Name, step.Reason)
			Expect(awsCLIs()).To(BeEmpty(), "%s, %s: skipped: %s", result.Name, step.Name, step.Reason)
			Expect(step.Reason).To(ContainSubstring("the aws CLI is not on PATH"))
			continue
		}
		Expect(step.Status).To(Equal(scenarios.StatusPassed), "%s, %s: %+v", result.Name, step.Name, step)
	}
}

// expectReports checks that the files say the same as the answer.
func expectReports(dir string, want scenarios.Report) {
	GinkgoHelper()
	raw, err := os.ReadFile(filepath.Join(dir, "report.json"))
	Expect(err).NotTo(HaveOccurred())
	var report scenarios.Report
	Expect(json.Unmarshal(raw, &report)).To(Succeed())
	Expect(report.Passed).To(Equal(want.Passed))

	raw, err = os.ReadFile(filepath.Join(dir, "junit.xml"))
	Expect(err).NotTo(HaveOccurred())
	var suites struct {
		Suites []struct {
			Name     string `xml:"name,attr"`
			Tests    int    `xml:"tests,attr"`
			Failures int    `xml:"failures,attr"`
			Cases    []struct {
				Name string `xml:"name,attr"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	Expect(xml.Unmarshal(raw, &suites)).To(Succeed())
	Expect(suites.Suites).To(HaveLen(len(want.Scenarios)))
	for i, suite := range suites.Suites {
		Expect(suite.Name).To(Equal(want.Scenarios[i].Name))
		Expect(suite.Cases).To(HaveLen(len(want.Scenarios[i].Steps)))
		Expect(suite.Tests).To(Equal(len(suite.Cases)))
		Expect(suite.Failures).To(Equal(0))
	}
	Expect(slices.ContainsFunc(want.Scenarios, func(r scenarios.Result) bool { return len(r.Steps) > 1 })).To(BeTrue())
}
