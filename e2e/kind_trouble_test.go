package e2e

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
	"github.com/onsi/gomega/gexec"
)

// What can go wrong while a kind cluster is made: whoever looks afterwards finds nothing that is left.
var _ = Describe("kind: trouble", kindAlone, func() {
	docker := func(args ...string) string {
		GinkgoHelper()
		out, err := exec.Command("docker", args...).CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), string(out))
		return strings.TrimSpace(string(out))
	}
	newPerson := func(name string) laptop {
		person := kindLaptop(name)
		DeferCleanup(func() {
			person.shutDown()
			Expect(containers(name)).To(BeEmpty())
		})
		return person
	}

	It("is interrupted while kind works: nothing is left", func() {
		person := newPerson("interrupted")
		session := person.start("eksemu", "up")
		Eventually(session.Err).Should(gbytes.Say("kind: starting control-plane"))
		pressCtrlC(session)
		Eventually(session).Should(gexec.Exit(130))
		Expect(containers("interrupted")).To(BeEmpty())
		Expect(person.processes()).To(BeEmpty())
	})

	It("is killed while kind works: down removes what is left, and up begins anew", func() {
		person := newPerson("killed")
		begin := func() {
			GinkgoHelper()
			session := person.start("eksemu", "up")
			Eventually(session.Err).Should(gbytes.Say("kind: starting control-plane"))
			session.Kill()
			Eventually(session).Should(gexec.Exit())
			Eventually(person.processes).Should(BeEmpty(), "kind's process outlives eksemu")
			Expect(containers("killed")).NotTo(BeEmpty())
		}
		begin()
		Expect(person.must("eksemu", "down")).To(BeEmpty())
		Expect(containers("killed")).To(BeEmpty())
		begin()
		a := person.run("eksemu", "up", "--detach")
		Expect(a.code).To(Equal(0), a.String())
		Expect(a.err).To(ContainSubstring("delete what is left of the kind cluster"))
		Expect(person.must("eksemu", "kubectl", "get", "configmap", "aws-auth", "-n", "kube-system", "-o", "name", "--kubeconfig",
			filepath.Join(person.stateHome, "eksemu", "killed", "admin.kubeconfig"))).To(Equal("configmap/aws-auth\n"))
	})

	It("has a firewall in the way: it says which address and port, and how to open it", func() {
		if _, err := exec.LookPath("iptables"); err != nil || syscall.Getuid() != 0 {
			missing("iptables, as root,", false)
		}
		person := newPerson("blocked")
		bridge := "br-" + docker("network", "inspect", "kind", "--format", "{{.Id}}")[:12]
		gateway := docker("network", "inspect", "kind", "--format", `{{range .IPAM.Config}}{{.Gateway}} {{end}}`)
		gateway = regexp.MustCompile(`\d+(\.\d+){3}`).FindString(gateway)
		rule := []string{"INPUT", "-i", bridge, "-d", gateway, "-p", "tcp", "--dport", "10240:65535", "-j", "DROP"}
		out, err := exec.Command("iptables", append([]string{"-I"}, rule...)...).CombinedOutput()
		Expect(err).NotTo(HaveOccurred(), string(out))
		DeferCleanup(func() { Expect(exec.Command("iptables", append([]string{"-D"}, rule...)...).Run()).To(Succeed()) })
		a := person.run("eksemu", "up")
		Expect(a.code).To(Equal(3), a.String())
		Expect(a.err).To(MatchRegexp(`the node cannot reach this machine at ` + gateway + `, TCP port \d+ and \d+ .*firewall.*iptables -I INPUT -i ` + bridge + ` .* --dports \d+,\d+ `))
		Expect(containers("blocked")).To(BeEmpty())
	})

	It("meets a cluster of somebody else: it is left alone", func() {
		person := newPerson("other")
		docker("run", "--detach", "--name", "foreign-control-plane", "--label", "io.x-k8s.kind.cluster=foreign", "--entrypoint", "sleep",
			docker("inspect", "--format", "{{.Config.Image}}", "eksemu-e2e-control-plane"), "infinity")
		DeferCleanup(func() { docker("rm", "--force", "foreign-control-plane") })
		a := person.run("eksemu", "up", "--kind-cluster", "foreign")
		Expect(a.code).To(Equal(3), a.String())
		Expect(a.err).To(ContainSubstring("there is a kind cluster foreign that this environment did not make: choose another name with --kind-cluster"))
		person.must("eksemu", "down")
		Expect(docker("inspect", "--format", "{{.State.Running}}", "foreign-control-plane")).To(Equal("true"))
	})

	It("meets a cluster of somebody else in place of its own: down leaves it alone, and says so", func() {
		person := newPerson("replaced")
		session := person.start("eksemu", "up")
		Eventually(session.Err).Should(gbytes.Say("kind: starting control-plane"))
		session.Kill()
		Eventually(session).Should(gexec.Exit())
		Eventually(person.processes).Should(BeEmpty())
		image := docker("inspect", "--format", "{{.Config.Image}}", node("replaced"))
		docker("rm", "--force", "--volumes", node("replaced"))
		docker("run", "--detach", "--name", node("replaced"), "--label", "io.x-k8s.kind.cluster=eksemu-replaced-my-cluster",
			"--label", "io.x-k8s.kind.role=control-plane", "--entrypoint", "sleep", image, "infinity")
		defer docker("rm", "--force", node("replaced"))
		a := person.run("eksemu", "down")
		Expect(a.code).To(Equal(0), a.String())
		Expect(a.err).To(ContainSubstring("the kind cluster eksemu-replaced-my-cluster is not, or not any more, the one that this environment made"))
		Expect(docker("inspect", "--format", "{{.State.Running}}", node("replaced"))).To(Equal("true"))
	})

	It("cannot be made: the error has the reason, the logs are kept, and the nodes if that is asked for", func() {
		person := newPerson("broken")
		config := person.write("broken.yaml", `kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
networking: {kubeProxyMode: nftables}
kubeadmConfigPatches:
- |
  kind: ClusterConfiguration
  apiServer: {extraArgs: [{name: no-such-flag, value: "1"}]}
- |
  kind: InitConfiguration
  timeouts: {controlPlaneComponentHealthCheck: 10s}
`)
		a := person.run("eksemu", "up", "--retain", "--kind-config", config)
		Expect(a.code).To(Equal(3), a.String())
		Expect(a.err).To(ContainSubstring("unknown flag: --no-such-flag"), "the API server's own words")
		Expect(a.err).To(ContainSubstring("docker exec -it " + node("broken")))
		Expect(a.err).NotTo(ContainSubstring("runtime.goexit"), "a stack trace")
		Expect(filepath.Glob(filepath.Join(person.stateHome, "eksemu", "broken", "logs", "kind", node("broken"), "kubelet.log"))).NotTo(BeEmpty())
		Expect(containers("broken")).NotTo(BeEmpty())
		person.must("eksemu", "down")
		Expect(containers("broken")).To(BeEmpty())
	})

	It("runs beside an embedded environment, and neither disturbs the other", func() {
		person := shared.guest().with("EKSEMU_BACKEND=embedded", "EKSEMU_NAME=beside")
		DeferCleanup(func() { person.must("eksemu", "down") })
		a := person.run("eksemu", "up", "--detach")
		Expect(a.code).To(Equal(0), a.String())
		for _, environment := range []laptop{person, shared} {
			environment.expectAnswers()
		}
		person.must("eksemu", "down")
		shared.expectAnswers()
	})
})
