package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
)

const nodeRole = "arn:aws:iam::111122223333:role/my-node-role"

// principals are specs about who it is that an access entry is for.
func (s *stage) principals() {
	Describe("by principals of IAM", func() {
		It("is lost by a role that is deleted and made again: the entry has the old ID, aws-auth has the ARN", s.roleMadeAgain)
		It("is lost at once by a user who is deleted, or whose key is", s.keysEnd)
		It("is there for principals of another account", s.otherAccount)
		It("takes an entry for a root user, beside which others go on", s.rootUser)
		It("makes an instance with the type EC2_LINUX a node", s.ec2Linux)
		It("names a role without its path, and knows it by the entry that has it", s.roleWithPath)
		It("takes an entry's username and groups, with the session's name in them", s.templates)
	})
}

// mapRoles puts roles into aws-auth as the user "mapped" of a group. Nothing else in this environment does.
func (s *stage) mapRoles(ctx context.Context, t target, group string, roles ...actor) {
	GinkgoHelper()
	var lines []map[string]any
	for _, role := range roles {
		lines = append(lines, map[string]any{"rolearn": role.arn, "username": "mapped", "groups": []string{group}})
	}
	raw, err := json.Marshal(lines)
	Expect(err).NotTo(HaveOccurred())
	s.apply(ctx, t, "/api/v1/namespaces/kube-system/configmaps/aws-auth", map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "aws-auth", "namespace": "kube-system"},
		"data": map[string]string{"mapRoles": string(raw)},
	})
}

// apply applies an object as the creator of the cluster.
func (s *stage) apply(ctx context.Context, t target, path string, object map[string]any) {
	GinkgoHelper()
	code, err := t.call(ctx, http.MethodPatch, path+"?fieldManager=e2e&force=true", s.trurl.token(t.name), object, nil, "Content-Type: application/apply-patch+yaml")
	Expect(err).NotTo(HaveOccurred())
	Expect(code).To(Or(Equal(http.StatusOK), Equal(http.StatusCreated)))
}

func (s *stage) roleMadeAgain(ctx SpecContext) {
	my := s.trurl.cluster(ctx, "my-cluster")
	byEntry, byARN := s.trurl.makeRole(ctx, "/", "by-entry"), s.trurl.makeRole(ctx, "/", "by-arn")
	s.trurl.makeEntry(ctx, my.name, byEntry)
	s.trurl.associate(ctx, my.name, byEntry, "AmazonEKSViewPolicy")
	s.mapRoles(ctx, my, "nobody-knows", byARN)
	Eventually(my.ask(ctx, byEntry, getPods), soon).Should(Equal(granted))
	Eventually(my.ask(ctx, byARN, getPods), soon).Should(Equal(refused))

	for _, name := range []string{"by-entry", "by-arn"} {
		_, err := s.trurl.iam().DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &name})
		Expect(err).NotTo(HaveOccurred())
	}
	Eventually(my.ask(ctx, byEntry, getPods), soon).Should(Equal(unknown), "a session of a role that is gone")
	Eventually(my.ask(ctx, byARN, getPods), soon).Should(Equal(unknown), "a session of a role that is gone")

	newByEntry, newByARN := s.trurl.makeRole(ctx, "/", "by-entry"), s.trurl.makeRole(ctx, "/", "by-arn")
	Eventually(my.ask(ctx, newByARN, getPods), soon).Should(Equal(refused))
	Consistently(my.ask(ctx, newByEntry, getPods), "200ms").Should(Equal(unknown))
	s.person.expectExplanation("unauthorized", "mapper")
	s.person.expectCause("principal-recreated")
	entry, err := s.trurl.eks().DescribeAccessEntry(ctx, &eks.DescribeAccessEntryInput{ClusterName: &my.name, PrincipalArn: &byEntry.arn})
	Expect(err).NotTo(HaveOccurred(), "the entry stays")
	Expect(aws.ToString(entry.AccessEntry.PrincipalArn)).To(Equal(newByEntry.arn))

	_, err = s.trurl.eks().DeleteAccessEntry(ctx, &eks.DeleteAccessEntryInput{ClusterName: &my.name, PrincipalArn: &byEntry.arn})
	Expect(err).NotTo(HaveOccurred())
	s.trurl.makeEntry(ctx, my.name, newByEntry)
	Eventually(my.ask(ctx, newByEntry, getPods), soon).Should(Equal(refused), "the policies went with the entry")
	s.trurl.associate(ctx, my.name, newByEntry, "AmazonEKSViewPolicy")
	Eventually(my.ask(ctx, newByEntry, getPods), soon).Should(Equal(granted))
}

