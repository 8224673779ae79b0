package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("the ways into a running environment", func() {
	Describe("KUBECONFIG alone, without any other variable", func() {
		for identity, want := range map[string]string{
			"alice": "yes\n", "bob": "no\n", "mallory": "error: You must be logged in to the server (Unauthorized)\n",
		} {
			It("answers "+identity+" in kubectl", func() {
				person := shared.guest()
				person.installKubectl()
				a := person.with("KUBECONFIG="+shared.kubeconfigOf(identity)).run("kubectl", "auth", "can-i", "get", "pods")
				Expect(a.out+a.err).To(HaveSuffix(want), a.String())
			})
			It("answers "+identity+" in eksemu kubectl", func() {
				a := shared.guest().run("eksemu", "kubectl", "auth", "can-i", "get", "pods", "--context", identity+"@my-cluster")
				Expect(a.out+a.err).To(HaveSuffix(want), a.String())
			})
		}
		It("is not led astray by what the shell has set for the real AWS", func() {
			person := shared.guest().with(
				"AWS_PROFILE=work", "AWS_REGION=eu-central-1", "AWS_ENDPOINT_URL=http://127.0.0.1:1",
				"AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
			)
			person.installKubectl()
			Expect(person.with("KUBECONFIG="+shared.kubeconfigOf("alice")).must("kubectl", "auth", "can-i", "get", "pods")).To(Equal("yes\n"))
		})
	})

	Describe("eksemu env", func() {
		It("has a format for every consumer", func() {
			person := shared.with("HTTPS_PROXY=http://proxy.example:3128", "NO_PROXY=intern.example")
			var vars map[string]string
			Expect(json.Unmarshal([]byte(person.must("eksemu", "env", "--format", "json")), &vars)).To(Succeed())
			Expect(vars).To(HaveLen(9))
			Expect(vars).To(HaveKeyWithValue("EKSEMU_HTTPS_PROXY", "http://proxy.example:3128"))
			github := person.write("github.env", "BEFORE=1\n")
			person.with("GITHUB_ENV="+github).must("eksemu", "env", "--format", "github")
			appended, err := os.ReadFile(github)
			Expect(err).NotTo(HaveOccurred())
			Expect(string(appended)).To(HavePrefix("BEFORE=1\n"))
			sh, fish := person.must("eksemu", "env"), person.must("eksemu", "env", "--format", "fish")
			dotenv := person.must("eksemu", "env", "--format", "dotenv")
			for name, value := range vars {
				Expect(sh).To(ContainSubstring("export " + name + "=" + value + "\n"))
				Expect(fish).To(ContainSubstring("set -gx " + name + " '" + value + "'\n"))
				Expect(dotenv).To(ContainSubstring(name + "=" + value + "\n"))
				Expect(string(appended)).To(ContainSubstring(name + "=" + value + "\n"))
			}
		})
		It("unsets what would lead AWS clients elsewhere", func() {
			person := shared.with("AWS_PROFILE=work", "AWS_ENDPOINT_URL=http://127.0.0.1:1")
			Expect(person.must("eksemu", "env")).To(ContainSubstring("unset AWS_PROFILE\nunset AWS_ENDPOINT_URL\n"))
		})
		It("lets a shell act as somebody else with --as", func() {
			person := shared.withEksemu("--as", "bob")
			person.installKubectl()
			a := person.run("kubectl", "auth", "can-i", "get", "pods")
			Expect(a.out).To(Equal("no\n"), a.String())
		})
		It("knows who there is", func() {
			a := shared.run("eksemu", "env", "--as", "bab")
			Expect(a.code).To(Equal(2), a.String())
			Expect(a.err).To(MatchRegexp(`identity "bab": .*bob, mallory`))
		})
	})

	It("answers a client without the proxy, whose endpoint is overridden for EKS alone", func() {
		found := awsCLIs()
		if len(found) == 0 {
			missing("aws", false)
		}
		state := shared.status()
		for major, path := range found {
			person := shared.guest().with(
				"AWS_CONFIG_FILE="+filepath.Join(state.StateDir, "aws", "config"),
				"AWS_SHARED_CREDENTIALS_FILE="+filepath.Join(state.StateDir, "aws", "credentials"),
				"AWS_ENDPOINT_URL_EKS="+state.Gateway,
			)
			args := []string{"eks", "list-clusters"}
			if major == "2" { // Debian's 2.9 does not know the variable
				args = append(args, "--endpoint-url", state.Gateway)
			}
			Expect(person.must(path, args...)).To(MatchJSON(`{"clusters": ["my-cluster"]}`))
		}
	})

	It("tells an aws CLI which service is not emulated, and what to do", func() {
		found := awsCLIs()
		if len(found) == 0 {
			missing("aws", false)
		}
		for _, path := range found {
			for _, args := range [][]string{{"s3", "ls"}, {"cloudtrail", "lookup-events"}, {"dynamodb", "list-tables"}, {"lambda", "list-functions"}} {
				a := shared.guest().withEksemu().run(path, args...)
				Expect(a.code).NotTo(Equal(0), a.String())
				Expect(a.err).To(MatchRegexp(`An error occurred \(NotEmulated\) when calling the \w+ operation: \S+ is not emulated: eksemu answers for .*\bsts\b.*--fallback URL`), a.String())
			}
		}
	})

	It("tells its processes, trace and logs", func() {
		for _, name := range []string{"etcd", "kube-apiserver", "kube-controller-manager", "aws-iam-authenticator"} {
			Expect(shared.status().component(name)).To(HaveField("State", "ready"), name)
			Expect(shared.must("eksemu", "status")).To(ContainSubstring(name))
			Expect(shared.must("eksemu", "logs")).To(ContainSubstring(name))
		}
		Expect(shared.must("eksemu", "logs", "aws-iam-authenticator")).To(ContainSubstring("Received aws-auth"))
		for line := range strings.Lines(shared.must("eksemu", "trace", "-o", "json")) {
			var event struct {
				Seq  int
				Kind string
			}
			Expect(json.Unmarshal([]byte(line), &event)).To(Succeed())
			Expect(event.Seq).To(BeNumerically(">", 0))
			Expect(event.Kind).NotTo(BeEmpty())
		}
		Expect(shared.must("eksemu", "version")).To(ContainSubstring("aws-iam-authenticator v"))
	})
})

// kubeconfigOf is the kubeconfig of an identity that the running environment has written.
func (l laptop) kubeconfigOf(identity string) string {
	GinkgoHelper()
	path := filepath.Join(l.status().StateDir, "kubeconfigs", identity)
	Expect(path).To(BeARegularFile())
	return path
}
