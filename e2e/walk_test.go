package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// The article's walk, in the article's order, with the programs that are on a person's machine. walk.md is the same as
// a page for people.
var _ = Describe("the walk", onKind, func() {
	for _, major := range []string{"1", "2"} {
		Describe("with aws CLI "+major+".x", Ordered, func() {
			w := &walk{}
			BeforeAll(func() {
				w.person = shared.guest()
				w.person.install("aws", awsCLI(major))
				w.person.install("heptio-authenticator-aws", binary)
				w.person.install("aws-iam-authenticator", binary)
				w.person.installKubectl()
			})
			w.configureAWS()
			w.askAWS()
			w.configureKubectl()
			w.updateKubeconfig()
			w.seeThreeAnswers()
			w.askByHand()
			w.editAWSAuth()
			w.beNode()
			AfterAll(w.restoreAWSAuth)
		})
	}
})

// walk is what one step of the walk hands on to the next.
type walk struct {
	person  laptop      // after configureAWS: in a shell that has evaluated `eksemu env`
	cluster description // after askAWS
	file    string      // after configureKubectl: ~/.kube/config.d/my-cluster
	awsAuth string      // in editAWSAuth: the ConfigMap as it was before
}

// canI asks what the article asks, with a kubeconfig.
func (w *walk) canI(kubeconfig string) answer {
	GinkgoHelper()
	return w.person.with("KUBECONFIG="+kubeconfig).run("kubectl", "auth", "can-i", "get", "pods")
}

// as is the article's kubeconfig for a profile.
func (w *walk) as(profile string) string {
	GinkgoHelper()
	return w.person.kubeconfig(w.cluster, "as-"+profile, "heptio-authenticator-aws", "v1beta1", profile)
}

func (w *walk) configureAWS() {
	It(`eksemu up --detach && eval "$(eksemu env)"`, func() {
		Expect(up.err).To(ContainSubstring("Environment default is ready"))
		evaluated := strings.Split(w.person.script(`eval "$(eksemu env)"; env -0`), "\x00")
		w.person = w.person.withEksemu()
		for _, variable := range w.person.vars {
			Expect(evaluated).To(ContainElement(variable))
		}
		Expect(w.person.vars).To(ContainElement(HavePrefix("HTTPS_PROXY=http://127.0.0.1:")))
		Expect(w.person.vars).NotTo(ContainElement(HavePrefix("AWS_ENDPOINT_URL")), "it would move the host of tokens")
	})
}

func (w *walk) askAWS() {
	It("aws sts get-caller-identity", func() {
		var identity struct{ Account, UserId, Arn string } // AWS's spelling
		Expect(json.Unmarshal([]byte(w.person.must("aws", "sts", "get-caller-identity")), &identity)).To(Succeed())
		Expect(identity.Account).To(Equal("111122223333"))
		Expect(identity.UserId).To(MatchRegexp(`^AIDA[A-Z0-9]{17}$`))
		Expect(identity.Arn).To(Equal("arn:aws:iam::111122223333:user/trurl"))
	})
	It("AWS_PROFILE=some-other-role aws sts get-caller-identity", func() {
		var identity struct{ UserId, Arn string } // AWS's spelling
		role := w.person.with("AWS_PROFILE=some-other-role")
		Expect(json.Unmarshal([]byte(role.must("aws", "sts", "get-caller-identity")), &identity)).To(Succeed())
		id, session, _ := strings.Cut(identity.UserId, ":")
		Expect(id).To(MatchRegexp(`^AROA[A-Z0-9]{17}$`))
		Expect(identity.Arn).To(Equal("arn:aws:sts::111122223333:assumed-role/some-other-role/" + session))
	})
	It("aws eks list-clusters", func() {
		Expect(w.person.must("aws", "eks", "list-clusters")).To(MatchJSON(`{"clusters": ["my-cluster"]}`))
	})
	It("aws eks describe-cluster --name=my-cluster", func() {
		out := w.person.must("aws", "eks", "describe-cluster", "--name=my-cluster")
		Expect(json.Unmarshal([]byte(out), &w.cluster)).To(Succeed())
		Expect(w.cluster.Cluster.Endpoint).To(Equal(shared.status().Clusters[0].Endpoint))
		pem, err := base64.StdEncoding.DecodeString(w.cluster.Cluster.CertificateAuthority.Data)
		Expect(err).NotTo(HaveOccurred())
		Expect(string(pem)).To(HavePrefix("-----BEGIN CERTIFICATE-----\n"))
		var full struct{ Cluster map[string]any }
		Expect(json.Unmarshal([]byte(out), &full)).To(Succeed())
		Expect(full.Cluster).To(And(
			HaveKeyWithValue("status", "ACTIVE"),
			HaveKeyWithValue("arn", "arn:aws:eks:us-west-2:111122223333:cluster/my-cluster"),
			HaveKeyWithValue("roleArn", "arn:aws:iam::111122223333:role/my-cluster-role"),
			HaveKeyWithValue("platformVersion", MatchRegexp(`^eks\.\d+$`)),
			HaveKey("createdAt"), HaveKey("version"), HaveKey("resourcesVpcConfig"), HaveKey("kubernetesNetworkConfig"),
			HaveKey("logging"), HaveKey("identity"), HaveKey("tags"),
		))
	})
}

