package e2e

import (
	"encoding/json"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// Access to a cluster as AWS's user guide grants it, from the cluster to its end, with the real aws CLI and kubectl, in
// the environment that people get without a configuration. Every change counts within three seconds, and `eksemu
// explain` says each time which hop decided.
var _ = Describe("the walk through access entries", Ordered, func() {
	w := &accessWalk{}
	BeforeAll(w.begin)
	It("aws eks create-cluster", w.createCluster)
	It("aws eks update-kubeconfig --role-arn: Unauthorized without an access entry", w.withoutEntry)
	It("aws eks create-access-entry: no", w.createEntry)
	It("aws eks associate-access-policy AmazonEKSViewPolicy in default: yes", w.associate)
	It("kubectl get: what the policy covers, and no more", w.get)
	It("aws eks disassociate-access-policy: no", w.disassociate)
	It("aws eks delete-access-entry: Unauthorized", w.deleteEntry)
	It("aws eks delete-cluster: the kubeconfig that people wrote themselves stays, as on AWS", w.deleteCluster)
})

const viewerRole = "arn:aws:iam::111122223333:role/eks-viewer"

type accessWalk struct{ person laptop } // trurl, in a shell that has evaluated `eksemu env`, with a kubeconfig of his own

// accessCLI is the path of an aws CLI that knows access entries, which Debian 12's does not.
func accessCLI() string {
	GinkgoHelper()
	for _, path := range awsCLIs() {
		if newLaptop().withSystemPrograms().run(path, "eks", "list-access-policies", "--generate-cli-skeleton").code == 0 {
			return path
		}
	}
	missing("an aws CLI that knows access entries (from 1.32.3 and 2.15.3 on)", true)
	return ""
}

func (w *accessWalk) begin() {
	cli := accessCLI()
	w.person = shared.guest().withEksemu()
	w.person = w.person.with("KUBECONFIG=" + filepath.Join(w.person.home, ".kube", "config"))
	w.person.install("aws", cli)
	w.person.installKubectl()
	trust := w.person.write("trust.json", `{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:user/trurl"}, "Action": "sts:AssumeRole"}]}`)
	w.person.must("aws", "iam", "create-role", "--role-name", "eks-viewer", "--assume-role-policy-document", "file://"+trust)
	DeferCleanup(func() { w.person.must("aws", "iam", "delete-role", "--role-name", "eks-viewer") })
	DeferCleanup(func() { w.person.run("aws", "eks", "delete-cluster", "--name", "access-walk") }) // if a spec failed
}

// eks runs the aws CLI, as the cluster's creator.
func (w *accessWalk) eks(operation string, args ...string) string {
	GinkgoHelper()
	return w.person.must("aws", append([]string{"eks", operation}, args...)...)
}

// entry runs an operation on the role's access entry.
func (w *accessWalk) entry(operation string, args ...string) string {
	GinkgoHelper()
	return w.eks(operation, append([]string{"--cluster-name", "access-walk", "--principal-arn", viewerRole}, args...)...)
}

// expect asks with kubectl, and eksemu who decided.
func (w *accessWalk) expect(answer, outcome, decidedBy string, question ...string) {
	GinkgoHelper()
	Eventually(func() string {
		a := w.person.run("kubectl", append([]string{"auth", "can-i"}, question...)...)
		return a.out + a.err
	}, soon).Should(HaveSuffix(answer+"\n"), func() string { return w.person.run("eksemu", "explain").String() })
	w.person.expectExplanation(outcome, decidedBy)
}

const loggedOut = "error: You must be logged in to the server (Unauthorized)"

func (w *accessWalk) createCluster() {
	out := w.eks("create-cluster", "--name", "access-walk", "--role-arn", "arn:aws:iam::111122223333:role/my-cluster-role",
		"--resources-vpc-config", "subnetIds=subnet-0123456789abcdef0,subnet-0123456789abcdef1",
		"--access-config", "authenticationMode=API_AND_CONFIG_MAP", "--query", "cluster.status", "--output", "text")
	Expect(out).To(Equal("CREATING\n"))
	Eventually(func() string {
		return w.eks("describe-cluster", "--name", "access-walk", "--query", "cluster.status", "--output", "text")
	}).Should(Equal("ACTIVE\n"))
	Expect(w.eks("list-clusters")).To(MatchJSON(`{"clusters": ["access-walk", "my-cluster"]}`))
	w.eks("update-kubeconfig", "--name", "access-walk")
	w.expect("yes", "allowed", "access-policy", "delete", "secrets")
}

func (w *accessWalk) withoutEntry() {
	w.eks("update-kubeconfig", "--name", "access-walk", "--role-arn", viewerRole)
	a := w.person.run("kubectl", "get", "--raw", "/api/v1/namespaces/default/pods")
	Expect(a.err).To(HaveSuffix(loggedOut+"\n"), a.String())
	w.person.expectExplanation("unauthorized", "mapper")
}

func (w *accessWalk) createEntry() {
	w.entry("create-access-entry")
	Expect(w.eks("list-access-entries", "--cluster-name", "access-walk")).To(ContainSubstring(viewerRole))
	w.expect("no", "denied", "rbac", "get", "pods")
}

func (w *accessWalk) associate() {
	w.entry("associate-access-policy", "--policy-arn", policyARN+"AmazonEKSViewPolicy", "--access-scope", "type=namespace,namespaces=default")
	w.expect("yes", "allowed", "access-policy", "get", "pods")
	w.expect("no", "denied", "access-policy", "get", "pods", "-n", "kube-system")
	w.expect("no", "denied", "access-policy", "delete", "pods")
	w.expect("no", "denied", "access-policy", "get", "secrets")
}

func (w *accessWalk) get() {
	var user struct {
		Status struct{ UserInfo struct{ Username string } }
	}
	Expect(json.Unmarshal([]byte(w.person.must("kubectl", "auth", "whoami", "-o", "json")), &user)).To(Succeed())
	Expect(user.Status.UserInfo.Username).To(HavePrefix("arn:aws:sts::111122223333:assumed-role/eks-viewer/EKSGetTokenAuth"))
	Expect(w.person.run("kubectl", "get", "pods").err).To(Equal("No resources found in default namespace.\n"))
	a := w.person.run("kubectl", "get", "secrets")
	Expect(a.err).To(MatchRegexp(`^Error from server \(Forbidden\): secrets is forbidden: User "arn:aws:sts::.*" cannot list resource "secrets" in API group "" in the namespace "default"\n$`))
}

func (w *accessWalk) disassociate() {
	w.entry("disassociate-access-policy", "--policy-arn", policyARN+"AmazonEKSViewPolicy")
	w.expect("no", "denied", "access-policy", "get", "pods")
}

func (w *accessWalk) deleteEntry() {
	w.entry("delete-access-entry")
	w.expect(loggedOut, "unauthorized", "mapper", "get", "pods")
}

func (w *accessWalk) deleteCluster() {
	Expect(w.eks("delete-cluster", "--name", "access-walk", "--query", "cluster.status", "--output", "text")).To(Equal("DELETING\n"))
	Eventually(func() string { return w.eks("list-clusters") }).Should(MatchJSON(`{"clusters": ["my-cluster"]}`))
	Expect(strings.Fields(w.person.must("kubectl", "config", "get-contexts", "-o", "name"))).
		To(ConsistOf("arn:aws:eks:us-west-2:111122223333:cluster/access-walk"))
}
