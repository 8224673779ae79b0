package scenarios

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/emulator/config"
)

func scenarioCalled(name string, edit func(*Scenario)) *Scenario {
	s := &Scenario{Metadata: Metadata{Name: name}, Steps: []Step{{Kubectl: Command{"get"}}}}
	if edit != nil {
		edit(s)
	}
	return s
}

func TestSplit(t *testing.T) {
	t.Parallel()
	own := func(s *Scenario) {
		s.Environment = &config.Overlay{Clusters: []config.Cluster{{Name: "own"}}}
	}
	slow := func(s *Scenario) { s.Metadata.Tags = []string{"slow"} }
	list := []*Scenario{scenarioCalled("a", nil), scenarioCalled("b", own), scenarioCalled("c", nil), scenarioCalled("d", own), scenarioCalled("e", slow), scenarioCalled("f", nil)}
	for n, want := range map[int][][]string{
		1: {{"a", "b", "c", "d", "e", "f"}},
		2: {{"a", "b", "c", "d"}, {"e", "f"}},
		3: {{"e"}, {"b", "d"}, {"a", "c", "f"}},
		9: {{"e"}, {"b", "d"}, {"a"}, {"c"}, {"f"}},
	} {
		var got [][]string
		for _, run := range Split(list, n) {
			var names []string
			for _, scenario := range run {
				names = append(names, scenario.Metadata.Name)
			}
			got = append(got, names)
		}
		if n == 2 { // which of the two comes first is of no interest
			slices.SortFunc(got, func(a, b []string) int { return len(b) - len(a) })
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d runs (-want +got):\n%s", n, diff)
		}
	}
}

func TestJoin(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	list := []*Scenario{scenarioCalled("a", nil), scenarioCalled("b", nil), scenarioCalled("c", nil)}
	first, second := Report{Cluster: "one", Started: start, Seconds: 3}, Report{Cluster: "two", Started: start.Add(time.Second), Seconds: 5}
	first.add(Result{Name: "c", Status: StatusFailed})
	second.add(Result{Name: "a", Status: StatusPassed})
	second.add(Result{Name: "b", Status: StatusSkipped})
	want := Report{APIVersion: APIVersion, Kind: "ScenarioReport", Cluster: "one", Started: start, Seconds: 5, Passed: 1, Failed: 1, Skipped: 1, Scenarios: []Result{
		{Name: "a", Status: StatusPassed}, {Name: "b", Status: StatusSkipped}, {Name: "c", Status: StatusFailed},
	}}
	if diff := cmp.Diff(want, Join(list, second, first)); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

// TestJoinOfOneScenarioTwice has a part that never began, too.
func TestJoinOfOneScenarioTwice(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	list := []*Scenario{scenarioCalled("a", nil), scenarioCalled("b", nil), scenarioCalled("a", nil)}
	first, second := Report{Cluster: "one", Started: start}, Report{Cluster: "two", Started: start.Add(time.Second)}
	first.add(Result{Name: "a", Status: StatusFailed})
	second.add(Result{Name: "b", Status: StatusPassed})
	second.add(Result{Name: "a", Status: StatusPassed})
	want := Report{APIVersion: APIVersion, Kind: "ScenarioReport", Cluster: "one", Started: start, Passed: 2, Failed: 1, Scenarios: []Result{
		{Name: "a", Status: StatusFailed}, {Name: "b", Status: StatusPassed}, {Name: "a", Status: StatusPassed},
	}}
	if diff := cmp.Diff(want, Join(list, Report{}, first, second)); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}
