package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// terraformPlugins is a folder of Terraform's providers (a filesystem mirror) that has hashicorp/aws, unless the variable
// EKSEMU_E2E_TERRAFORM_PLUGINS names another one. The provider is too large to be built here, and its registry is not
// what the suite should depend on.
const terraformPlugins = "/opt/tf-plugins"

// Terraform and its AWS provider, unmodified. They take a minute and a half, most of which the provider waits until it
// believes that a cluster is gone; where they are not installed, which no machine has to have, the next container still
// makes the provider's calls.
var _ = Describe("Terraform's AWS provider", Ordered, Label("terraform"), func() {
	var person laptop
	BeforeAll(func() {
		person = terraformUser()
		DeferCleanup(func() {
			client := shared.sdk("trurl")
			client.deleteCluster("planned") // and the rest only if the plan went wrong half-way
			for _, role := range []string{"planned-viewer", "planned-cluster-role"} {
				_, _ = call(client.iam, "DeleteRole", fmt.Sprintf(`{"RoleName": %q}`, role))
			}
		})
		person.must("terraform", "init", "-no-color")
	})
	apply := func(vars ...string) string {
		GinkgoHelper()
		return person.must("terraform", append([]string{"apply", "-auto-approve", "-no-color"}, vars...)...)
	}
	expectClean := func(vars ...string) {
		GinkgoHelper()
		a := person.run("terraform", append([]string{"plan", "-detailed-exitcode", "-no-color"}, vars...)...)
		Expect(a.code).To(Equal(0), a.String()) // 2 if there is something to change
	}
	changed := []string{"-var=team=b", `-var=groups=["planned-viewers","more"]`, `-var=namespaces=["kube-system"]`}

	It("applies a plan with roles, a cluster, an access entry and an access policy", func() {
		Expect(apply()).To(ContainSubstring("Apply complete! Resources: 5 added, 0 changed, 0 destroyed."))
		expectClean()
	})
	It("has given the access that was planned", func() {
		person = person.with("KUBECONFIG=" + filepath.Join(person.home, "planned"))
		person.must(anyCLI(), "eks", "update-kubeconfig", "--name", "planned", "--role-arn", "arn:aws:iam::111122223333:role/planned-viewer")
		person.expectCanI("default", "yes\n")
		person.expectCanI("kube-system", "no\n")
	})
	It("changes all that it may change in place", func() {
		Expect(apply(changed...)).To(ContainSubstring("Apply complete! Resources: 1 added, 2 changed, 1 destroyed."))
		expectClean(changed...)
		person.expectCanI("default", "no\n")
		person.expectCanI("kube-system", "yes\n")
	})
	It("destroys it all", func() {
		out := person.must("terraform", append([]string{"destroy", "-auto-approve", "-no-color"}, changed...)...)
		Expect(out).To(ContainSubstring("Destroy complete! Resources: 5 destroyed."))
		Expect(person.must(anyCLI(), "eks", "list-clusters")).To(MatchJSON(`{"clusters": ["my-cluster"]}`))
	})
})

