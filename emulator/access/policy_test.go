package access

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gotest.tools/v3/golden"
)

func TestPoliciesAreInOrder(t *testing.T) {
	t.Parallel()
	var names, serviceLinked, known []string
	for _, p := range Policies() {
		names = append(names, p.Name)
		if p.ServiceLinked {
			serviceLinked = append(serviceLinked, p.Name)
		}
		if p.Rules != nil {
			known = append(known, p.Name)
		}
	}
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("not in order, or twice: %v", names)
	}
	for what, lists := range map[string][2][]string{
		"service-linked": {serviceLinked, {
			"AmazonEKSBlockStorageClusterPolicy", "AmazonEKSBlockStoragePolicy", "AmazonEKSClusterInsightsPolicy",
			"AmazonEKSComputeClusterPolicy", "AmazonEKSComputePolicy", "AmazonEKSHybridPolicy",
		}},
		"with rules": {known, {
			"AmazonEKSAdminPolicy", "AmazonEKSAdminViewPolicy", "AmazonEKSClusterAdminPolicy", "AmazonEKSEditPolicy",
			"AmazonEKSHybridPolicy", "AmazonEKSSecretAdminPolicy", "AmazonEKSSecretReaderPolicy", "AmazonEKSViewPolicy",
		}},
	} {
		if diff := cmp.Diff(lists[1], lists[0]); diff != "" {
			t.Errorf("policies %s (-want +got):\n%s", what, diff)
		}
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ partition, arn, name string }{
		{"aws", "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy", "AmazonEKSViewPolicy"},
		{"aws-cn", "arn:aws-cn:eks::aws:cluster-access-policy/AmazonEKSViewPolicy", "AmazonEKSViewPolicy"},
		{"aws", "arn:aws:eks::aws:cluster-access-policy/AIDevOpsAgentAccessPolicy", "AIDevOpsAgentAccessPolicy"},
		{"aws", "arn:aws-cn:eks::aws:cluster-access-policy/AmazonEKSViewPolicy", ""},
		{"aws", "arn:aws:eks:aws:cluster-access-policy/AmazonEKSViewPolicy", ""},
		{"aws", "arn:aws:eks::aws:cluster-access-policy/amazoneksviewpolicy", ""},
		{"aws", "arn:aws:iam::aws:policy/AmazonEKSViewPolicy", ""},
		{"aws", "AmazonEKSViewPolicy", ""},
		{"aws", "", ""},
	} {
		p, ok := Find(test.partition, test.arn)
		if p.Name != test.name || ok != (test.name != "") {
			t.Errorf("Find(%q, %q) = %q %t, want %q", test.partition, test.arn, p.Name, ok, test.name)
		}
	}
}

// TestPoliciesAreTheCallers: what a caller changes stays with the caller.
func TestPoliciesAreTheCallers(t *testing.T) {
	t.Parallel()
	for _, p := range Policies() {
		for i := range p.Rules {
			p.Rules[i].Verbs[0] = "changed"
			p.Rules[i].APIGroups = nil
		}
	}
	for _, p := range Policies() {
		for _, rule := range p.Rules {
			if rule.Verbs[0] == "changed" || rule.APIGroups == nil && rule.NonResourceURLs == nil {
				t.Errorf("%s: %v", p.Name, rule)
			}
		}
	}
}

// TestRulesGolden shows every policy by resource, so that a change of a rule is a change of lines that people can read.
func TestRulesGolden(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	for _, p := range Policies() {
		fmt.Fprint(&out, p.Name)
		if p.ServiceLinked {
			fmt.Fprint(&out, " (service-linked roles)")
		}
		if p.Rules == nil {
			fmt.Fprint(&out, ": rules unknown")
		}
		fmt.Fprintln(&out)
		verbs := map[string][]string{}
		for _, rule := range p.Rules {
			for _, group := range rule.APIGroups {
				for _, resource := range rule.Resources {
					key := fmt.Sprintf("%-25s  %-32s", strings.Replace(group, core, "core", 1-min(len(group), 1)), resource)
					verbs[key] = append(verbs[key], rule.Verbs...)
				}
			}
			for _, url := range rule.NonResourceURLs {
				key := fmt.Sprintf("%-25s  %-32s", "path", url)
				verbs[key] = append(verbs[key], rule.Verbs...)
			}
		}
		for _, key := range slices.Sorted(maps.Keys(verbs)) {
			slices.Sort(verbs[key])
			fmt.Fprintf(&out, "  %s  %s\n", key, strings.Join(slices.Compact(verbs[key]), " "))
		}
	}
	golden.Assert(t, out.String(), "rules.txt")
}