func (s *stage) keysEnd(ctx SpecContext) {
	my := s.trurl.cluster(ctx, "my-cluster")
	user := s.trurl.makeUser(ctx, "keyed")
	s.trurl.makeEntry(ctx, my.name, user)
	credentials, err := user.aws.Credentials.Retrieve(ctx)
	Expect(err).NotTo(HaveOccurred())
	Eventually(my.ask(ctx, user, getPods), soon).Should(Equal(refused))
	for _, status := range []iamtypes.StatusType{iamtypes.StatusTypeInactive, iamtypes.StatusTypeActive} {
		want := map[iamtypes.StatusType]string{iamtypes.StatusTypeInactive: unknown, iamtypes.StatusTypeActive: refused}[status]
		_, err := s.trurl.iam().UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{UserName: aws.String("keyed"), AccessKeyId: &credentials.AccessKeyID, Status: status})
		Expect(err).NotTo(HaveOccurred())
		Eventually(my.ask(ctx, user, getPods), soon).Should(Equal(want), "a key that is %s", status)
	}
	_, err = s.trurl.iam().DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: aws.String("keyed"), AccessKeyId: &credentials.AccessKeyID})
	Expect(err).NotTo(HaveOccurred())
	Eventually(my.ask(ctx, user, getPods), soon).Should(Equal(unknown), "a key that is gone")
}

func (s *stage) otherAccount(ctx SpecContext) {
	my := s.trurl.cluster(ctx, "my-cluster")
	guest := s.person.actor("guest")
	role := guest.makeRole(ctx, "/", "visitor")
	Expect(role.arn).To(Equal("arn:aws:iam::444455556666:role/visitor"))
	for _, a := range []actor{guest, role} {
		Expect(my.ask(ctx, a, getPods)()).To(Equal(unknown))
		s.trurl.makeEntry(ctx, my.name, a)
		s.trurl.associate(ctx, my.name, a, "AmazonEKSViewPolicy", "default")
		Eventually(my.ask(ctx, a, getPods), soon).Should(Equal(granted))
	}
	s.expectUser(ctx, my, guest, "arn:aws:iam::444455556666:user/guest")
	s.expectUser(ctx, my, role, "arn:aws:sts::444455556666:assumed-role/visitor/spec")
	_, err := guest.eks().DescribeCluster(ctx, &eks.DescribeClusterInput{Name: &my.name})
	Expect(err).To(MatchError(ContainSubstring("No cluster found for name: my-cluster.")), "of the guest's own account")
}

// expectUser checks who the API server takes somebody for. Everybody is in system:authenticated.
func (s *stage) expectUser(ctx context.Context, t target, a actor, username string, groups ...string) {
	GinkgoHelper()
	Eventually(func() (authenticationv1.UserInfo, error) {
		user, _, err := t.whoami(ctx, a.token(t.name))
		return user, err
	}, soon).Should(And(
		HaveField("Username", username),
		HaveField("Groups", ConsistOf(append(groups, "system:authenticated"))),
	), a.arn)
}

func (s *stage) rootUser(ctx SpecContext) {
	my := s.trurl.cluster(ctx, "my-cluster")
	beside := s.trurl.makeUser(ctx, "beside-root")
	s.trurl.makeEntry(ctx, my.name, beside)
	for _, account := range []string{"111122223333", "444455556666"} {
		root := actor{arn: "arn:aws:iam::" + account + ":root"}
		s.trurl.makeEntry(ctx, my.name, root)
		s.trurl.associate(ctx, my.name, root, "AmazonEKSClusterAdminPolicy")
	}
	s.trurl.associate(ctx, my.name, beside, "AmazonEKSViewPolicy")
	Eventually(my.ask(ctx, beside, getPods), soon).Should(Equal(granted))
	Expect(my.ask(ctx, s.person.actor("klapaucius"), getPods)()).To(Equal(unknown), "a user of the account is not its root user")
}