// terraformUser is trurl with Terraform and a folder that has the plan. Without Terraform the spec is skipped.
func terraformUser() laptop {
	GinkgoHelper()
	plugins := terraformPlugins
	if set := os.Getenv("EKSEMU_E2E_TERRAFORM_PLUGINS"); set != "" {
		plugins = set
	}
	person := shared.guest().withEksemu("--as", "trurl")
	person.installKubectl()
	if !slices.ContainsFunc(filepath.SplitList(person.path()), func(dir string) bool { return isExecutable(filepath.Join(dir, "terraform")) }) {
		missing("terraform", true)
	}
	if found, _ := filepath.Glob(filepath.Join(plugins, "registry.terraform.io/hashicorp/aws/*")); len(found) == 0 {
		missing("Terraform's provider hashicorp/aws, in "+plugins+" or where EKSEMU_E2E_TERRAFORM_PLUGINS says,", true)
	}
	plan, err := os.ReadFile(manifest("terraform/main.tf"))
	Expect(err).NotTo(HaveOccurred())
	person.write("main.tf", string(plan))
	mirror := person.write("terraform.rc", fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", plugins))
	return person.with("TF_CLI_CONFIG_FILE="+mirror, "CHECKPOINT_DISABLE=1")
}

// expectCanI waits until kubectl is answered as wanted in a namespace.
func (l laptop) expectCanI(namespace, want string) {
	GinkgoHelper()
	Eventually(func() string {
		return l.run("kubectl", "auth", "can-i", "get", "pods", "--namespace", namespace).out
	}, "10s").Should(Equal(want), namespace)
}

// The calls that hashicorp/aws 5.100.0 makes for testdata/terraform/main.tf, as an environment's trace had them on
// 2026-11-27: apply, plan, apply with changes, destroy.
var _ = Describe("the calls of Terraform's AWS provider", Ordered, func() {
	const (
		viewer = "arn:aws:iam::111122223333:role/planned-viewer"
		trust  = `{\"Statement\":[{\"Action\":\"sts:AssumeRole\",\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"eks.amazonaws.com\"}}],\"Version\":\"2012-10-17\"}`
	)
	var (
		client            sdk
		onIAM, onEKS      *play
		clusterRole, none = "planned-cluster-role", ""
	)
	BeforeAll(func() {
		client = shared.sdk("trurl")
		onIAM, onEKS = newPlay(client.iam), newPlay(client.eks)
		DeferCleanup(func() { client.deleteCluster("planned") })
	})
	of := func(role string) string { return fmt.Sprintf(`{"RoleName": %q}`, role) }
	readRole := func(role string) []step {
		return []step{
			{"GetRole", of(role), `{"Role": {"RoleName": "` + role + `", "MaxSessionDuration": 3600}}`, none},
			{"ListRolePolicies", of(role), `{"PolicyNames": [], "IsTruncated": false}`, none},
			{"ListAttachedRolePolicies", of(role), `{"AttachedPolicies": [], "IsTruncated": false}`, none},
		}
	}
	readEntry := func(groups, namespaces string) []step {
		return []step{
			{"DescribeAccessEntry", entryInput("planned", viewer, ""), `{"AccessEntry": {"KubernetesGroups": ` + groups + `, "Type": "STANDARD"}}`, none},
			{"ListAssociatedAccessPolicies", entryInput("planned", viewer, ""), `{"AssociatedAccessPolicies": [{"AccessScope": {"Namespaces": ` + namespaces + `}}]}`, none},
		}
	}
	It("make it", func() {
		for _, role := range []string{clusterRole, "planned-viewer"} {
			onIAM.run(step{"CreateRole", fmt.Sprintf(`{"RoleName": %q, "Path": "/", "MaxSessionDuration": 3600, "AssumeRolePolicyDocument": "%s"}`, role, trust), "", none})
			onIAM.run(readRole(role)...)
		}
		create := newClusterInput("planned", `"accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": true},
			"bootstrapSelfManagedAddons": true, "tags": {"team": "a"}, "clientRequestToken": "terraform-1"`)
		onEKS.run(step{"CreateCluster", strings.Replace(create, "my-cluster-role", clusterRole, 1), `{"Cluster": {"Status": "CREATING"}}`, none})
		client.awaitCluster("planned")
		onEKS.run(step{"CreateAccessEntry", entryInput("planned", viewer, `"kubernetesGroups": ["planned-viewers"], "clientRequestToken": "terraform-2"`), "", none},
			step{"AssociateAccessPolicy", associateInput("planned", viewer, viewPolicyARN, `{"type": "namespace", "namespaces": ["default"]}`), "", none})
	})
	It("find it as it was made", func() {
		onIAM.run(readRole(clusterRole)...)
		// No member that the provider compares may come back otherwise than it was sent.
		onEKS.run(step{"DescribeCluster", `{"name": "planned"}`, `{"Cluster": {"AccessConfig": {"AuthenticationMode": "API", "BootstrapClusterCreatorAdminPermissions": null},
			"Tags": {"team": "a"}, "RoleArn": "arn:aws:iam::111122223333:role/planned-cluster-role", "UpgradePolicy": {"SupportType": "~EXTENDED|STANDARD"}}}`, none})
		onEKS.run(readEntry(`["planned-viewers"]`, `["default"]`)...)
	})
	It("change it", func() {
		policy := entryInput("planned", viewer, `"policyArn": "`+viewPolicyARN+`"`)
		onEKS.run(step{"DisassociateAccessPolicy", policy, "", none},
			step{"TagResource", `{"resourceArn": "arn:aws:eks:us-west-2:111122223333:cluster/planned", "tags": {"team": "b"}}`, "", none},
			step{"DescribeCluster", `{"name": "planned"}`, `{"Cluster": {"Tags": {"team": "b"}}}`, none},
			step{"UpdateAccessEntry", entryInput("planned", viewer, `"kubernetesGroups": ["planned-viewers", "more"]`), "", none},
			step{"AssociateAccessPolicy", associateInput("planned", viewer, viewPolicyARN, `{"type": "namespace", "namespaces": ["kube-system"]}`), "", none})
		onEKS.run(readEntry(`["planned-viewers", "more"]`, `["kube-system"]`)...)
	})
	It("destroy it", func() {
		policy := entryInput("planned", viewer, `"policyArn": "`+viewPolicyARN+`"`)
		onEKS.run(step{"DisassociateAccessPolicy", policy, "", none}, step{"DeleteAccessEntry", entryInput("planned", viewer, ""), "", none})
		onIAM.run(step{"ListInstanceProfilesForRole", of("planned-viewer"), `{"InstanceProfiles": []}`, none}, step{"DeleteRole", of("planned-viewer"), "", none})
		client.deleteCluster("planned")
		onIAM.run(step{"ListInstanceProfilesForRole", of(clusterRole), `{"InstanceProfiles": []}`, none}, step{"DeleteRole", of(clusterRole), "", none})
	})
})
