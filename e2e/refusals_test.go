package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("what cannot work", func() {
	It("is refused before anything starts: a configuration with twelve mistakes, each with its line", func() {
		person := newLaptop()
		file := manifest("twelve-mistakes.yaml")
		for _, args := range [][]string{{"up", "--config", file}, {"up", "--detach", "--config", file}, {"run", "--config", file}, {"config", "lint", file}} {
			a := person.run("eksemu", args...)
			Expect(a.code).To(Equal(2), a.String())
			expectMarkedLines(a, file, 12)
		}
		Expect(filepath.Join(person.stateHome, "eksemu")).NotTo(BeADirectory())
	})

	It("accepts the configuration that config init writes", func() {
		person := newLaptop()
		person.must("eksemu", "config", "init", "mine.yaml")
		person.must("eksemu", "config", "lint", "mine.yaml")
		a := person.run("eksemu", "config", "init", "mine.yaml")
		Expect(a.code).To(Equal(2), a.String())
		Expect(a.err).To(ContainSubstring("mine.yaml exists and is left as it is"))
	})

	DescribeTable("is refused with exit code 2: wrong usage",
		func(message string, args ...string) {
			person := newLaptop()
			a := person.run("eksemu", args...)
			Expect(a.code).To(Equal(2), a.String())
			Expect(a.err).To(And(HavePrefix("error: "), ContainSubstring(message)))
			Expect(filepath.Join(person.stateHome, "eksemu")).NotTo(BeADirectory())
		},
		Entry("an unknown flag", "unknown flag: --prot", "up", "--prot", "4000"),
		Entry("an unknown verb", `unknown command "upp"`, "upp"),
		Entry("a name that is no name", `environment name "../x"`, "up", "--name", "../x"),
		Entry("a port that is none", "--port 70000", "up", "--port", "70000"),
		Entry("a configuration that is not there", "no-such.yaml", "up", "--config", "no-such.yaml"),
		Entry("an unknown report format", `--report "html=x"`, "run", "--report", "html=x"),
		Entry("a token for no cluster", "cluster ID not specified", "token"),
	)

	It("is refused with exit code 3: verbs that need a running environment", func() {
		person := newLaptop()
		for _, verb := range []string{"status", "env", "explain", "trace", "kubectl get pods"} {
			a := person.run("eksemu", strings.Fields(verb)...)
			Expect(a.code).To(Equal(3), a.String())
			Expect(a.err).To(Equal("error: environment default is not running: start it with `eksemu up --detach`\n"))
		}
		a := person.run("eksemu", "down")
		Expect(a.code).To(Equal(0), a.String())
		Expect(a.err).To(Equal("environment default is not running\n"))
	})

	It("is refused with exit code 3: a port that is taken, with its number", func() {
		port := shared.status().Gateway[len("http://127.0.0.1:"):]
		person := newLaptop()
		for _, args := range [][]string{{"up", "--port", port}, {"up", "--detach", "--port", port}} {
			a := person.run("eksemu", args...)
			Expect(a.code).To(Equal(3), a.String())
			Expect(a.err).To(And(ContainSubstring(":"+port), ContainSubstring("choose another --port")))
		}
		Expect(person.processes()).To(BeEmpty())
	})

	It("is refused with exit code 4: not ready in time", func() {
		person := newLaptop()
		a := person.run("eksemu", "up", "--wait", "1s")
		Expect(a.code).To(Equal(4), a.String())
		Expect(a.err).To(ContainSubstring("not ready after 1s (give it more with --wait)"))
		Expect(person.processes()).To(BeEmpty())
	})

	Describe("is refused with exit code 3: a state folder that cannot be written", func() {
		for what, stateHome := range map[string]string{
			"a file":                      "/dev/null",
			"a read-only file system":     "/proc",
			"a folder of a read-only one": "/sys/kernel",
		} {
			It(what, func() {
				person := newLaptop()
				person.stateHome = stateHome
				for _, args := range [][]string{{"up"}, {"up", "--detach"}, {"run"}} {
					a := person.run("eksemu", args...)
					Expect(a.code).To(Equal(3), a.String())
					Expect(a.err).To(ContainSubstring("mkdir " + stateHome))
					Expect(a.err).To(ContainSubstring("set XDG_STATE_HOME to a folder that you can write to"))
				}
			})
		}
	})

	It("is refused with exit code 3: a damaged state file, which is left as it is", func() {
		person := newLaptop()
		for _, content := range []string{"", "{", `{"sealingKey": "c2hvcnQ="}`, "\x00\x01"} {
			dir := filepath.Join(person.stateHome, "eksemu", "default")
			Expect(os.MkdirAll(dir, 0o700)).To(Succeed())
			file := filepath.Join(dir, "state.json")
			Expect(os.WriteFile(file, []byte(content), 0o600)).To(Succeed())
			a := person.run("eksemu", "up")
			Expect(a.code).To(Equal(3), a.String())
			Expect(a.err).To(ContainSubstring(file + " is damaged and was left as it is"))
			Expect(os.ReadFile(file)).To(Equal([]byte(content)))
		}
		Expect(person.processes()).To(BeEmpty())
		person.must("eksemu", "down")
		Expect(filepath.Join(person.stateHome, "eksemu", "default")).NotTo(BeADirectory())
	})

	It("does not keep `down` from cleaning up: a damaged runtime file", func() {
		person := newLaptop()
		dir := filepath.Join(person.stateHome, "eksemu", "default")
		Expect(os.MkdirAll(dir, 0o700)).To(Succeed())
		Expect(os.WriteFile(filepath.Join(dir, "lock"), nil, 0o600)).To(Succeed())
		Expect(os.WriteFile(filepath.Join(dir, "runtime.json"), []byte("{"), 0o600)).To(Succeed())
		a := person.run("eksemu", "status")
		Expect(a.code).To(Equal(3), a.String())
		Expect(a.err).To(ContainSubstring("runtime.json is damaged"))
		person.must("eksemu", "down")
		Expect(dir).NotTo(BeADirectory())
	})

	It("does not remove a folder that is no environment's", func() {
		person := newLaptop()
		dir := filepath.Join(person.stateHome, "eksemu", "default")
		Expect(os.MkdirAll(dir, 0o700)).To(Succeed())
		Expect(os.WriteFile(filepath.Join(dir, "thesis.txt"), []byte("years of work"), 0o600)).To(Succeed())
		a := person.run("eksemu", "down")
		Expect(a.code).To(Equal(3), a.String())
		Expect(filepath.Join(dir, "thesis.txt")).To(BeARegularFile())
	})
})

// expectMarkedLines checks that an answer names each line of a file that ends with the comment "# mistake", and no
// other line of it.
func expectMarkedLines(a answer, file string, count int) {
	GinkgoHelper()
	raw, err := os.ReadFile(file)
	Expect(err).NotTo(HaveOccurred())
	marked := 0
	for i, line := range bytes.Split(raw, []byte("\n")) {
		place := fmt.Sprintf("%s:%d:", file, i+1)
		if bytes.HasSuffix(line, []byte("# mistake")) {
			marked++
			Expect(a.err).To(ContainSubstring(place), string(line))
		}
	}
	Expect(marked).To(Equal(count), "marked lines of %s", file)
	Expect(strings.Count(a.err, file+":")).To(Equal(count), a.String())
}
