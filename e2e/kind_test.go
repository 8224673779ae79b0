package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/eksemu/eksemu/scenarios"
)

// onKind labels what runs on a kind cluster, too; `make e2e-kind` runs it there. kindAlone labels what runs nowhere else.
var (
	onKind    = Label("kind")
	kindAlone = Label("kind", "kind-alone")
)

// kindBackend are the variables of laptops whose environments are kind clusters, none where the suite is not for kind.
func kindBackend() []string {
	if os.Getenv("EKSEMU_E2E_BACKEND") != "kind" {
		return nil
	}
	config, err := filepath.Abs(filepath.Join("kind", "config.yaml"))
	if err != nil {
		panic(err)
	}
	return []string{"EKSEMU_BACKEND=kind", "EKSEMU_KIND_CONFIG=" + config, "EKSEMU_KIND_IMAGE=" + os.Getenv("EKSEMU_KIND_IMAGE")}
}

// kindLaptop is a laptop whose environments are kind clusters. Docker is the machine's: clusters of two laptops need
// two names.
func kindLaptop(name string) laptop {
	return newLaptop().withSystemPrograms().with(append(kindBackend(), "EKSEMU_NAME="+name)...)
}

// containers are the names of the containers of the kind cluster that an environment's cluster my-cluster is.
func containers(environment string) []string {
	GinkgoHelper()
	out, err := exec.Command("docker", "ps", "--all", "--filter", "label=io.x-k8s.kind.cluster=eksemu-"+environment+"-my-cluster", "--format", "{{.Names}}").Output()
	Expect(err).NotTo(HaveOccurred())
	return strings.Fields(string(out))
}

// node is the node of such a cluster.
func node(environment string) string { return "eksemu-" + environment + "-my-cluster-control-plane" }

var _ = Describe("kind: eksemu run", kindAlone, func() {
	It("comes out as on the embedded backend, field by field, for every shipped scenario", func() {
		person := kindLaptop("compared")
		before := allKindContainers()
		run := func(backend string) string {
			a := person.runWithin(cataloguePatience, "eksemu", "run", "--quiet", "--output", "json", "--backend", backend)
			Expect(a.code).To(Equal(0), "exit code %d\n%s%s", a.code, a.err, failedSteps(a.out))
			return a.out
		}
		embedded, kind := comparable(run("embedded")), comparable(run("kind"))
		Expect(cmp.Diff(strings.Split(embedded, "\n"), strings.Split(kind, "\n"))).To(BeEmpty(), "-embedded +kind")
		Expect(embedded).To(ContainSubstring(`"decidedBy": "rbac"`), "a comparison of nothing")
		Expect(allKindContainers()).To(Equal(before), "the private cluster is left")
		Expect(person.processes()).To(BeEmpty(), "something is left running")
	})
})

var _ = Describe("kind: a configuration of the user's own", kindAlone, func() {
	It("may have more nodes, and what they needed to join is closed again", func() {
		person := kindLaptop("nodes")
		DeferCleanup(func() { person.shutDown() })
		config := person.write("kind.yaml", `kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
networking: {kubeProxyMode: nftables}
nodes:
- role: control-plane
- role: worker
  labels: {color: blue}
`)
		a := person.run("eksemu", "up", "--detach", "--kind-config", config)
		Expect(a.code).To(Equal(0), a.String())
		person = person.withEksemu()
		person.installKubectl()
		Expect(strings.Fields(person.must("kubectl", "get", "nodes", "-o", "name"))).To(ConsistOf("node/"+node("nodes"), "node/eksemu-nodes-my-cluster-worker"))
		person.must("kubectl", "wait", "--for=condition=Ready", "nodes", "--all", "--timeout=60s")
		Expect(stsOf("eksemu-nodes-my-cluster-worker")).To(Equal(stsOf(node("nodes"))), "the nodes know AWS's names")
		Expect(person.must("kubectl", "get", "nodes", "-l", "color=blue", "-o", "name")).To(Equal("node/eksemu-nodes-my-cluster-worker\n"))
		out := person.must("curl", "-sS", "--insecure", person.status().Clusters[0].Endpoint+"/api/v1/namespaces/kube-public/configmaps/cluster-info")
		Expect(out).To(ContainSubstring(`"reason": "Unauthorized"`))
		person.expectAnswers()
	})
})