func (s *stage) ec2Linux(ctx SpecContext) {
	my := s.trurl.cluster(ctx, "my-cluster")
	node := s.person.with("KUBECONFIG=" + s.person.kubeconfigOf("i-0123456789abcdef0"))
	Expect(node.run("kubectl", "auth", "whoami").err).To(ContainSubstring("Unauthorized"))
	made, err := s.trurl.eks().CreateAccessEntry(ctx, &eks.CreateAccessEntryInput{ClusterName: &my.name, PrincipalArn: aws.String(nodeRole), Type: aws.String("EC2_LINUX")})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func(ctx context.Context) {
		_, err := s.trurl.eks().DeleteAccessEntry(ctx, &eks.DeleteAccessEntryInput{ClusterName: &my.name, PrincipalArn: aws.String(nodeRole)})
		Expect(err).NotTo(HaveOccurred())
	})
	Expect(made.AccessEntry).To(And(
		HaveField("Username", HaveValue(Equal("system:node:{{EC2PrivateDNSName}}"))), HaveField("KubernetesGroups", Equal([]string{"system:nodes"})),
	))
	var review authenticationv1.SelfSubjectReview
	Eventually(func() error {
		return json.Unmarshal([]byte(node.run("kubectl", "auth", "whoami", "-o", "json").out), &review)
	}, soon).Should(Succeed())
	Expect(review.Status.UserInfo.Username).To(Equal("system:node:ip-192-168-12-34.us-west-2.compute.internal"))
	Expect(review.Status.UserInfo.Groups).To(ConsistOf("system:nodes", "system:authenticated"))
	Expect(node.must("kubectl", "auth", "can-i", "create", "nodes")).To(Equal("yes\n"), "the Node authorizer's")
	Expect(node.run("kubectl", "auth", "can-i", "create", "deployments").out).To(Equal("no\n"))
}

func (s *stage) roleWithPath(ctx SpecContext) {
	my := s.trurl.cluster(ctx, "my-cluster")
	role := s.trurl.makeRole(ctx, "/aws-reserved/sso.amazonaws.com/us-west-2/", "AWSReservedSSO_Admin_0123456789abcdef")
	Expect(role.arn).To(ContainSubstring(":role/aws-reserved/sso.amazonaws.com/us-west-2/AWSReservedSSO_"))
	short := actor{arn: "arn:aws:iam::111122223333:role/AWSReservedSSO_Admin_0123456789abcdef"}
	_, err := s.trurl.eks().CreateAccessEntry(ctx, &eks.CreateAccessEntryInput{ClusterName: &my.name, PrincipalArn: &short.arn})
	Expect(err).To(MatchError(ContainSubstring("The specified principalArn is invalid: invalid principal.")))
	s.trurl.makeEntry(ctx, my.name, role)
	s.expectUser(ctx, my, role, "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/spec")
	s.trurl.associate(ctx, my.name, role, "AmazonEKSClusterAdminPolicy")
	Eventually(my.ask(ctx, role, question{Verb: "delete", Resource: "nodes"}), soon).Should(Equal(granted))
}

func (s *stage) templates(ctx SpecContext) {
	my := s.trurl.cluster(ctx, "my-cluster")
	role := s.trurl.makeRole(ctx, "/", "templated")
	s.trurl.makeEntry(ctx, my.name, role)
	for username, want := range map[string]string{"admin:{{SessionName}}": "admin:spec", "acct-{{AccountID}}": "acct-111122223333", "plain": "plain"} {
		_, err := s.trurl.eks().UpdateAccessEntry(ctx, &eks.UpdateAccessEntryInput{
			ClusterName: &my.name, PrincipalArn: &role.arn, Username: &username, KubernetesGroups: []string{"readers", "team-" + strings.ToLower(want[:1])},
		})
		Expect(err).NotTo(HaveOccurred())
		s.expectUser(ctx, my, role, want, "readers", "team-"+strings.ToLower(want[:1]))
	}
}

// expectCause checks the cause of the last answer by `eksemu explain`.
func (l laptop) expectCause(cause string) {
	GinkgoHelper()
	var verdicts []verdict
	Expect(json.Unmarshal([]byte(l.must("eksemu", "explain", "-o", "json")), &verdicts)).To(Succeed())
	Expect(verdicts).To(HaveLen(1))
	Expect(verdicts[0].Cause).To(Equal(cause), fmt.Sprintf("%+v", verdicts[0]))
}