func (w *walk) configureKubectl() {
	It("the article's ~/.kube/config.d/my-cluster is refused by kubectl: its plugin API is v1alpha1", func() {
		file := w.person.kubeconfig(w.cluster, "v1alpha1", "heptio-authenticator-aws", "v1alpha1", "default")
		a := w.canI(file)
		Expect(a.code).To(Equal(1), a.String())
		Expect(a.err).To(ContainSubstring(`exec plugin: invalid apiVersion "client.authentication.k8s.io/v1alpha1"`))
	})
	It("heptio-authenticator-aws token -i my-cluster", func() {
		var credential struct {
			Kind, APIVersion string
			Status           struct{ Token, ExpirationTimestamp string }
		}
		out := w.person.must("heptio-authenticator-aws", "token", "-i", "my-cluster")
		Expect(json.Unmarshal([]byte(out), &credential)).To(Succeed())
		Expect(credential.Kind).To(Equal("ExecCredential"))
		Expect(credential.APIVersion).To(Equal("client.authentication.k8s.io/v1beta1"))
		Expect(credential.Status.ExpirationTimestamp).NotTo(BeEmpty())
		url, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(credential.Status.Token, "k8s-aws-v1."))
		Expect(err).NotTo(HaveOccurred())
		Expect(string(url)).To(HavePrefix("https://sts.us-west-2.amazonaws.com/?Action=GetCallerIdentity&"))
	})
	for _, plugin := range []string{"heptio-authenticator-aws", "aws-iam-authenticator"} {
		for _, version := range []string{"v1beta1", "v1"} {
			It(fmt.Sprintf("kubectl auth can-i get pods, with %s under %s", plugin, version), func() {
				w.file = w.person.kubeconfig(w.cluster, "my-cluster", plugin, version, "default")
				a := w.canI(w.file)
				Expect(a.out).To(Equal("yes\n"), a.String())
				Expect(a.code).To(Equal(0), a.String())
			})
		}
	}
	It("the creator's access entry decided that, by an access policy", func() { w.person.expectExplanation("allowed", "access-policy") })
	It("aws eks list-access-entries, list-associated-access-policies", func() {
		const creator = "arn:aws:iam::111122223333:user/trurl"
		a := w.person.run("aws", "eks", "list-access-entries", "--cluster-name", "my-cluster")
		if strings.Contains(a.err, "Invalid choice") {
			return // Debian's 2.9 is older than access entries
		}
		Expect(a.code).To(Equal(0), a.String())
		var list struct{ AccessEntries []string }
		Expect(json.Unmarshal([]byte(a.out), &list)).To(Succeed())
		Expect(list.AccessEntries).To(ConsistOf(creator, HaveSuffix("/AWSServiceRoleForAmazonEKS")))
		out := w.person.must("aws", "eks", "list-associated-access-policies", "--cluster-name", "my-cluster", "--principal-arn", creator)
		Expect(out).To(ContainSubstring(`"arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"`))
	})
}

func (w *walk) updateKubeconfig() {
	It("aws eks update-kubeconfig, then kubectl auth can-i get pods", func() {
		out := w.person.must("aws", "eks", "update-kubeconfig", "--name", "my-cluster")
		Expect(out).To(MatchRegexp(`(Added new|Updated) context arn:aws:eks:us-west-2:111122223333:cluster/my-cluster (to|in) `))
		Expect(w.person.must("kubectl", "config", "current-context")).To(Equal("arn:aws:eks:us-west-2:111122223333:cluster/my-cluster\n"))
		Expect(w.person.must("kubectl", "auth", "can-i", "get", "pods")).To(Equal("yes\n"))
	})
}

func (w *walk) seeThreeAnswers() {
	It("alice: yes", func() {
		a := w.canI(w.as("alice"))
		Expect(a.out).To(Equal("yes\n"), a.String())
		Expect(a.code).To(Equal(0), a.String())
		w.person.expectExplanation("allowed", "rbac")
	})
	It("bob: no", func() {
		a := w.canI(w.as("bob"))
		Expect(a.out).To(Equal("no\n"), a.String())
		Expect(a.code).To(Equal(1), a.String())
		w.person.expectExplanation("denied", "rbac")
	})
	It("mallory: error: You must be logged in to the server (Unauthorized)", func() {
		a := w.canI(w.as("mallory"))
		Expect(a.err).To(HaveSuffix("error: You must be logged in to the server (Unauthorized)\n"), a.String())
		Expect(a.code).To(Equal(1), a.String())
		w.person.expectExplanation("unauthorized", "mapper")
	})
}