// allKindContainers are the IDs of the containers of all kind clusters on the machine.
func allKindContainers() []string {
	GinkgoHelper()
	out, err := exec.Command("docker", "ps", "--all", "--quiet", "--filter", "label=io.x-k8s.kind.cluster").Output()
	Expect(err).NotTo(HaveOccurred())
	return strings.Fields(string(out))
}

// different are the parts of a report that are other ones in each run, and what stands for them: identifiers, times, and
// names that clients invent.
var different = []struct {
	is    *regexp.Regexp
	named string
}{
	{regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`), "UUID"},
	{regexp.MustCompile(`step-[a-z0-9]{16}`), "STEP"},
	{regexp.MustCompile(`\n *"token": "[0-9a-f]{16}",`), ""}, // of a request from the cache it is not always known
	{regexp.MustCompile(`\b\d{8}T\d{6}Z`), "TIME"},
	{regexp.MustCompile(`\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d+)?( \+0000 UTC|Z)`), "TIME"},
	{regexp.MustCompile(`\b(\d+m)?\d+s\b( past)?`), "DURATION"},
	{regexp.MustCompile(`botocore-session-\d+`), "SESSION"},
	{regexp.MustCompile(`"(seconds|attempts)": [0-9.]+`), `"$1": 0`},
	{regexp.MustCompile(`ASIA[A-Z0-9]{16}`), "SESSIONKEY"},
	{regexp.MustCompile(`aws-go-sdk-\d+`), "SESSION"},
	// A second request of a client is the slower one's to count as from the cache.
	{regexp.MustCompile(`\n *"cached": true,`), ""},
	{regexp.MustCompile(`answered from the API server's token cache(, DURATION after the authenticator was asked)?`), "took the authenticator's answer"},
	{regexp.MustCompile(`presigned for sts[^"]* signed DURATION before it was checked|one of several that the authenticator accepted`), "TOKEN"},
	{regexp.MustCompile(` m/[A-Za-z0-9,~+]+ `), " FEATURES "}, // of botocore, in any order
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "ADDRESS"},       // of an authenticator that does not run
}

// comparable is a JSON report without what is another one in each run.
func comparable(raw string) string {
	GinkgoHelper()
	var report scenarios.Report
	Expect(json.Unmarshal([]byte(raw), &report)).To(Succeed())
	Expect(report.Scenarios).NotTo(BeEmpty())
	for _, d := range different {
		raw = d.is.ReplaceAllString(raw, d.named)
	}
	return raw
}

