package e2e

import (
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// aroundPolicies are specs about what of Kubernetes does not see access policies, because they are no RBAC objects.
func (s *stage) aroundPolicies() {
	Describe("by access policies, which are no RBAC objects", func() {
		It("says of a policy whose rules AWS does not publish that it allows nothing here", s.unknownPolicy)
		It("is not in `kubectl auth can-i --list`", s.list)
		It("is not in the cluster's RBAC", s.noObjects)
		It("is not taken along into impersonation, nor forged by it", s.impersonation)
		It("does not let anybody hand out rights by RBAC, unless the policy has escalate and bind", s.escalation)
	})
}

func (s *stage) list(ctx SpecContext) {
	my := s.trurl.cluster(ctx, "my-cluster")
	viewer := s.trurl.makeRole(ctx, "/", "lister")
	s.trurl.makeEntry(ctx, my.name, viewer)
	s.trurl.associate(ctx, my.name, viewer, "AmazonEKSViewPolicy")
	Eventually(my.ask(ctx, viewer, getPods), soon).Should(Equal(granted))
	a := my.kubectl(s.person, viewer, "auth", "can-i", "get", "pods")
	Expect(a.out).To(Equal("yes\n"), a.String())
	a = my.kubectl(s.person, viewer, "auth", "can-i", "--list")
	Expect(a.code).To(Equal(0), a.String())
	Expect(a.out).To(ContainSubstring("selfsubjectaccessreviews.authorization.k8s.io"))
	Expect(a.out).NotTo(ContainSubstring("pods"))
	Expect(a.err).To(ContainSubstring("webhook authorizer does not support user rule resolution"))
	a = my.kubectl(s.person, viewer, "get", "pods")
	Expect(a.err).To(Equal("No resources found in default namespace.\n"), a.String())
	a = my.kubectl(s.person, viewer, "get", "secrets")
	Expect(a.err).To(Equal(`Error from server (Forbidden): secrets is forbidden: User "arn:aws:sts::111122223333:assumed-role/lister/spec" `+
		`cannot list resource "secrets" in API group "" in the namespace "default"`+"\n"), a.String())
}

func (s *stage) noObjects(ctx SpecContext) {
	my := s.trurl.cluster(ctx, "my-cluster")
	for _, kind := range []string{"clusterroles", "clusterrolebindings", "roles", "rolebindings"} {
		a := my.kubectl(s.person, s.trurl, "get", kind, "--all-namespaces", "-o", "yaml")
		Expect(a.code).To(Equal(0), a.String())
		Expect(a.out).NotTo(ContainSubstring("AmazonEKS"), kind)
		Expect(a.out).NotTo(ContainSubstring("user/trurl"), kind)
	}
}

func (s *stage) impersonation(ctx SpecContext) {
	my := s.trurl.cluster(ctx, "my-cluster")
	admin, viewer := s.trurl.makeRole(ctx, "/", "impersonator"), s.trurl.makeUser(ctx, "impersonated")
	s.trurl.makeEntry(ctx, my.name, admin)
	s.trurl.associate(ctx, my.name, admin, "AmazonEKSClusterAdminPolicy")
	s.trurl.makeEntry(ctx, my.name, viewer)
	s.trurl.associate(ctx, my.name, viewer, "AmazonEKSViewPolicy")
	Eventually(my.ask(ctx, viewer, getPods), soon).Should(Equal(granted))
	Eventually(my.ask(ctx, admin, question{Verb: "impersonate", Resource: "users"}), soon).Should(Equal(granted))

	a := my.kubectl(s.person, admin, "get", "pods", "--as", viewer.arn)
	Expect(a.err).To(ContainSubstring(`pods is forbidden: User "`+viewer.arn+`" cannot list resource "pods"`), a.String())
	s.person.expectExplanation("denied", "rbac")
	s.person.expectCause("no-rule-impersonated")
	a = my.kubectl(s.person, admin, "get", "pods", "--as", viewer.arn, "--as-group", "system:masters")
	Expect(a.code).To(Equal(0), a.String())
	a = my.kubectl(s.person, viewer, "get", "pods", "--as", "whoever")
	Expect(a.code).To(Equal(1), a.String())
	Expect(a.err).To(ContainSubstring(`User "`+viewer.arn+`" cannot impersonate`), a.String())
	s.person.expectExplanation("denied", "rbac")
	s.person.expectCause("impersonation-forbidden")

	user, err := s.trurl.iam().GetUser(ctx, &iam.GetUserInput{UserName: aws.String("impersonated")})
	Expect(err).NotTo(HaveOccurred())
	bearer := admin.token(my.name)
	for _, key := range []string{"sigs.k8s.io%2Faws-iam-authenticator%2FprincipalId", "principalId"} {
		status, code, err := my.canI(ctx, bearer, getPods, "Impersonate-User: "+viewer.arn, "Impersonate-Extra-"+key+": "+aws.ToString(user.User.UserId))
		Expect(err).NotTo(HaveOccurred())
		Expect(code).To(Equal(http.StatusCreated), "an administrator may say whom it wants to be")
		Expect(status.Allowed).To(BeFalse(), "and is not believed the principal ID %s", key)
	}
}

func (s *stage) escalation(ctx SpecContext) {
	my := s.trurl.cluster(ctx, "my-cluster")
	admin, clusterAdmin := s.trurl.makeRole(ctx, "/", "admin-by-policy"), s.trurl.makeRole(ctx, "/", "cluster-admin-by-policy")
	s.trurl.makeEntry(ctx, my.name, admin)
	s.trurl.associate(ctx, my.name, admin, "AmazonEKSAdminPolicy")
	s.trurl.makeEntry(ctx, my.name, clusterAdmin)
	s.trurl.associate(ctx, my.name, clusterAdmin, "AmazonEKSClusterAdminPolicy")
	Eventually(my.ask(ctx, admin, question{Group: "rbac.authorization.k8s.io", Verb: "create", Resource: "rolebindings", Namespace: "default"}), soon).Should(Equal(granted))
	Eventually(my.ask(ctx, clusterAdmin, question{Group: "rbac.authorization.k8s.io", Verb: "escalate", Resource: "roles", Namespace: "default"}), soon).Should(Equal(granted))

	binding := []string{"create", "rolebinding", "handed-out", "--clusterrole", "view", "--user", "whoever"}
	role := []string{"create", "role", "handed-out", "--verb", "get", "--resource", "pods"}
	for _, args := range [][]string{binding, role} {
		a := my.kubectl(s.person, admin, args...)
		Expect(a.code).To(Equal(1), a.String())
		Expect(a.err).To(And(ContainSubstring("forbidden: user "), ContainSubstring("is attempting to grant RBAC permissions not currently held")), a.String())
		s.person.expectExplanation("denied", "rbac")
		s.person.expectCause("escalation")
	}
	for _, args := range [][]string{binding, role} {
		a := my.kubectl(s.person, clusterAdmin, args...)
		Expect(a.code).To(Equal(0), a.String())
		a = my.kubectl(s.person, admin, "delete", args[1], "handed-out")
		Expect(a.code).To(Equal(0), a.String())
	}
}

func (s *stage) unknownPolicy(ctx SpecContext) {
	my := s.trurl.cluster(ctx, "my-cluster")
	holder := s.trurl.makeUser(ctx, "holder-of-what")
	s.trurl.makeEntry(ctx, my.name, holder)
	s.trurl.associate(ctx, my.name, holder, "AmazonEKSACKPolicy")
	Eventually(my.ask(ctx, holder, getPods), soon).Should(Equal(refused))
	s.person.expectExplanation("denied", "access-policy")
	words := strings.Join(strings.Fields(s.person.must("eksemu", "explain")), " ")
	Expect(words).To(ContainSubstring("AWS does not publish what AmazonEKSACKPolicy allows: it allows nothing here, and EKS may say yes"))
}
