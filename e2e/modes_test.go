package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sync/errgroup"
)

const (
	configMap       = ekstypes.AuthenticationModeConfigMap
	apiAndConfigMap = ekstypes.AuthenticationModeApiAndConfigMap
	onlyAPI         = ekstypes.AuthenticationModeApi
)

// side is clusters side by side, and who is or is not known to them.
type side struct {
	*stage
	old, entries, bare target // made in CONFIG_MAP; in API; in API without an entry for the creator

	inMap, inEntry, inBoth, inNeither actor
}

// clusters are specs about several clusters and their authentication modes. Those of the modes are in the order in which
// a cluster goes through them: there is no way back.
func (s *stage) clusters() {
	Describe("side by side", func() {
		c := &side{stage: s}
		BeforeAll(c.make)
		It("takes a token for the cluster that it is for", c.refuseForeignTokens)
		It("is nobody's where the creator declined an access entry", c.nobodyIn)
		It("ends with the cluster: its processes, its address and its contexts", c.deleteBare)
		It("depends on aws-auth alone in CONFIG_MAP", func(ctx SpecContext) { c.matrix(ctx, c.old, configMap) })
		It("has no access entries in CONFIG_MAP", c.noEntries)
		It("does not go from CONFIG_MAP to API", func(ctx SpecContext) { c.refuse(ctx, c.old, configMap, onlyAPI, configMap) })
		It("depends on access entries and then on aws-auth in API_AND_CONFIG_MAP, live", func(ctx SpecContext) {
			c.change(ctx, c.old, apiAndConfigMap)
			c.matrix(ctx, c.old, apiAndConfigMap)
		})
		It("gave the creator an access entry with the change to API_AND_CONFIG_MAP", c.creatorsEntry)
		It("does not go back from API_AND_CONFIG_MAP", func(ctx SpecContext) { c.refuse(ctx, c.old, apiAndConfigMap, configMap, apiAndConfigMap) })
		It("depends on access entries alone in API, live", func(ctx SpecContext) {
			c.change(ctx, c.old, onlyAPI)
			c.matrix(ctx, c.old, onlyAPI)
			s.person.expectCause("no-access-entry")
		})
		It("does not go back from API", func(ctx SpecContext) { c.refuse(ctx, c.old, onlyAPI, apiAndConfigMap, configMap, onlyAPI) })
		It("depends on access entries alone in a cluster made in API", func(ctx SpecContext) { c.matrix(ctx, c.entries, onlyAPI) })
		It("ends for the creator, too, with the access entry", c.withoutCreator)
	})
}

// make makes the clusters and principals.
func (c *side) make(ctx SpecContext) {
	var group errgroup.Group
	for _, cluster := range []struct {
		name      string
		mode      ekstypes.AuthenticationMode
		bootstrap bool
		into      *target
	}{{"old", configMap, true, &c.old}, {"entries", onlyAPI, true, &c.entries}, {"bare", onlyAPI, false, &c.bare}} {
		group.Go(func() error {
			defer GinkgoRecover()
			*cluster.into = c.trurl.makeCluster(ctx, cluster.name, &ekstypes.CreateAccessConfigRequest{
				AuthenticationMode: cluster.mode, BootstrapClusterCreatorAdminPermissions: &cluster.bootstrap,
			})
			return nil
		})
	}
	Expect(group.Wait()).To(Succeed())
	c.inMap, c.inEntry = c.trurl.makeRole(ctx, "/", "in-map"), c.trurl.makeRole(ctx, "/", "in-entry")
	c.inBoth, c.inNeither = c.trurl.makeRole(ctx, "/", "in-both"), c.trurl.makeUser(ctx, "in-neither")
	for _, t := range []target{c.old, c.entries} {
		c.mapRoles(ctx, t, "readers", c.inMap, c.inBoth)
		c.apply(ctx, t, "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings/readers", map[string]any{
			"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": map[string]any{"name": "readers"},
			"roleRef":  map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
			"subjects": []any{map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "readers"}},
		})
	}
}

