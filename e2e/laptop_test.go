package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
)

// patience is how long a command may take before the spec fails.
const patience = 2 * time.Minute

// cataloguePatience is how long all scenarios may take: some wait for timeouts, and some bring clusters.
const cataloguePatience = 12 * time.Minute

// laptop is a person's machine: what the programs that are run on it find in their environment.
type laptop struct {
	home      string   // HOME
	stateHome string   // XDG_STATE_HOME
	bin       string   // first folder of PATH; eksemu is in it
	system    bool     // the machine's own programs are on PATH, too
	vars      []string // further environment variables, NAME=VALUE
}

// newLaptop makes a laptop with eksemu and nothing else on PATH, for the time of the spec or container.
func newLaptop() laptop {
	l := laptop{stateHome: GinkgoT().TempDir()}.guest()
	l.system = false
	return l
}

// guest is a laptop with its own home folder and programs that shares the state folder, and so the environments.
func (l laptop) guest() laptop {
	guest := laptop{home: GinkgoT().TempDir(), bin: GinkgoT().TempDir(), stateHome: l.stateHome, system: true}
	guest.install("eksemu", binary)
	return guest
}

// install puts a program on PATH under a name.
func (l laptop) install(name, program string) {
	GinkgoHelper()
	Expect(os.Symlink(program, filepath.Join(l.bin, name))).To(Succeed())
}

// withSystemPrograms is the laptop with the machine's own programs on PATH, after those that were installed.
func (l laptop) withSystemPrograms() laptop {
	l.system = true
	return l
}

// with is the laptop with further environment variables, which are stronger than those it has.
func (l laptop) with(vars ...string) laptop {
	l.vars = append(slices.Clone(l.vars), vars...)
	return l
}

// withEksemu is the laptop after `eval "$(eksemu env …)"`.
func (l laptop) withEksemu(args ...string) laptop {
	GinkgoHelper()
	var vars map[string]string
	Expect(json.Unmarshal([]byte(l.must("eksemu", append([]string{"env", "--format", "json"}, args...)...)), &vars)).To(Succeed())
	Expect(vars).NotTo(BeEmpty())
	for name, value := range vars {
		l = l.with(name + "=" + value)
	}
	return l
}

func (l laptop) path() string {
	if l.system {
		return l.bin + string(os.PathListSeparator) + os.Getenv("PATH")
	}
	return l.bin
}

// answer is what a command came to.
type answer struct {
	command  string
	code     int
	out, err string
}

// String is the command and its answer as a terminal shows them.
func (a answer) String() string {
	return fmt.Sprintf("$ %s\n%s%s(exit code %d)", a.command, a.out, a.err, a.code)
}

// start starts a command in a process group of its own, as a terminal does. What a spec leaves running is killed at its
// end.
func (l laptop) start(program string, args ...string) *gexec.Session {
	GinkgoHelper()
	for _, dir := range filepath.SplitList(l.path()) {
		if path := filepath.Join(dir, program); !strings.Contains(program, "/") && isExecutable(path) {
			program = path
			break
		}
	}
	command := exec.Command(program, args...)
	command.Env = append([]string{
		"HOME=" + l.home, "XDG_STATE_HOME=" + l.stateHome, "PATH=" + l.path(),
		"LANG=C.UTF-8", "AWS_PAGER=", "AWS_EC2_METADATA_DISABLED=true",
	}, l.vars...)
	command.Dir = l.home
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	fmt.Fprintf(GinkgoWriter, "$ %s\n", commandLine(program, args))
	session, err := gexec.Start(command, GinkgoWriter, GinkgoWriter)
	Expect(err).NotTo(HaveOccurred())
	return session
}

// run runs a command to its end.
func (l laptop) run(program string, args ...string) answer {
	GinkgoHelper()
	return l.runWithin(patience, program, args...)
}

// runWithin is run for what takes long.
func (l laptop) runWithin(limit time.Duration, program string, args ...string) answer {
	GinkgoHelper()
	session := l.start(program, args...)
	session.Wait(limit)
	return answer{
		command: commandLine(program, args), code: session.ExitCode(),
		out: string(session.Out.Contents()), err: string(session.Err.Contents()),
	}
}

// must runs a command that has to succeed, and returns what it printed to stdout.
func (l laptop) must(program string, args ...string) string {
	GinkgoHelper()
	a := l.run(program, args...)
	Expect(a.code).To(Equal(0), a.String())
	return a.out
}

// script runs a bash script that has to succeed.
func (l laptop) script(script string) string {
	GinkgoHelper()
	return l.must("bash", "-euo", "pipefail", "-c", script)
}

// write writes a file of the home folder and returns its path.
func (l laptop) write(name, content string) string {
	GinkgoHelper()
	path := filepath.Join(l.home, name)
	Expect(os.MkdirAll(filepath.Dir(path), 0o700)).To(Succeed())
	Expect(os.WriteFile(path, []byte(content), 0o600)).To(Succeed())
	return path
}

func commandLine(program string, args []string) string {
	return strings.Join(append([]string{filepath.Base(program)}, args...), " ")
}

func isExecutable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir() && info.Mode()&0o111 != 0
}

// status is what `eksemu status -o json` tells.
type status struct {
	PID        int         `json:"pid"`
	Gateway    string      `json:"gateway"`
	StateDir   string      `json:"stateDir"`
	Clusters   []cluster   `json:"clusters"`
	Components []component `json:"components"`
}

type cluster struct {
	Name     string `json:"name"`
	Endpoint string `json:"endpoint"`
}

type component struct {
	Name     string `json:"name"`
	State    string `json:"state"`
	PID      int    `json:"pid"`
	Restarts int    `json:"restarts"`
}

// status asks for the state of an environment that has to be running.
func (l laptop) status(args ...string) status {
	GinkgoHelper()
	var s status
	Expect(json.Unmarshal([]byte(l.must("eksemu", append([]string{"status", "-o", "json"}, args...)...)), &s)).To(Succeed())
	Expect(s.Clusters).NotTo(BeEmpty())
	return s
}

func (s status) component(name string) component {
	for _, c := range s.Components {
		if c.Name == name {
			return c
		}
	}
	return component{}
}

// processes are the processes that work with the laptop's state folder, as "PID COMMAND".
func (l laptop) processes() []string {
	GinkgoHelper()
	paths, err := filepath.Glob("/proc/[0-9]*/cmdline")
	Expect(err).NotTo(HaveOccurred())
	found := []string{}
	for _, path := range paths {
		command, err := os.ReadFile(path)
		if err != nil || len(command) == 0 {
			continue // it has ended
		}
		environ, err := os.ReadFile(filepath.Join(filepath.Dir(path), "environ"))
		if err != nil {
			continue
		}
		if bytes.Contains(command, []byte(l.stateHome)) || bytes.Contains(environ, []byte(l.stateHome)) {
			found = append(found, filepath.Base(filepath.Dir(path))+" "+strings.ReplaceAll(string(command), "\x00", " "))
		}
	}
	return found
}

// shutDown stops what still runs on the laptop at the end of a spec or container, and checks that it is gone.
func (l laptop) shutDown() {
	GinkgoHelper()
	names, err := filepath.Glob(filepath.Join(l.stateHome, "eksemu", "*"))
	Expect(err).NotTo(HaveOccurred())
	for _, name := range names {
		l.must("eksemu", "down", "--name", filepath.Base(name))
	}
	Eventually(l.processes).Should(BeEmpty(), "something is left running")
}
