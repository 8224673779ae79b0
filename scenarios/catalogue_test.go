package scenarios

import (
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/explain"
)

func shipped(t *testing.T) []*Scenario {
	t.Helper()
	all, err := Loader{Environment: config.Default()}.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The catalogue is what people come for, so its names and outcomes don't change by accident.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	got := map[string]explain.Outcome{}
	for _, scenario := range shipped(t) {
		got[scenario.Metadata.Name] = scenario.Metadata.Outcome
	}
	want := map[string]explain.Outcome{
		"alice-views-pods":              explain.Allowed,
		"aws-auth-edited-live":          explain.Unauthorized,
		"aws-cli":                       explain.Allowed,
		"bob-has-no-binding":            explain.Denied,
		"forged-signature":              explain.Unauthorized,
		"hidden-creator":                explain.Allowed,
		"mallory-is-not-mapped":         explain.Unauthorized,
		"node-instance-role":            explain.Allowed,
		"other-user-is-master":          explain.Allowed,
		"raw-access-review":             explain.Allowed,
		"role-through-profile":          explain.Allowed,
		"service-account-sidesteps-iam": explain.Allowed,
		"token-for-another-cluster":     explain.Unauthorized,
		"token-too-old":                 explain.Unauthorized,
		"unknown-access-key":            explain.Unauthorized,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("catalogue (-want +got):\n%s", diff)
	}
}

func TestCatalogueTeaches(t *testing.T) {
	t.Parallel()
	for _, scenario := range shipped(t) {
		name := scenario.Metadata.Name
		if file := strings.TrimSuffix(path.Base(scenario.File), ".yaml"); file != name {
			t.Errorf("%s: the scenario's name is %q; it is looked up by the file's", scenario.File, name)
		}
		if !strings.Contains(scenario.Lesson, "## On a real cluster") && !strings.Contains(scenario.Lesson, "## What to see in it") {
			t.Errorf("%s: the lesson does not say how it looks on a real cluster", name)
		}
		if strings.Count(scenario.Lesson, "\n## ") < 2 {
			t.Errorf("%s: the lesson lacks a part: cause, how it looks, fix", name)
		}
		if len(scenario.Metadata.Tags) == 0 {
			t.Errorf("%s: no tags", name)
		}
		for i, step := range scenario.Steps {
			if expect := step.Expect; expect != nil && i == scenario.Deciding() && expect.DecidedBy == "" {
				t.Errorf("%s: the deciding step does not say which hop decides", name)
			}
		}
	}
}

// A cause that a scenario expects must belong to the outcome and the hop that it expects.
func TestCatalogueCauses(t *testing.T) {
	t.Parallel()
	causes := map[string]explain.Cause{}
	for _, cause := range explain.Causes() {
		causes[cause.ID] = cause
	}
	for _, scenario := range shipped(t) {
		for i, step := range scenario.Steps {
			if step.Expect == nil || step.Expect.Cause == "" {
				continue
			}
			cause := causes[step.Expect.Cause]
			if cause.Outcome != step.Expect.Outcome || step.Expect.DecidedBy != "" && cause.Hop != step.Expect.DecidedBy {
				t.Errorf("%s, step %d: the cause %s is %s by %s, expected is %s by %s", scenario.Metadata.Name, i+1,
					cause.ID, cause.Outcome, cause.Hop, step.Expect.Outcome, step.Expect.DecidedBy)
			}
		}
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		references []string
		names      []string
		problem    string
	}{
		{references: []string{"alice-views-pods"}, names: []string{"alice-views-pods"}},
		{references: []string{"catalogue/bob-has-no-binding.yaml", "aws-cli"}, names: []string{"bob-has-no-binding", "aws-cli"}},
		{references: []string{"./testdata/scenarios"}, names: []string{"first", "second"}},
		{references: []string{"alice-view-pods"}, problem: `no shipped scenario is called "alice-view-pods" (did you mean "alice-views-pods"?`},
		{references: []string{"./testdata/twice"}, problem: `testdata/twice/b.yaml:3: metadata.name: the name "same" is taken by testdata/twice/a.yaml (give one of them another name)`},
		{references: []string{"./testdata/none.yaml"}, problem: "no such file or directory"},
		{references: []string{"./testdata"}, problem: "has no scenarios"},
		{references: []string{"./testdata/twice", "nothing-of-the-kind"}, problem: "no shipped scenario"},
		{references: []string{"./testdata/broken"}, problem: "testdata/broken/broken.yaml:5: steps[0].as"},
	} {
		t.Run(strings.Join(c.references, "+"), func(t *testing.T) {
			t.Parallel()
			got, err := Loader{Environment: config.Default()}.Load(c.references...)
			if c.problem != "" {
				if err == nil || !strings.Contains(err.Error(), c.problem) {
					t.Fatalf("error %v, want one with %q", err, c.problem)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, scenario := range got {
				names = append(names, scenario.Metadata.Name)
			}
			if diff := cmp.Diff(c.names, names); diff != "" {
				t.Errorf("scenarios (-want +got):\n%s", diff)
			}
		})
	}
}