// makeCluster makes a cluster, waits until it can be used, and deletes it at the end of the spec or container.
func (a actor) makeCluster(ctx context.Context, name string, access *ekstypes.CreateAccessConfigRequest) target {
	GinkgoHelper()
	_, err := a.eks().CreateCluster(ctx, &eks.CreateClusterInput{
		Name: &name, RoleArn: aws.String("arn:aws:iam::111122223333:role/my-cluster-role"), AccessConfig: access,
		ResourcesVpcConfig: &ekstypes.VpcConfigRequest{SubnetIds: []string{"subnet-0123456789abcdef0", "subnet-0123456789abcdef1"}},
	})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func(ctx context.Context) {
		_, _ = a.eks().DeleteCluster(ctx, &eks.DeleteClusterInput{Name: &name}) // a spec may have
	})
	active, err := eks.NewClusterActiveWaiter(a.eks()).WaitForOutput(ctx, &eks.DescribeClusterInput{Name: &name}, time.Minute,
		func(o *eks.ClusterActiveWaiterOptions) {
			o.MinDelay, o.MaxDelay = 100*time.Millisecond, 300*time.Millisecond
		})
	Expect(err).NotTo(HaveOccurred())
	return targetOf(active.Cluster)
}

// matrix asks everybody, of whom some have an access entry as soon as there can be one.
func (c *side) matrix(ctx SpecContext, t target, mode ekstypes.AuthenticationMode) {
	c.expectMode(ctx, t, mode)
	if mode != configMap {
		c.makeEntries(ctx, t)
	}
	mapped := func(a actor) {
		c.expectUser(ctx, t, a, "mapped", "readers")
		Expect(t.ask(ctx, a, getPods)()).To(Equal(granted), "by RBAC, as aws-auth has the group")
	}
	nobody := func(a actor) { Eventually(t.ask(ctx, a, getPods), soon).Should(Equal(unknown), a.arn) }
	entered := func(a actor, want, name string) {
		c.expectUser(ctx, t, a, "arn:aws:sts::111122223333:assumed-role/"+name+"/spec", "guests")
		Expect(t.ask(ctx, a, getPods)()).To(Equal(want), a.arn)
	}
	if mode == configMap {
		c.expectUser(ctx, t, c.trurl, "kubernetes-admin", "system:masters")
		nobody(c.inEntry)
		mapped(c.inBoth)
	} else {
		c.expectUser(ctx, t, c.trurl, "arn:aws:iam::111122223333:user/trurl")
		entered(c.inEntry, granted, "in-entry")
		entered(c.inBoth, refused, "in-both") // the entry comes first, and what aws-auth has is not added
	}
	Expect(t.ask(ctx, c.trurl, question{Verb: "*", Group: "*", Resource: "*"})()).To(Equal(granted))
	nobody(c.inNeither)
	if mode == onlyAPI {
		nobody(c.inMap)
	} else {
		mapped(c.inMap)
	}
}

// makeEntries makes the access entries of a cluster, if it has none yet.
func (c *side) makeEntries(ctx context.Context, t target) {
	GinkgoHelper()
	out, err := c.trurl.eks().ListAccessEntries(ctx, &eks.ListAccessEntriesInput{ClusterName: &t.name})
	Expect(err).NotTo(HaveOccurred())
	if strings.Contains(fmt.Sprint(out.AccessEntries), c.inEntry.arn) {
		return
	}
	for _, a := range []actor{c.inEntry, c.inBoth} {
		_, err := c.trurl.eks().CreateAccessEntry(ctx, &eks.CreateAccessEntryInput{ClusterName: &t.name, PrincipalArn: &a.arn, KubernetesGroups: []string{"guests"}})
		Expect(err).NotTo(HaveOccurred()) // they go with the cluster
	}
	c.trurl.associate(ctx, t.name, c.inEntry, "AmazonEKSViewPolicy", "default")
}

