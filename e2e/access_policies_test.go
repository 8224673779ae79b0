package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"go.yaml.in/yaml/v3"
	"golang.org/x/sync/errgroup"
)

// tables is testdata/access-policies.yaml.
type tables struct {
	Read, Write []string // the lists that anchors stand for
	Policies    map[string]struct {
		Includes string
		Rules    []tableRow
		Paths    bool // all paths that are no objects
	}
	Neighbours []tableRow
	Verbs      []string
}

type tableRow struct {
	Group            string
	Verbs, Resources []string
}

func readTables() tables {
	GinkgoHelper()
	raw, err := os.ReadFile(manifest("access-policies.yaml"))
	Expect(err).NotTo(HaveOccurred())
	var t tables
	Expect(yaml.Unmarshal(raw, &t)).To(Succeed())
	return t
}

// rows are those of a policy, and of the one whose rows it has.
func (t tables) rows(policy string) []tableRow {
	p := t.Policies[policy]
	if p.Includes == "" {
		return p.Rules
	}
	return slices.Concat(t.rows(p.Includes), p.Rules)
}

// allow says whether a policy has a question in its table.
func (t tables) allow(policy string, q question) bool {
	return slices.ContainsFunc(t.rows(policy), func(row tableRow) bool {
		has := func(list []string, text string) bool {
			return slices.Contains(list, text) || slices.Contains(list, "*")
		}
		return has([]string{row.Group}, q.Group) && has(row.Verbs, q.Verb) && has(row.Resources, path(q))
	})
}

// path is a resource as the tables have it: "pods/log".
func path(q question) string { return strings.TrimSuffix(q.Resource+"/"+q.Subresource, "/") }

// questions are every verb of every resource of every table and of what is in none.
func (t tables) questions(namespace string) []question {
	var all []question
	seen := map[string]bool{}
	rows := slices.Clone(t.Neighbours)
	for policy := range t.Policies {
		rows = append(rows, t.Policies[policy].Rules...)
	}
	for _, row := range rows {
		for _, name := range row.Resources {
			if name == "*" || seen[row.Group+" "+name] {
				continue
			}
			seen[row.Group+" "+name] = true
			resource, subresource, _ := strings.Cut(name, "/")
			for _, verb := range t.Verbs {
				all = append(all, question{Group: row.Group, Resource: resource, Subresource: subresource, Verb: verb, Namespace: namespace})
			}
		}
	}
	return all
}

func (s *stage) policies() {
	Describe("by access policies", func() {
		for _, policy := range []string{"ClusterAdmin", "Admin", "Edit", "View", "AdminView", "SecretReader", "SecretAdmin"} {
			It("answers every verb of every resource as the table of "+policy+" says", func(ctx SpecContext) {
				s.holdToTable(ctx, readTables(), "AmazonEKS"+policy+"Policy")
			})
		}
		It("has no other tables", func() { Expect(readTables().Policies).To(HaveLen(7)) })
		It("adds up what several policies allow", s.severalPolicies)
		It("replaces the scope of a policy that is associated again", s.anotherScope)
	})
}

// holdToTable asks as a principal with one policy whether it may do what is in its table and in no other, everywhere and
// in the namespaces of a scope.
func (s *stage) holdToTable(ctx context.Context, t tables, policy string) {
	my := s.trurl.cluster(ctx, "my-cluster")
	everywhere, there := "wide-"+policy, "narrow-"+policy
	wide, narrow := s.trurl.makeRole(ctx, "/", everywhere), s.trurl.makeRole(ctx, "/holders/", there)
	s.trurl.makeEntry(ctx, my.name, wide)
	s.trurl.associate(ctx, my.name, wide, policy)
	s.trurl.makeEntry(ctx, my.name, narrow)
	s.trurl.associate(ctx, my.name, narrow, policy, "default", "team-*")

	all := t.questions("team-a")
	expectTable(t, policy, all, my.answers(ctx, wide, policy, "Cluster", all))
	some := slices.DeleteFunc(slices.Clone(all), func(q question) bool { // what is in a table, and a part of the rest
		return !t.allow(policy, q) && !slices.Contains([]string{"get", "create", "bind"}, q.Verb)
	})
	expectTable(t, policy, some, my.answers(ctx, narrow, policy, "", some))
	s.outOfScope(ctx, t, policy, my, wide, narrow)
}

// expectTable holds answers against a policy's table, which has to have a yes for some of the questions.
func expectTable(t tables, policy string, asked []question, answers []bool) {
	GinkgoHelper()
	var wrong []string
	for i, q := range asked {
		if want := t.allow(policy, q); answers[i] != want {
			wrong = append(wrong, fmt.Sprintf("%s %s of %q in %q: %t, want %t", q.Verb, path(q), q.Group, q.Namespace, answers[i], want))
		}
	}
	Expect(wrong).To(BeEmpty())
	Expect(answers).To(ContainElement(true))
	if !t.Policies[policy].Paths {
		Expect(answers).To(ContainElement(false))
	}
}

