package e2e

import (
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// What the EKS API refuses about clusters, authentication modes, access entries and access policies, in AWS's words
// (spec/eks.md section 3.5; [M] is measured on AWS). Each is asked for with the SDK, which shows the status, and one
// of each sort with the aws CLI, whose output is compared to the last character.
var _ = Describe("the EKS API refuses, to clients that know AWS", Ordered, ContinueOnFailure, func() {
	var (
		client sdk
		person laptop
		cli    string
	)
	BeforeAll(func() {
		person = shared.guest().withEksemu("--as", "trurl")
		client = shared.sdk("trurl")
		mustCall(client.eks, "CreateCluster", newClusterInput("before-entries", `"accessConfig": {"authenticationMode": "CONFIG_MAP"}`))
		DeferCleanup(func() { client.deleteCluster("before-entries") })
		client.awaitCluster("before-entries")
		mustCall(client.eks, "CreateAccessEntry", `{"clusterName": "my-cluster", "principalArn": "`+nodeRoleARN+`", "type": "EC2_LINUX"}`)
		DeferCleanup(func() {
			mustCall(client.eks, "DeleteAccessEntry", `{"clusterName": "my-cluster", "principalArn": "`+nodeRoleARN+`"}`)
		})
	})
	typed := map[string]bool{}
	for _, row := range refusalRows() {
		It(fmt.Sprintf("%s %s: %s", row.operation, row.name, row.want.Message), func() {
			_, err := call(client.eks, row.operation, row.input)
			Expect(err).To(HaveOccurred(), "%s %s", row.operation, row.input)
			Expect(refusalOf(err)).To(Equal(row.want))
		})
		if sort := row.sort(); !typed[sort] {
			typed[sort] = true
			It(sort+", with the aws CLI", func() {
				if cli == "" {
					cli = entriesCLI()
				}
				a := person.run(cli, command("eks", row.operation, row.input)...)
				Expect(a.err).To(Equal(cliRefusal(row.operation, row.want)), a.String())
				Expect(a.out).To(BeEmpty(), a.String())
			})
		}
	}
	It("lets a username begin with sts: [M]", func() {
		_, err := call(client.eks, "CreateAccessEntry", entryInput("nope", masterRoleARN, `"username": "sts:me", "kubernetesGroups": ["sts:us"]`))
		Expect(refusalOf(err)).To(Equal(noCluster("nope")), "the name is not refused, but the cluster")
	})
})

// Principals of the built-in environment.
const (
	strangerARN   = "arn:aws:iam::111122223333:user/mallory"
	creatorARN    = "arn:aws:iam::111122223333:user/trurl"
	masterRoleARN = "arn:aws:iam::111122223333:role/some-other-role"
	nodeRoleARN   = "arn:aws:iam::111122223333:role/my-node-role"
)

// newClusterInput is the input of CreateCluster, with further members.
func newClusterInput(name, more string) string {
	if more != "" {
		more = ", " + more
	}
	return fmt.Sprintf(`{"name": %q, "roleArn": "arn:aws:iam::111122223333:role/my-cluster-role",
		"resourcesVpcConfig": {"subnetIds": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]}%s}`, name, more)
}

// entryInput is the input of CreateAccessEntry, with further members.
func entryInput(cluster, principal, more string) string {
	if more != "" {
		more = ", " + more
	}
	return fmt.Sprintf(`{"clusterName": %q, "principalArn": %q%s}`, cluster, principal, more)
}

// associateInput is the input of AssociateAccessPolicy.
func associateInput(cluster, principal, policy, scope string) string {
	return fmt.Sprintf(`{"clusterName": %q, "principalArn": %q, "policyArn": %q, "accessScope": %s}`, cluster, principal, policy, scope)
}

// awaitCluster waits until a cluster can be used.
func (s sdk) awaitCluster(name string) {
	GinkgoHelper()
	Eventually(func() any {
		cluster, _ := mustCall(s.eks, "DescribeCluster", fmt.Sprintf(`{"name": %q}`, name))["Cluster"].(map[string]any)
		return cluster["Status"]
	}).Should(Equal("ACTIVE"))
}

// deleteCluster deletes a cluster, if it is there, and waits until it is gone.
func (s sdk) deleteCluster(name string) {
	GinkgoHelper()
	_, err := call(s.eks, "DeleteCluster", fmt.Sprintf(`{"name": %q}`, name))
	if err != nil {
		Expect(refusalOf(err)).To(Equal(noCluster(name)))
	}
	Eventually(func() error {
		_, err := call(s.eks, "DescribeCluster", fmt.Sprintf(`{"name": %q}`, name))
		return err
	}).Should(MatchError(ContainSubstring("No cluster found")))
}

// refusalRow is a row of spec/eks.md section 3.5, or of sections 3.1 and 3.3.
type refusalRow struct {
	name, operation, input string
	want                   refusal
}

// sort is what rows have in common that differ in values alone: for what was measured it is what is refused, for the rest
// the operation.
func (r refusalRow) sort() string {
	if strings.HasSuffix(r.name, "[M]") {
		return r.operation + " " + r.name
	}
	return r.operation
}

func invalid(format string, args ...any) refusal {
	return refusal{400, "InvalidParameterException", fmt.Sprintf(format, args...)}
}

func notFound(message string) refusal { return refusal{404, "ResourceNotFoundException", message} }

func noCluster(name string) refusal { return notFound("No cluster found for name: " + name + ".") }

func refusalRows() []refusalRow {
	rows := append(earlyRefusals(), clusterRefusals()...)
	rows = append(rows, modeRefusals()...)
	rows = append(rows, entryRefusals()...)
	return append(rows, policyRefusals()...)
}

// earlyRefusals come before the cluster is looked up [M]: there is none.
func earlyRefusals() []refusalRow {
	const (
		serviceLinked = "The caller is not allowed to modify access entries with a principalArn value of a Service Linked Role"
		nodes         = "[EC2_LINUX, EC2_WINDOWS, FARGATE_LINUX, HYBRID_LINUX, EC2]"
		slr           = "role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS"
	)
	rows := []refusalRow{
		{"for a service-linked role [M]", "CreateAccessEntry", entryInput("nope", "arn:aws:iam::111122223333:"+slr, ""), invalid(serviceLinked)},
		{"for one of another account [M]", "CreateAccessEntry", entryInput("nope", "arn:aws:iam::444455556666:"+slr, ""), invalid(serviceLinked)},
		{"for one as a node [M]", "CreateAccessEntry", entryInput("nope", "arn:aws:iam::444455556666:"+slr, `"type": "EC2_LINUX"`), invalid(serviceLinked)},
		{"of no type that there is", "CreateAccessEntry", entryInput("nope", nodeRoleARN, `"type": "EC2_MACOS"`), // 2024's words, with today's types
			invalid("AccessEntry type must be one of [EC2_LINUX, EC2_WINDOWS, FARGATE_LINUX, HYBRID_LINUX, EC2, HYPERPOD_LINUX, STANDARD]")},
		{"for a session", "CreateAccessEntry", entryInput("nope", "arn:aws:sts::111122223333:assumed-role/some-other-role/me", ""),
			invalid("The principalArn parameter format is not valid")},
		{"with a name that the session chooses", "CreateAccessEntry", entryInput("nope", masterRoleARN, `"username": "{{SessionName}}"`),
			invalid("The username must have a colon before {{SessionName}}")}, // [?]: the words are ours
	}
	for _, kind := range []string{"EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "HYBRID_LINUX", "EC2"} {
		rows = append(rows,
			refusalRow{"of a node for a user [M]", "CreateAccessEntry", entryInput("nope", strangerARN, `"type": "`+kind+`"`),
				invalid("AccessEntry principalArn must be IAM role when using types " + nodes)},
			refusalRow{"of a node in another account [M]", "CreateAccessEntry", entryInput("nope", "arn:aws:iam::444455556666:role/node", `"type": "`+kind+`"`),
				invalid("AccessEntry principalArn must be from the same account as the cluster when using types " + nodes)})
	}
	for _, prefix := range []string{"system:", "eks:", "aws:", "amazon:", "iam:"} {
		rows = append(rows,
			refusalRow{"with a username [M]", "CreateAccessEntry", entryInput("nope", masterRoleARN, `"username": "`+prefix+`me"`),
				invalid("The username must not begin with %s", prefix)},
			refusalRow{"with a group [M]", "CreateAccessEntry", entryInput("nope", masterRoleARN, `"kubernetesGroups": ["viewers", "`+prefix+`masters"]`),
				invalid("The kubernetes group name %smasters is invalid, it cannot start with %[1]s", prefix)})
	}
	return rows
}

// clusterRefusals are about clusters.
func clusterRefusals() []refusalRow {
	const badName = `The parameter name contains invalid characters. It should conform to the regular expression ` +
		`"^[0-9A-Za-z][A-Za-z0-9-_]*"In other words, it should start with a number or letter, and can contain numbers, letters, dashes, and underscores.`
	create := func(more string) string { return newClusterInput("never", more) }
	return []refusalRow{
		{"an unknown one", "DescribeCluster", `{"name": "nope"}`, noCluster("nope")},
		{"an unknown one", "DeleteCluster", `{"name": "nope"}`, noCluster("nope")},
		{"of an unknown one", "UpdateClusterConfig", `{"name": "nope", "accessConfig": {"authenticationMode": "API"}}`, noCluster("nope")},
		{"of an unknown one", "ListUpdates", `{"name": "nope"}`, noCluster("nope")},
		{"in an unknown one", "CreateAccessEntry", entryInput("nope", masterRoleARN, ""), noCluster("nope")},
		{"in an unknown one", "ListAccessEntries", `{"clusterName": "nope"}`, noCluster("nope")},
		{"in an unknown one", "AssociateAccessPolicy", associateInput("nope", creatorARN, viewPolicyARN, `{"type": "cluster"}`), noCluster("nope")},
		{"a bad name", "DescribeCluster", `{"name": "-x"}`, invalid(badName)},
		{"that is there", "CreateCluster", newClusterInput("my-cluster", ""), refusal{409, "ResourceInUseException", "Cluster already exists with name: my-cluster"}},
		{"of another version [M]", "CreateCluster", create(`"version": "1.29"`), invalid("unsupported Kubernetes version 1.29")},
		{"whose creator must get in", "CreateCluster", create(`"accessConfig": {"authenticationMode": "CONFIG_MAP", "bootstrapClusterCreatorAdminPermissions": false}`),
			invalid("bootstrapClusterCreatorAdminPermissions must be true if cluster authentication mode is set to CONFIG_MAP")},
		{"with Auto Mode [M]", "CreateCluster", create(`"computeConfig": {"enabled": true}, "storageConfig": {"blockStorage": {"enabled": true}},
			"kubernetesNetworkConfig": {"elasticLoadBalancing": {"enabled": true}}`),
			invalid("When EKS Auto Mode is enabled, you must use an EKS access config authentication mode of API_AND_CONFIG_MAP or API")},
		{"with hybrid nodes [M]", "CreateCluster", create(`"remoteNetworkConfig": {"remoteNodeNetworks": [{"cidrs": ["10.80.0.0/16"]}]}`),
			invalid("AccessConfig AuthMode must be API_AND_CONFIG_MAP or API when remoteNetworkConfig is specified")},
		// Code, status and shape are those of AWS's services; the words are ours.
		{"which is not emulated", "DescribeNodegroup", `{"clusterName": "my-cluster", "nodegroupName": "a"}`, refusal{404, "UnknownOperationException",
			"eksemu does not emulate GET /clusters/my-cluster/node-groups/a of the EKS API. It answers " + knownOperations + "."}},
	}
}

// knownOperations are those of the EKS API that are emulated.
const knownOperations = "AssociateAccessPolicy, CreateAccessEntry, CreateCluster, DeleteAccessEntry, DeleteCluster, DescribeAccessEntry, " +
	"DescribeAddonVersions, DescribeCluster, DescribeClusterVersions, DescribeIdentityProviderConfig, DescribeUpdate, DisassociateAccessPolicy, " +
	"ListAccessEntries, ListAccessPolicies, ListAddons, ListAssociatedAccessPolicies, ListCapabilities, ListClusters, ListEksAnywhereSubscriptions, " +
	"ListFargateProfiles, ListIdentityProviderConfigs, ListInsights, ListNodegroups, ListPodIdentityAssociations, ListTagsForResource, ListUpdates, " +
	"TagResource, UntagResource, UpdateAccessEntry, UpdateClusterConfig, UpdateClusterVersion"

// modeRefusals are about authentication modes, which go one way, a step at a time (section 3.3).
func modeRefusals() []refusalRow {
	var rows []refusalRow
	for _, step := range []struct{ cluster, from, to string }{
		{"before-entries", "CONFIG_MAP", "API"}, {"before-entries", "CONFIG_MAP", "CONFIG_MAP"},
		{"my-cluster", "API_AND_CONFIG_MAP", "API_AND_CONFIG_MAP"}, {"my-cluster", "API_AND_CONFIG_MAP", "CONFIG_MAP"},
	} {
		rows = append(rows, refusalRow{"of the mode", "UpdateClusterConfig", fmt.Sprintf(`{"name": %q, "accessConfig": {"authenticationMode": %q}}`, step.cluster, step.to),
			invalid("Unsupported authentication mode update from %s to %s", step.from, step.to)})
	}
	only := refusal{400, "InvalidRequestException", "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation."}
	of := func(more string) string { return entryInput("before-entries", creatorARN, more) }
	for operation, input := range map[string]string{
		"CreateAccessEntry": of(""), "DescribeAccessEntry": of(""), "UpdateAccessEntry": of(""), "DeleteAccessEntry": of(""),
		"ListAccessEntries": `{"clusterName": "before-entries"}`, "ListAssociatedAccessPolicies": of(""),
		"AssociateAccessPolicy":    associateInput("before-entries", creatorARN, viewPolicyARN, `{"type": "cluster"}`),
		"DisassociateAccessPolicy": of(`"policyArn": "` + viewPolicyARN + `"`),
	} {
		rows = append(rows, refusalRow{"in mode CONFIG_MAP [M]", operation, input, only})
	}
	return rows
}