var _ = Describe("kind: an environment of its own", kindAlone, Ordered, func() {
	const environment = "pods"
	var person laptop
	admin := func(args ...string) string {
		GinkgoHelper()
		return person.must("kubectl", append([]string{"--kubeconfig", filepath.Join(person.stateHome, "eksemu", environment, "admin.kubeconfig")}, args...)...)
	}
	BeforeAll(func() {
		config, err := filepath.Abs(filepath.Join("testdata", "irsa.yaml"))
		Expect(err).NotTo(HaveOccurred())
		person = kindLaptop(environment)
		DeferCleanup(func() {
			person.shutDown()
			Expect(containers(environment)).To(BeEmpty())
		})
		a := person.run("eksemu", "up", "--detach", "--config", config)
		Expect(a.code).To(Equal(0), a.String())
		Expect(a.err).To(ContainSubstring("kind: starting control-plane"))
		person = person.withEksemu()
		person.installKubectl()
	})

	It("has a node", func() {
		Eventually(func() string { return person.run("kubectl", "get", "nodes").out }).Should(MatchRegexp(node(environment) + ` +Ready +control-plane`))
		Expect(person.must("eksemu", "status")).To(MatchRegexp(`process +` + node(environment) + ` +ready`))
	})

	It("lets a pod call STS as the role of its service account", func() {
		loadWhoami(node(environment))
		manifest, err := filepath.Abs(filepath.Join("kind", "testdata", "whoami.yaml"))
		Expect(err).NotTo(HaveOccurred())
		person.must("kubectl", "apply", "-f", manifest)
		Eventually(func() string { return person.run("kubectl", "logs", "whoami").out }).
			Should(HaveSuffix(appArn("whoami")), "once CoreDNS has the names")
		Expect(person.must("eksemu", "trace")).To(ContainSubstring("sts:AssumeRoleWithWebIdentity 200"))
	})

	It("lets read the pod's log and run a program in it whom RBAC lets, and nobody else", func() {
		admin("create", "role", "pod-debugger", "--verb=get,create", "--resource=pods,pods/log,pods/exec")
		admin("create", "rolebinding", "pod-debugger", "--role=pod-debugger", "--user=debugger")
		admin("create", "configmap", "aws-auth", "-n", "kube-system",
			"--from-literal=mapUsers=[{userarn: \"arn:aws:iam::111122223333:user/debugger\", username: debugger}]")
		debugger := func(args ...string) string {
			GinkgoHelper()
			a := person.run("kubectl", append([]string{"--context", "debugger@my-cluster"}, args...)...)
			return a.out + a.err
		}
		Eventually(debugger).WithArguments("auth", "can-i", "get", "pods/log").Should(Equal("yes\n"))
		Expect(debugger("logs", "whoami")).To(HaveSuffix(appArn("whoami")))
		Expect(debugger("exec", "whoami", "--", "/whoami")).To(Equal(appArn("whoami")))
		Expect(debugger("get", "secrets")).To(ContainSubstring("secrets is forbidden"))
		admin("delete", "rolebinding", "pod-debugger")
		Eventually(debugger).WithArguments("logs", "whoami").
			Should(ContainSubstring(`User "debugger" cannot get resource "pods" in API group ""`))
		Expect(debugger("exec", "whoami", "--", "/whoami")).To(ContainSubstring(`is forbidden: User "debugger" cannot`))
		admin("delete", "configmap", "aws-auth", "-n", "kube-system")
		Eventually(debugger).WithArguments("logs", "whoami").Should(ContainSubstring("You must be logged in to the server"))
	})

	It("leads the nodes' AWS names here, too", func() {
		Expect(stsOf(node(environment))).To(Equal(admin("get", "service", "eksemu-aws", "-n", "kube-system", "-o", "jsonpath={.spec.clusterIP}")))
	})

	It("listens for the API server at the network's gateway, and talks to nobody else there", func() {
		kubeconfig, err := os.ReadFile(filepath.Join(person.stateHome, "eksemu", environment, "clusters", "my-cluster", "control-plane", "config", "token-webhook.kubeconfig"))
		Expect(err).NotTo(HaveOccurred())
		url := regexp.MustCompile(`server: "(https://[0-9.]+:\d+/authenticate)"`).FindSubmatch(kubeconfig)
		Expect(url).NotTo(BeEmpty())
		Expect(string(url[1])).NotTo(ContainSubstring("127.0.0.1"))
		a := person.run("curl", "-sS", "--insecure", "--write-out", "%{ssl_verify_result} %{http_code}", string(url[1]))
		Expect(a.code).NotTo(Equal(0), a.String())
		Expect(a.out).To(HaveSuffix(" 000"), a.String()) // the handshake ends the connection, in words that depend on the moment
	})

	It("goes on after the emulator was killed: up adopts the cluster", func() {
		before := person.status()
		Expect(syscall.Kill(before.PID, syscall.SIGKILL)).To(Succeed())
		Eventually(func() int { return person.run("eksemu", "status").code }).Should(Equal(3))
		Expect(containers(environment)).To(Equal([]string{node(environment)}))
		config, err := filepath.Abs(filepath.Join("testdata", "irsa.yaml"))
		Expect(err).NotTo(HaveOccurred())
		a := person.run("eksemu", "up", "--detach", "--config", config)
		Expect(a.code).To(Equal(0), a.String())
		Expect(a.err).To(ContainSubstring("adopt the kind cluster"))
		Expect(person.status().Clusters).To(Equal(before.Clusters))
		Eventually(func() string { return person.run("kubectl", "logs", "whoami").out }).Should(ContainSubstring("my-app-role"))
		Expect(person.must("kubectl", "exec", "whoami", "--", "/whoami")).To(ContainSubstring("my-app-role"), "a pod reaches STS again")
	})

	It("stops and starts its node with --keep-state", func() {
		person.must("eksemu", "down", "--keep-state")
		out, err := exec.Command("docker", "inspect", "--format", "{{.State.Running}}", node(environment)).Output()
		Expect(err).NotTo(HaveOccurred())
		Expect(string(out)).To(Equal("false\n"))
		config, err := filepath.Abs(filepath.Join("testdata", "irsa.yaml"))
		Expect(err).NotTo(HaveOccurred())
		a := person.with("EKSEMU_BACKEND=").run("eksemu", "up", "--detach", "--config", config) // the state knows the backend
		Expect(a.code).To(Equal(0), a.String())
		Expect(person.must("kubectl", "auth", "can-i", "get", "pods")).To(Equal("yes\n"))
	})

	It("starts a node again that stops", func() {
		Expect(exec.Command("docker", "kill", node(environment)).Run()).To(Succeed())
		Eventually(func() string { return person.run("kubectl", "auth", "can-i", "get", "pods").out }).Should(Equal("yes\n"))
		Eventually(func() string { return person.status().component(node(environment)).State }).Should(Equal("ready"))
		Expect(person.status().component(node(environment)).Restarts).To(Equal(1))
		Expect(stsOf(node(environment))).To(Equal(admin("get", "service", "eksemu-aws", "-n", "kube-system", "-o", "jsonpath={.spec.clusterIP}")),
			"Docker has made the node's /etc/hosts anew")
	})

	It("is removed as a whole", func() {
		state := person.status()
		person.must("eksemu", "down")
		Expect(containers(environment)).To(BeEmpty())
		Expect(state.StateDir).NotTo(BeADirectory())
		Expect(person.processes()).To(BeEmpty())
		Expect(person.run("curl", "-sS", state.Clusters[0].Endpoint).code).NotTo(Equal(0))
	})
})

// stsOf is the address that STS's name leads a node to.
func stsOf(node string) string {
	GinkgoHelper()
	out, err := exec.Command("docker", "exec", node, "getent", "hosts", "sts.us-west-2.amazonaws.com").Output()
	Expect(err).NotTo(HaveOccurred())
	address, _, _ := strings.Cut(string(out), " ")
	return address
}

// appArn is what a session of my-app-role is told.
func appArn(session string) string {
	return "arn:aws:sts::111122223333:assumed-role/my-app-role/" + session + "\n"
}

// loadWhoami builds the image of a pod that calls STS and loads it into a node, without a registry.
func loadWhoami(node string) {
	GinkgoHelper()
	dir := GinkgoT().TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "whoami"), "./kind/testdata/whoami")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), string(out))
	script := fmt.Sprintf(`set -euo pipefail
tar -C %s -c whoami | docker import --change 'ENTRYPOINT ["/whoami"]' - eksemu.test/whoami:1
docker save eksemu.test/whoami:1 | docker exec -i %s ctr --namespace=k8s.io images import -
docker rmi eksemu.test/whoami:1`, dir, node)
	out, err = exec.Command("bash", "-c", script).CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), string(out))
}