func (w *walk) askByHand() {
	It("the POST that kubectl does, by hand: 201 Created", func() {
		needs("curl", "jq")
		w.person = w.person.with("KUBECONFIG=" + w.file)
		out := w.person.script(`
kubectl config view --raw -o jsonpath='{.clusters[0].cluster.certificate-authority-data}' | base64 -d > my-cluster-ca-data
TOKEN=$(heptio-authenticator-aws token -i my-cluster | jq -r .status.token)
REQUEST='{"kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "spec":{"resourceAttributes":{"name":"pod","verb":"get"}}}'
echo "$REQUEST" | curl --silent --show-error --include --http1.1 --cacert my-cluster-ca-data --data @- \
  --header "Authorization: Bearer $TOKEN" --header "Content-Type: application/json" \
  ` + w.cluster.Cluster.Endpoint + `/apis/authorization.k8s.io/v1/selfsubjectaccessreviews`)
		head, body, found := strings.Cut(out, "\r\n\r\n")
		Expect(found).To(BeTrue(), out)
		Expect(head).To(HavePrefix("HTTP/1.1 201 Created\r\n"))
		var review struct{ Status struct{ Allowed bool } }
		Expect(json.Unmarshal([]byte(body), &review)).To(Succeed())
		Expect(review.Status.Allowed).To(BeTrue())
	})
}

// eventually waits until a profile is answered as wanted: the authenticator watches aws-auth, and knows of a change a
// moment after the API server does.
func (w *walk) eventually(profile string, matcher func(answer) bool) {
	GinkgoHelper()
	file := w.as(profile)
	Eventually(func() answer { return w.canI(file) }).Should(Satisfy(matcher))
}

func allowed(a answer) bool      { return a.code == 0 && a.out == "yes\n" }
func unauthorized(a answer) bool { return a.code == 1 && strings.Contains(a.err, "(Unauthorized)") }

func (w *walk) editAWSAuth() {
	It("kubectl apply of the aws-auth that Getting Started gives: nobody but nodes is mapped", func() {
		w.awsAuth = w.person.must("kubectl", "get", "configmap", "aws-auth", "--namespace=kube-system", "--output=json")
		Expect(w.person.must("kubectl", "apply", "-f", manifest("aws-auth-nodes.yaml"))).To(Equal("configmap/aws-auth configured\n"))
		w.eventually("some-other-role", unauthorized)
		w.eventually("other-user", unauthorized)
		Expect(w.canI(w.file)).To(Satisfy(allowed), "the creator has an access entry, and gets in without aws-auth")
	})
	It("kubectl apply -f /tmp/aws-auth-cm", func() {
		Expect(w.person.must("kubectl", "apply", "-f", manifest("aws-auth-cm.yaml"))).To(Equal("configmap/aws-auth configured\n"))
		w.eventually("some-other-role", allowed)
		w.person.expectExplanation("allowed", "system:masters")
		w.eventually("other-user", allowed)
	})
}

// restoreAWSAuth puts back what `kubectl get` said before.
func (w *walk) restoreAWSAuth() {
	GinkgoHelper()
	if w.awsAuth == "" {
		return
	}
	var object map[string]any
	Expect(json.Unmarshal([]byte(w.awsAuth), &object)).To(Succeed())
	object["metadata"] = map[string]any{"name": "aws-auth", "namespace": "kube-system"}
	raw, err := json.Marshal(object)
	Expect(err).NotTo(HaveOccurred())
	w.person.must("kubectl", "replace", "-f", w.person.write("aws-auth.json", string(raw)))
	w.eventually("alice", allowed)
}

func manifest(name string) string {
	GinkgoHelper()
	path, err := filepath.Abs(filepath.Join("testdata", name))
	Expect(err).NotTo(HaveOccurred())
	Expect(path).To(BeARegularFile())
	return path
}

func (w *walk) beNode() {
	It("an instance is a node, by the role that it has", func() {
		node := w.person.with("KUBECONFIG=" + w.as("i-0123456789abcdef0"))
		out := node.must("kubectl", "auth", "whoami", "--output=json")
		var review struct {
			Status struct {
				UserInfo struct {
					Username string
					Groups   []string
				}
			}
		}
		Expect(json.Unmarshal([]byte(out), &review)).To(Succeed())
		Expect(review.Status.UserInfo.Username).To(Equal("system:node:ip-192-168-12-34.us-west-2.compute.internal"))
		Expect(review.Status.UserInfo.Groups).To(ContainElements("system:bootstrappers", "system:nodes"))
	})
}
