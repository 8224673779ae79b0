package e2e

import (
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
	"github.com/onsi/gomega/gexec"
)

// An environment's life, with everything that people and machines do to it. The aws CLI is not on PATH here, so
// kubeconfigs use eksemu's own credential plugin.
var _ = Describe("the life of an environment", Ordered, func() {
	var person laptop
	BeforeAll(func() {
		person = newLaptop()
		DeferCleanup(func() { person.shutDown() })
	})

	It("ends with Ctrl-C while it starts: exit code 130, nothing left running", func() {
		session := person.start("eksemu", "up")
		Eventually(session.Err).Should(gbytes.Say("start etcd and kube-apiserver"))
		pressCtrlC(session)
		Eventually(session).Should(gexec.Exit(130))
		Expect(session.Err).To(gbytes.Say("interrupted while starting environment default; nothing is left running"))
		Expect(person.processes()).To(BeEmpty())
	})

	It("is stopped by down while it starts: exit code 3, nothing left", func() {
		session := person.start("eksemu", "up")
		Eventually(session.Err).Should(gbytes.Say("start etcd and kube-apiserver"))
		a := person.run("eksemu", "down")
		Expect(a.code).To(Equal(0), a.String())
		Expect(a.err).To(Equal("environment default is stopped and removed\n"))
		Eventually(session).Should(gexec.Exit(3))
		Expect(session.Err).To(gbytes.Say("stopped before it was ready"))
		Expect(person.processes()).To(BeEmpty())
	})

	It("ends with Ctrl-C when it is ready: exit code 130, nothing left running, state kept", func() {
		session := person.start("eksemu", "up")
		Eventually(session.Err).Should(gbytes.Say("Environment default is ready"))
		state := person.status()
		person.must("eksemu", "kubectl", "create", "configmap", "keepsake", "--from-literal=from=the first life")
		pressCtrlC(session)
		Eventually(session).Should(gexec.Exit(130))
		Expect(person.processes()).To(BeEmpty())
		Expect(person.run("eksemu", "status").code).To(Equal(3))
		for _, address := range []string{state.Gateway, state.Clusters[0].Endpoint} {
			parsed, err := url.Parse(address)
			Expect(err).NotTo(HaveOccurred())
			_, err = net.Dial("tcp", parsed.Host)
			Expect(err).To(MatchError(syscall.ECONNREFUSED), address)
		}
		Expect(filepath.Join(state.StateDir, "state.json")).To(BeARegularFile())
	})

	It("goes on where it was, on the same addresses", func() {
		person.must("eksemu", "up", "--detach")
		person.expectKeepsake()
		before := person.status()
		person.must("eksemu", "down", "--keep-state")
		edited := strings.Replace(person.must("eksemu", "config", "init"), "verbs: [get, list, watch]", "verbs: [get]", 1)
		a := person.run("eksemu", "up", "--detach", "--config", person.write("edited.yaml", edited))
		Expect(a.code).To(Equal(0), a.String())
		Expect(a.err).To(ContainSubstring("note: the manifests of cluster my-cluster have changed since it was made, and were not applied"))
		person.expectKeepsake()
		after := person.status()
		Expect(after.Gateway).To(Equal(before.Gateway))
		Expect(after.Clusters).To(Equal(before.Clusters))
	})

	It("explains what happened in a life that is over", func() {
		person.expectAnswers()
		person.must("eksemu", "down", "--keep-state")
		a := person.run("eksemu", "explain", "-n", "9")
		Expect(a.code).To(Equal(0), a.String())
		Expect(a.out).To(ContainSubstring("mallory"))
		Expect(a.err).To(ContainSubstring("environment default is not running: this is from"))
		person.must("eksemu", "up", "--detach")
	})

	It("is started once: another up of that name exits with 3", func() {
		before := person.status()
		for _, args := range [][]string{{"up"}, {"up", "--detach"}} {
			a := person.run("eksemu", args...)
			Expect(a.code).To(Equal(3), a.String())
			Expect(a.err).To(ContainSubstring("already running"))
			Expect(a.err).To(ContainSubstring("eksemu down"))
		}
		Expect(person.status().PID).To(Equal(before.PID))
		person.expectAnswers()
	})

	for _, name := range []string{"aws-iam-authenticator", "kube-controller-manager", "kube-apiserver", "etcd"} {
		It("survives kill -9 of "+name, func() {
			killed := person.status().component(name)
			Expect(killed.PID).NotTo(BeZero())
			Expect(syscall.Kill(killed.PID, syscall.SIGKILL)).To(Succeed())
			Eventually(func(g Gomega) {
				now := person.status().component(name)
				g.Expect(now.State).To(Equal("ready"))
				g.Expect(now.PID).NotTo(Equal(killed.PID))
				g.Expect(now.Restarts).To(Equal(killed.Restarts + 1))
			}).Should(Succeed())
			person.expectAnswers()
			person.expectKeepsake()
		})
	}

	It("survives kill -9 of eksemu itself: its children end, the next up goes on", func() {
		Expect(syscall.Kill(person.status().PID, syscall.SIGKILL)).To(Succeed())
		Eventually(person.processes).Should(BeEmpty())
		a := person.run("eksemu", "status")
		Expect(a.code).To(Equal(3), a.String())
		person.must("eksemu", "up", "--detach")
		person.expectAnswers()
		person.expectKeepsake()
	})

	It("lives beside another one", func() {
		person.must("eksemu", "up", "--detach", "--name", "second")
		first, second := person.status(), person.with("EKSEMU_NAME=second").status()
		Expect(first.Gateway).NotTo(Equal(second.Gateway))
		Expect(first.StateDir).NotTo(Equal(second.StateDir))
		a := person.run("eksemu", "kubectl", "--name", "second", "get", "configmap", "keepsake")
		Expect(a.code).To(Equal(1), a.String())
		Expect(a.err).To(ContainSubstring(`configmaps "keepsake" not found`))
		person.must("eksemu", "down", "--name", "second")
		person.expectAnswers()
		person.expectKeepsake()
	})

	It("is stopped by down --keep-state, and removed by down", func() {
		state := person.status()
		a := person.run("eksemu", "down", "--keep-state")
		Expect(a.code).To(Equal(0), a.String())
		Expect(person.processes()).To(BeEmpty())
		Expect(filepath.Join(state.StateDir, "state.json")).To(BeARegularFile())
		person.must("eksemu", "up", "--detach")
		person.expectKeepsake()
		a = person.run("eksemu", "down")
		Expect(a.code).To(Equal(0), a.String())
		Expect(person.processes()).To(BeEmpty())
		Expect(state.StateDir).NotTo(BeADirectory())
		Expect(person.run("eksemu", "down").code).To(Equal(0))
	})
})

// pressCtrlC does what a terminal does: every process of the foreground's process group gets the signal.
func pressCtrlC(session *gexec.Session) {
	GinkgoHelper()
	Expect(syscall.Kill(-session.Command.Process.Pid, syscall.SIGINT)).To(Succeed())
}

// expectAnswers waits until the environment gives the three answers, to tokens that are signed anew.
func (l laptop) expectAnswers() {
	GinkgoHelper()
	for identity, want := range map[string]string{
		"alice": "yes\n", "bob": "no\n", "mallory": "error: You must be logged in to the server (Unauthorized)\n",
	} {
		Eventually(func() string {
			a := l.run("eksemu", "kubectl", "auth", "can-i", "get", "pods", "--context", identity+"@my-cluster")
			return a.out + a.err
		}).Should(HaveSuffix(want), identity)
	}
}

// expectKeepsake checks that an object of an earlier life is there.
func (l laptop) expectKeepsake() {
	GinkgoHelper()
	Eventually(func() string {
		return l.run("eksemu", "kubectl", "get", "configmap", "keepsake", "-o", "jsonpath={.data.from}").out
	}).Should(Equal("the first life"))
}