// outOfScope asks what a principal has in its table where the scope does not reach, and for paths that are no objects.
func (s *stage) outOfScope(ctx context.Context, t tables, policy string, my target, wide, narrow actor) {
	GinkgoHelper()
	var some []question
	for _, namespace := range []string{"kube-system", "a-team-a", ""} {
		for _, q := range t.questions(namespace) {
			if (q.Verb == "get" || q.Verb == "list") && t.allow(policy, q) {
				some = append(some, q)
			}
		}
	}
	Expect(my.answers(ctx, wide, policy, "Cluster", some)).To(HaveEach(true), "the scope cluster is everywhere")
	Expect(my.answers(ctx, narrow, policy, "", some)).To(HaveEach(false), "the scope is default and team-*")
	for _, holder := range []actor{wide, narrow} {
		code, err := my.call(ctx, http.MethodGet, "/metrics", holder.token(my.name), nil, nil)
		Expect(err).NotTo(HaveOccurred())
		want := http.StatusForbidden
		if t.Policies[policy].Paths && holder.arn == wide.arn {
			want = http.StatusOK
		}
		Expect(code).To(Equal(want), "GET /metrics as "+holder.arn)
	}
}

// answers asks many questions with one token. Every yes has to be given for EKS's reason, of a binding of some kind.
func (t target) answers(ctx context.Context, a actor, policy, kind string, asked []question) []bool {
	GinkgoHelper()
	bearer, got := a.token(t.name), make([]bool, len(asked))
	reason := fmt.Sprintf("EKS Access Policy: allowed by %sRoleBinding %q of ", kind, a.arn+"+"+policyARN+policy)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for i, q := range asked {
		group.Go(func() error {
			status, code, err := t.canI(ctx, bearer, q)
			got[i] = status.Allowed
			if err == nil && (code != http.StatusCreated || status.Allowed && kind != "" && !strings.HasPrefix(status.Reason, reason)) {
				err = fmt.Errorf("%+v: %d because %q, want %q", q, code, status.Reason, reason)
			}
			return err
		})
	}
	Expect(group.Wait()).To(Succeed())
	return got
}

func (s *stage) severalPolicies(ctx SpecContext) {
	my := s.trurl.cluster(ctx, "my-cluster")
	holder := s.trurl.makeUser(ctx, "holder-of-three")
	s.trurl.makeEntry(ctx, my.name, holder)
	s.trurl.associate(ctx, my.name, holder, "AmazonEKSViewPolicy")
	s.trurl.associate(ctx, my.name, holder, "AmazonEKSEditPolicy", "dev")
	s.trurl.associate(ctx, my.name, holder, "AmazonEKSSecretReaderPolicy", "prod")
	for q, want := range map[question]string{
		{Verb: "get", Resource: "pods", Namespace: "prod"}:       granted,
		{Verb: "delete", Resource: "pods", Namespace: "dev"}:     granted,
		{Verb: "delete", Resource: "pods", Namespace: "prod"}:    refused,
		{Verb: "get", Resource: "secrets", Namespace: "prod"}:    granted,
		{Verb: "get", Resource: "secrets", Namespace: "dev"}:     granted,
		{Verb: "get", Resource: "secrets", Namespace: "default"}: refused,
		{Verb: "delete", Resource: "secrets", Namespace: "prod"}: refused,
	} {
		Eventually(my.ask(ctx, holder, q), soon).Should(Equal(want), "%+v", q)
	}
	s.trurl.disassociate(ctx, my.name, holder, "AmazonEKSEditPolicy")
	Eventually(my.ask(ctx, holder, question{Verb: "get", Resource: "secrets", Namespace: "dev"}), soon).Should(Equal(refused))
	Expect(my.ask(ctx, holder, question{Verb: "get", Resource: "secrets", Namespace: "prod"})()).To(Equal(granted), "the others stay")
}

func (s *stage) anotherScope(ctx SpecContext) {
	my := s.trurl.cluster(ctx, "my-cluster")
	holder := s.trurl.makeUser(ctx, "holder-of-one")
	s.trurl.makeEntry(ctx, my.name, holder)
	dev, prod := getPods, getPods
	dev.Namespace, prod.Namespace = "dev", "prod"
	for _, scope := range [][]string{{"dev"}, {"prod"}, {"d*", "p*"}, nil, {"dev"}} {
		s.trurl.associate(ctx, my.name, holder, "AmazonEKSViewPolicy", scope...)
		for q, names := range map[question][]string{dev: {"dev", "d*"}, prod: {"prod", "p*"}} {
			want := refused
			if len(scope) == 0 || slices.ContainsFunc(names, func(name string) bool { return slices.Contains(scope, name) }) {
				want = granted
			}
			Eventually(my.ask(ctx, holder, q), soon).Should(Equal(want), "scope %v, namespace %s", scope, q.Namespace)
		}
	}
}
