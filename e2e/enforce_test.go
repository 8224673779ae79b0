package e2e

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// With enforceIAM, callers of the EKS and IAM APIs are refused what no policy allows them, in the words of each API
// (spec/eks.md section 3.5, "IAM denial"). What a cluster lets them do is none of IAM's business.
var _ = Describe("an environment that enforces IAM", Ordered, func() {
	var alice, trurl sdk
	var person laptop
	BeforeAll(func() {
		person = newLaptop().withSystemPrograms()
		DeferCleanup(func() { person.shutDown() })
		person.must("eksemu", "up", "--detach", "--quiet", "--config", manifest("enforced.yaml"))
		alice, trurl = person.sdk("alice"), person.sdk("trurl")
	})
	denied := func(code, action, resource, why string) refusal {
		return refusal{403, code, fmt.Sprintf("User: arn:aws:iam::111122223333:user/alice is not authorized to perform: %s on resource: %s %s", action, resource, why)}
	}
	noPolicy := func(code, action, resource string) refusal {
		return denied(code, action, resource, "because no identity-based policy allows the "+action+" action")
	}
	// allow gives alice a policy in place of what she had.
	allow := func(statements string) {
		GinkgoHelper()
		document, err := json.Marshal(`{"Version": "2012-10-17", "Statement": [` + statements + `]}`)
		Expect(err).NotTo(HaveOccurred())
		mustCall(trurl.iam, "PutUserPolicy", `{"UserName": "alice", "PolicyName": "own", "PolicyDocument": `+string(document)+`}`)
	}
	const (
		myCluster = "arn:aws:eks:us-west-2:111122223333:cluster/my-cluster"
		describe  = `{"name": "my-cluster"}`
	)
	expectRefusals := func(client any, service string, rows ...refusalRow) {
		GinkgoHelper()
		for _, row := range rows {
			_, err := call(client, row.operation, row.input)
			Expect(err).To(HaveOccurred(), row.operation)
			Expect(refusalOf(err)).To(Equal(row.want), row.operation)
			a := person.withEksemu("--as", "alice").run(anyCLI(), command(service, row.operation, row.input)...)
			Expect(a.err).To(Equal(cliRefusal(row.operation, row.want)), a.String())
		}
	}

	It("refuses who has no policy, in EKS's words", func() {
		const code = "AccessDeniedException"
		expectRefusals(alice.eks, "eks",
			refusalRow{"", "DescribeCluster", describe, noPolicy(code, "eks:DescribeCluster", myCluster)},
			refusalRow{"", "ListClusters", `{}`, noPolicy(code, "eks:ListClusters", "arn:aws:eks:us-west-2:111122223333:cluster/*")},
			refusalRow{"", "DescribeCluster", `{"name": "nope"}`, noPolicy(code, "eks:DescribeCluster", strings.TrimSuffix(myCluster, "my-cluster")+"nope")})
	})
	It("refuses who has no policy, in IAM's words", func() {
		expectRefusals(alice.iam, "iam",
			refusalRow{"", "GetUser", `{"UserName": "alice"}`, noPolicy("AccessDenied", "iam:GetUser", "user alice")},
			refusalRow{"", "CreateUser", `{"UserName": "eve"}`, noPolicy("AccessDenied", "iam:CreateUser", "arn:aws:iam::111122223333:user/eve")})
	})
	It("says why in the trace", func() {
		Expect(person.must("eksemu", "trace")).To(MatchRegexp(`iam:CreateUser 403 .* \(no identity policy of the caller allows it\)`))
	})
	It("leaves to the cluster what she may do there", func() {
		a := person.run("eksemu", "kubectl", "--context", "alice@my-cluster", "auth", "can-i", "get", "pods")
		Expect(a.out).To(Equal("yes\n"), a.String())
	})
	It("lets her do what a policy allows, from its next call on, and no more", func() {
		allow(`{"Effect": "Allow", "Action": ["eks:DescribeCluster", "iam:GetUser"], "Resource": "*"}`)
		mustCall(alice.eks, "DescribeCluster", describe)
		mustCall(alice.iam, "GetUser", `{"UserName": "alice"}`)
		shell := person.withEksemu("--as", "alice").with("KUBECONFIG=" + filepath.Join(person.home, "kubeconfig"))
		shell.must(anyCLI(), "eks", "update-kubeconfig", "--name", "my-cluster")
		_, err := call(alice.eks, "DeleteCluster", describe)
		Expect(refusalOf(err)).To(Equal(noPolicy("AccessDeniedException", "eks:DeleteCluster", myCluster)))
	})
	It("holds her to conditions", func() {
		allow(`{"Effect": "Allow", "Action": "eks:AssociateAccessPolicy", "Resource": "*", "Condition": {"StringEquals": {"eks:policyArn": "` + viewPolicyARN + `"}}}`)
		alices := "arn:aws:iam::111122223333:user/alice"
		mustCall(alice.eks, "AssociateAccessPolicy", associateInput("my-cluster", alices, viewPolicyARN, `{"type": "namespace", "namespaces": ["default"]}`))
		_, err := call(alice.eks, "AssociateAccessPolicy", associateInput("my-cluster", alices, "arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy", `{"type": "cluster"}`))
		Expect(refusalOf(err).Message).To(HaveSuffix("because no identity-based policy allows the eks:AssociateAccessPolicy action"))
	})
	It("wants iam:PassRole of who makes a cluster", func() {
		allow(`{"Effect": "Allow", "Action": "eks:*", "Resource": "*"}`)
		_, err := call(alice.eks, "CreateCluster", newClusterInput("hers", ""))
		Expect(refusalOf(err).Message).To(ContainSubstring("is not authorized to perform: iam:PassRole on resource: arn:aws:iam::111122223333:role/my-cluster-role"))
	})
	It("says what a policy denies", func() {
		allow(`{"Effect": "Allow", "Action": "*", "Resource": "*"}, {"Effect": "Deny", "Action": "eks:DescribeCluster", "Resource": "*"}`)
		_, err := call(alice.eks, "DescribeCluster", describe)
		Expect(refusalOf(err)).To(Equal(denied("AccessDeniedException", "eks:DescribeCluster", myCluster, "with an explicit deny in an identity-based policy")))
		mustCall(alice.iam, "DeleteUserPolicy", `{"UserName": "alice", "PolicyName": "own"}`)
		_, err = call(alice.eks, "ListClusters", `{}`)
		Expect(err).To(HaveOccurred(), "she took her own policy away")
		mustCall(trurl.iam, "AttachUserPolicy", `{"UserName": "alice", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}`)
		mustCall(alice.eks, "DescribeCluster", describe)
	})
})
