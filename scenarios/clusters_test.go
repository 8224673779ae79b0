package scenarios

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	ownCluster = "environment:\n  clusters:\n  - {name: own, creator: trurl, role: r}\n  - {name: second, creator: trurl, role: r}\n"
	tokenFor   = "steps:\n  - as: alice" + canI + "{outcome: allowed}\n"
)

// TestClustersOfScenarios: scenarios with the same cluster share it, and it goes when the run ends.
func TestClustersOfScenarios(t *testing.T) {
	t.Parallel()
	env := newFakeEnvironment(t)
	list := []*Scenario{
		scenarioOf(t, "allowed", ownCluster+tokenFor),
		scenarioOf(t, "allowed", tokenFor),
		scenarioOf(t, "allowed", "environment:\n  clusters:\n  - {name: own, creator: trurl, role: r}\n"+tokenFor),
	}
	report, err := env.runner(t).Run(t.Context(), list)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"cluster second", "cluster own", "undo cluster own", "undo cluster second"}
	if diff := cmp.Diff(want, env.log); diff != "" {
		t.Errorf("clusters (-want +got):\n%s", diff)
	}
	for i, want := range []string{"own", "my-cluster", "own"} {
		if got := report.Scenarios[i].Cluster; got != want {
			t.Errorf("scenario %d talked to cluster %s, want %s", i, got, want)
		}
	}
}

func TestClusterThatCannotBeMade(t *testing.T) {
	t.Parallel()
	env := newFakeEnvironment(t)
	report, err := env.runner(t).Run(t.Context(), []*Scenario{
		scenarioOf(t, "allowed", "environment:\n  clusters: [{name: own, creator: nobody, role: r}]\n"+tokenFor),
		scenarioOf(t, "allowed", tokenFor),
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"add the scenario's cluster own: there is no nobody"}, report.Scenarios[0].Errors); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
	wantPassed(t, report.Scenarios[1])
}

// TestMarksAWS: what a scenario does to the IAM and EKS APIs is put back, other scenarios leave no mark.
func TestMarksAWS(t *testing.T) {
	t.Parallel()
	for steps, want := range map[string][]string{
		"steps:\n  - as: bob\n    aws: sts get-caller-identity\n    expect: {outcome: allowed}\n":              nil,
		"steps:\n  - as: bob\n    aws: eks list-clusters\n    expect: {outcome: allowed}\n":                    {"mark", "undo mark"},
		"steps:\n  - as: bob\n    aws: --region us-west-2 eks list-clusters\n    expect: {outcome: allowed}\n": {"mark", "undo mark"},
	} {
		env := newFakeEnvironment(t)
		runOne(t, env.runner(t), "allowed", steps)
		if diff := cmp.Diff(want, env.log); diff != "" {
			t.Errorf("%s (-want +got):\n%s", steps, diff)
		}
	}
}
