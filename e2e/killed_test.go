package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// What a caller of the EKS and IAM APIs was told is there survives `kill -9` in the next moment; what nobody was told is
// there as a whole or not at all.
var _ = Describe("an environment that is killed between two calls", Ordered, func() {
	var k killing
	BeforeAll(func() {
		k.person = newLaptop().withSystemPrograms()
		DeferCleanup(func() { k.person.shutDown() })
		k.up()
	})
	It("has the user, key, entry and policy that were made just before", func(ctx context.Context) {
		made := mustCall(k.iam, "CreateUser", `{"UserName": "klapaucius"}`)
		key := mustCall(k.iam, "CreateAccessKey", `{"UserName": "klapaucius"}`)["AccessKey"].(map[string]any)
		user := "arn:aws:iam::111122223333:user/klapaucius"
		mustCall(k.eks, "CreateAccessEntry", entryInput("my-cluster", user, `"kubernetesGroups": ["viewers"], "username": "k"`))
		mustCall(k.eks, "AssociateAccessPolicy", associateInput("my-cluster", user, viewPolicyARN, `{"type": "cluster"}`))
		k.killAndUp()
		after := mustCall(k.iam, "GetUser", `{"UserName": "klapaucius"}`)
		Expect(after["User"].(map[string]any)["UserId"]).To(Equal(made["User"].(map[string]any)["UserId"]))
		own := k.config.Copy()
		own.Credentials = credentials.NewStaticCredentialsProvider(key["AccessKeyId"].(string), key["SecretAccessKey"].(string), "")
		whoami, err := sts.NewFromConfig(own).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		Expect(err).NotTo(HaveOccurred())
		Expect(aws.ToString(whoami.Arn)).To(Equal(user))
		newPlay(k.eks).run(
			step{"DescribeAccessEntry", entryInput("my-cluster", user, ""), `{"AccessEntry": {"Username": "k", "KubernetesGroups": ["viewers"]}}`, ""},
			step{"ListAssociatedAccessPolicies", entryInput("my-cluster", user, ""), `{"AssociatedAccessPolicies": [{"PolicyArn": "` + viewPolicyARN + `"}]}`, ""})
	})
	It("goes on to make the cluster whose making was begun", func() {
		k.person.withEksemu("--as", "trurl").must(anyCLI(), "eks", "create-cluster", "--name", "begun", "--role-arn", "arn:aws:iam::111122223333:role/my-cluster-role",
			"--resources-vpc-config", "subnetIds=subnet-0123456789abcdef0,subnet-0123456789abcdef1")
		k.killAndUp()
		k.awaitCluster("begun")
		mustCall(k.eks, "UpdateClusterConfig", `{"name": "begun", "accessConfig": {"authenticationMode": "API_AND_CONFIG_MAP"}}`)
	})
	It("has the mode that was set just before, and the update that set it has ended", func() {
		mustCall(k.eks, "UpdateClusterConfig", `{"name": "my-cluster", "accessConfig": {"authenticationMode": "API"}}`)
		k.killAndUp()
		p := newPlay(k.eks)
		p.run(
			step{"DescribeCluster", `{"name": "my-cluster"}`, `{"Cluster": {"Status": "ACTIVE", "AccessConfig": {"AuthenticationMode": "API"}}}`, ""},
			step{"ListUpdates", `{"name": "my-cluster"}`, `{"UpdateIds": ["$update"]}`, ""},
			step{"DescribeUpdate", `{"name": "my-cluster", "updateId": "$update"}`, `{"Update": {"Status": "Successful"}}`, ""},
			step{"ListAccessEntries", `{"clusterName": "begun"}`, `{"AccessEntries": ["~.*AWSServiceRoleForAmazonEKS", "` + creatorARN + `"]}`, ""})
		a := k.person.run("eksemu", "kubectl", "--context", "alice@my-cluster", "get", "pods")
		Expect(a.err).To(ContainSubstring("must be logged in"), "aws-auth does not count any more")
	})
	It("has every user whose maker was told so, and at most the one that was being made", func(ctx context.Context) {
		told := k.makeUntilKilled(ctx)
		Expect(told).NotTo(BeEmpty())
		k.up()
		var there []string
		users := iam.NewListUsersPaginator(k.iam, &iam.ListUsersInput{PathPrefix: aws.String("/crowd/")})
		there = pages(ctx, users.HasMorePages, users.NextPage, func(o *iam.ListUsersOutput) []string {
			var names []string
			for _, user := range o.Users {
				names = append(names, aws.ToString(user.UserName))
			}
			return names
		})
		Expect(there).To(Or(Equal(told), Equal(append(told, crowdName(len(told))))))
	})
	It("stays as it is when it is stopped and started", func() {
		before := k.everything()
		k.person.must("eksemu", "down", "--keep-state")
		k.up()
		Expect(k.everything()).To(Equal(before))
	})
	It("does not bring back a cluster whose deletion was begun", func() {
		dir := filepath.Join(k.person.status().StateDir, "clusters", "begun")
		Expect(dir).To(BeADirectory())
		k.person.withEksemu("--as", "trurl").must(anyCLI(), "eks", "delete-cluster", "--name", "begun")
		k.killAndUp()
		k.deleteCluster("begun") // waits, too, if it is not gone yet
		Expect(dir).NotTo(BeADirectory())
		newPlay(k.eks).run(step{"ListClusters", `{}`, `{"Clusters": ["my-cluster"]}`, ""})
	})
	It("does not bring back the configured cluster either, and makes another one of its name", func() {
		mustCall(k.eks, "DeleteCluster", `{"name": "my-cluster"}`)
		k.killAndUp()
		newPlay(k.eks).run(step{"ListClusters", `{}`, `{"Clusters": []}`, ""})
		mustCall(k.eks, "CreateCluster", newClusterInput("my-cluster", ""))
		k.awaitCluster("my-cluster")
		Eventually(func() string { // a moment after it is ACTIVE
			return k.person.run("eksemu", "kubectl", "auth", "can-i", "get", "pods").out
		}).Should(Equal("yes\n"))
	})
})

