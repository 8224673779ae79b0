package cli

import (
	"testing"

	"github.com/eksemu/eksemu/emulator/trace"
)

func TestTextOfPolicyReviews(t *testing.T) {
	t.Parallel()
	for want, review := range map[string]trace.PolicyReview{
		"may get pods in default: yes EKS Access Policy: allowed": {Verb: "get", Resource: "pods", Namespace: "default", Allowed: true, Reason: "EKS Access Policy: allowed"},
		"may list deployments.apps: no opinion of AmazonEKSViewPolicy in dev, AmazonEKSEditPolicy in dev": {Verb: "list", Resource: "deployments", Group: "apps",
			Policies: []string{"AmazonEKSViewPolicy in dev", "AmazonEKSEditPolicy in dev"}},
		"may get /metrics: no opinion of AmazonEKSViewPolicy": {Verb: "get", Path: "/metrics", Policies: []string{"AmazonEKSViewPolicy"}},
	} {
		if got := eventText(trace.Event{Kind: trace.KindPolicyReview, PolicyReview: &review}); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