func (c *side) expectMode(ctx context.Context, t target, mode ekstypes.AuthenticationMode) {
	GinkgoHelper()
	out, err := c.trurl.eks().DescribeCluster(ctx, &eks.DescribeClusterInput{Name: &t.name})
	Expect(err).NotTo(HaveOccurred())
	Expect(out.Cluster.AccessConfig.AuthenticationMode).To(Equal(mode))
}

// change changes the mode and waits for the end of the update.
func (c *side) change(ctx context.Context, t target, mode ekstypes.AuthenticationMode) {
	GinkgoHelper()
	out, err := c.update(ctx, t, mode)
	Expect(err).NotTo(HaveOccurred())
	Expect(out.Update.Type).To(Equal(ekstypes.UpdateTypeAccessConfigUpdate))
	Expect(out.Update.Params).To(Equal([]ekstypes.UpdateParam{{Type: ekstypes.UpdateParamTypeAuthenticationMode, Value: aws.String(`"` + string(mode) + `"`)}}))
	Eventually(func() (ekstypes.UpdateStatus, error) {
		now, err := c.trurl.eks().DescribeUpdate(ctx, &eks.DescribeUpdateInput{Name: &t.name, UpdateId: out.Update.Id})
		if err != nil {
			return "", err
		}
		return now.Update.Status, nil
	}, soon).Should(Equal(ekstypes.UpdateStatusSuccessful))
}

func (c *side) update(ctx context.Context, t target, mode ekstypes.AuthenticationMode) (*eks.UpdateClusterConfigOutput, error) {
	return c.trurl.eks().UpdateClusterConfig(ctx, &eks.UpdateClusterConfigInput{
		Name: &t.name, AccessConfig: &ekstypes.UpdateAccessConfigRequest{AuthenticationMode: mode},
	})
}

// refuse tries changes that there are not.
func (c *side) refuse(ctx context.Context, t target, from ekstypes.AuthenticationMode, others ...ekstypes.AuthenticationMode) {
	GinkgoHelper()
	for _, to := range others {
		_, err := c.update(ctx, t, to)
		var refusal *ekstypes.InvalidParameterException
		Expect(errors.As(err, &refusal)).To(BeTrue(), "%v", err)
		Expect(refusal.ErrorMessage()).To(Equal(fmt.Sprintf("Unsupported authentication mode update from %s to %s", from, to)))
	}
	c.expectMode(ctx, t, from)
}

func (c *side) noEntries(ctx SpecContext) {
	for _, a := range []actor{c.inEntry, c.trurl} {
		_, err := c.trurl.eks().CreateAccessEntry(ctx, &eks.CreateAccessEntryInput{ClusterName: &c.old.name, PrincipalArn: &a.arn})
		Expect(err).To(MatchError(ContainSubstring("InvalidRequestException: The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.")))
	}
}

func (c *side) creatorsEntry(ctx SpecContext) {
	out, err := c.trurl.eks().DescribeAccessEntry(ctx, &eks.DescribeAccessEntryInput{ClusterName: &c.old.name, PrincipalArn: &c.trurl.arn})
	Expect(err).NotTo(HaveOccurred())
	Expect(out.AccessEntry.KubernetesGroups).To(BeEmpty())
	policies, err := c.trurl.eks().ListAssociatedAccessPolicies(ctx, &eks.ListAssociatedAccessPoliciesInput{ClusterName: &c.old.name, PrincipalArn: &c.trurl.arn})
	Expect(err).NotTo(HaveOccurred())
	Expect(policies.AssociatedAccessPolicies).To(ConsistOf(HaveField("PolicyArn", HaveValue(Equal(policyARN+"AmazonEKSClusterAdminPolicy")))))
}

func (c *side) withoutCreator(ctx SpecContext) {
	Expect(c.entries.ask(ctx, c.trurl, getPods)()).To(Equal(granted))
	_, err := c.trurl.eks().DeleteAccessEntry(ctx, &eks.DeleteAccessEntryInput{ClusterName: &c.entries.name, PrincipalArn: &c.trurl.arn})
	Expect(err).NotTo(HaveOccurred())
	Eventually(c.entries.ask(ctx, c.trurl, getPods), soon).Should(Equal(unknown))
	c.trurl.makeEntry(ctx, c.entries.name, c.trurl)
	c.trurl.associate(ctx, c.entries.name, c.trurl, "AmazonEKSClusterAdminPolicy")
	Eventually(c.entries.ask(ctx, c.trurl, getPods), soon).Should(Equal(granted), "the EKS API is another matter")
}