// killing is an environment that is killed again and again.
type killing struct {
	person laptop
	sdk    // trurl's, since the last start
}

func (k *killing) up() {
	GinkgoHelper()
	k.person.must("eksemu", "up", "--detach", "--quiet")
	k.sdk = k.person.sdk("trurl")
}

func (k *killing) kill() {
	GinkgoHelper()
	Expect(syscall.Kill(k.pid(), syscall.SIGKILL)).To(Succeed())
}

// pid is that of the environment's process.
func (k *killing) pid() int {
	GinkgoHelper()
	raw, err := os.ReadFile(filepath.Join(k.person.stateHome, "eksemu", "default", "runtime.json"))
	Expect(err).NotTo(HaveOccurred())
	var runtime struct{ PID int }
	Expect(json.Unmarshal(raw, &runtime)).To(Succeed())
	Expect(runtime.PID).To(BeNumerically(">", 1))
	return runtime.PID
}

func (k *killing) killAndUp() {
	GinkgoHelper()
	k.kill()
	Eventually(k.person.processes).Should(BeEmpty())
	k.up()
}

// crowdName is the name of a user of makeUntilKilled. Names are in the order of their numbers.
func crowdName(n int) string { return fmt.Sprintf("user-%06d", n) }

// makeUntilKilled makes users, kills the environment in the middle, and returns the users that it was told of.
func (k *killing) makeUntilKilled(ctx context.Context) []string {
	GinkgoHelper()
	pid := k.pid()
	var told []string
	for {
		name := crowdName(len(told))
		if len(told) == 20 { // somewhere in the next call, or after it
			go func() { _ = syscall.Kill(pid, syscall.SIGKILL) }()
		}
		if _, err := k.iam.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String(name), Path: aws.String("/crowd/")}); err != nil {
			break
		}
		told = append(told, name)
	}
	Eventually(k.person.processes).Should(BeEmpty())
	return told
}

// everything is what the APIs tell of what they hold.
func (k *killing) everything() string {
	GinkgoHelper()
	var all []answers
	for _, ask := range [][2]string{
		{"DescribeCluster", `{"name": "my-cluster"}`}, {"DescribeCluster", `{"name": "begun"}`},
		{"ListAccessEntries", `{"clusterName": "my-cluster"}`}, {"ListAccessEntries", `{"clusterName": "begun"}`},
		{"DescribeAccessEntry", entryInput("my-cluster", creatorARN, "")}, {"ListAssociatedAccessPolicies", entryInput("my-cluster", creatorARN, "")},
	} {
		all = append(all, mustCall(k.eks, ask[0], ask[1]))
	}
	for _, operation := range []string{"ListUsers", "ListRoles", "ListPolicies", "ListOpenIDConnectProviders"} {
		all = append(all, mustCall(k.iam, operation, `{}`))
	}
	for _, one := range all {
		delete(one, "ResultMetadata")
	}
	raw, err := json.MarshalIndent(all, "", " ")
	Expect(err).NotTo(HaveOccurred())
	return string(raw)
}