func (c *side) refuseForeignTokens(ctx SpecContext) {
	for _, of := range []target{c.old, c.entries} {
		_, code, err := of.whoami(ctx, c.trurl.token(of.name))
		Expect(err).NotTo(HaveOccurred())
		Expect(code).To(Equal(http.StatusCreated))
		for _, other := range []target{c.old, c.entries, c.bare, c.trurl.cluster(ctx, "my-cluster")} {
			if other.name != of.name {
				_, code, err = other.whoami(ctx, c.trurl.token(of.name))
				Expect(err).NotTo(HaveOccurred())
				Expect(code).To(Equal(http.StatusUnauthorized), "a token for %s at %s", of.name, other.name)
			}
		}
	}
}

func (c *side) nobodyIn(ctx SpecContext) {
	Expect(c.bare.ask(ctx, c.trurl, getPods)()).To(Equal(unknown))
	out, err := c.trurl.eks().ListAccessEntries(ctx, &eks.ListAccessEntriesInput{ClusterName: &c.bare.name})
	Expect(err).NotTo(HaveOccurred())
	Expect(out.AccessEntries).NotTo(ContainElement(c.trurl.arn))
}

// updateKubeconfig runs `aws eks update-kubeconfig` with the environment's own kubeconfig, if there is an aws CLI, and
// returns the context that it adds and chooses.
func (c *side) updateKubeconfig() string {
	GinkgoHelper()
	for _, cli := range awsCLIs() {
		c.person.must(cli, "eks", "update-kubeconfig", "--name", "old")
		return "arn:aws:eks:us-west-2:111122223333:cluster/old"
	}
	return ""
}

func (c *side) deleteBare(ctx SpecContext) {
	own := func() []string {
		var found []string
		for _, process := range c.person.processes() {
			if strings.Contains(process, "/clusters/bare/") {
				found = append(found, process)
			}
		}
		return found
	}
	contexts := func() []string {
		return strings.Fields(c.person.must("kubectl", "config", "get-contexts", "-o", "name"))
	}
	theirs := c.updateKubeconfig()
	address, err := url.Parse(c.bare.endpoint)
	Expect(err).NotTo(HaveOccurred())
	Expect(len(own())).To(BeNumerically(">", 2))
	Expect(contexts()).To(ContainElements("trurl@bare", "trurl@old", "trurl@my-cluster"))

	out, err := c.trurl.eks().DeleteCluster(ctx, &eks.DeleteClusterInput{Name: &c.bare.name})
	Expect(err).NotTo(HaveOccurred())
	Expect(out.Cluster.Status).To(Equal(ekstypes.ClusterStatusDeleting))
	Eventually(own).Should(BeEmpty())
	_, err = net.Dial("tcp", address.Host)
	Expect(err).To(MatchError(syscall.ECONNREFUSED))
	Eventually(contexts).ShouldNot(ContainElement(HaveSuffix("@bare")))
	if theirs != "" {
		Expect(contexts()).To(ContainElement(theirs))
		Expect(c.person.must("kubectl", "config", "current-context")).To(Equal(theirs+"\n"), "what people chose themselves stays")
	}
	Expect(contexts()).To(ContainElements("trurl@old", "trurl@entries", "trurl@my-cluster"))
	Eventually(func() error {
		_, err := c.trurl.eks().DescribeCluster(ctx, &eks.DescribeClusterInput{Name: &c.bare.name})
		return err
	}).Should(MatchError(ContainSubstring("ResourceNotFoundException: No cluster found for name: bare.")))
	Expect(c.person.must("eksemu", "status")).NotTo(ContainSubstring("bare"))
	Expect(c.old.ask(ctx, c.trurl, getPods)()).To(Equal(granted), "the others go on")
}
