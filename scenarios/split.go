package scenarios

import (
	"cmp"
	"encoding/json"
	"slices"
)

// Split deals scenarios out to as many runs as there are, at most n, which may happen side by side, each in an environment
// of its own. Those that bring the same cluster stay together, so that it is made once. Each run keeps the order.
func Split(list []*Scenario, n int) [][]*Scenario {
	groups := groupsOf(list)
	slices.SortStableFunc(groups, func(a, b []*Scenario) int { return cmp.Compare(weights(b), weights(a)) })
	runs := make([][]*Scenario, min(n, len(groups)))
	for _, group := range groups {
		lightest := 0
		for i := range runs {
			if weights(runs[i]) < weights(runs[lightest]) {
				lightest = i
			}
		}
		runs[lightest] = append(runs[lightest], group...)
	}
	for _, run := range runs {
		slices.SortFunc(run, func(a, b *Scenario) int { return cmp.Compare(slices.Index(list, a), slices.Index(list, b)) })
	}
	return runs
}

// groupsOf puts scenarios together that share clusters.
func groupsOf(list []*Scenario) (groups [][]*Scenario) {
	byCluster := map[string]int{}
	for _, scenario := range list {
		key := ""
		if scenario.Environment != nil && len(scenario.Environment.Clusters) > 0 {
			raw, err := json.Marshal(scenario.Environment.Clusters[0])
			if err == nil {
				key = string(raw)
			}
		}
		if i, there := byCluster[key]; there && key != "" {
			groups[i] = append(groups[i], scenario)
			continue
		}
		byCluster[key] = len(groups)
		groups = append(groups, []*Scenario{scenario})
	}
	return groups
}

// slowTag marks scenarios that wait for a timeout.
const slowTag = "slow"

// weights is about how long scenarios take, in units of a step with kubectl.
func weights(list []*Scenario) int {
	sum := 0
	for _, scenario := range list {
		sum++
		if scenario.Environment != nil {
			sum += 10 * len(scenario.Environment.Clusters)
		}
		if slices.Contains(scenario.Metadata.Tags, slowTag) {
			sum += 25
		}
		for _, step := range scenario.AllSteps() {
			switch step.Action() {
			case ActionAWS:
				sum += 3
			case ActionKubectl, ActionHTTP:
				sum++
			}
		}
	}
	return sum
}

// of reports whether the result is one of a scenario's.
func (r Result) of(scenario *Scenario) bool {
	return r.Name == scenario.Metadata.Name && r.File == scenario.File
}

// Join is the report of several runs that happened side by side, with the scenarios in the order of a list.
func Join(list []*Scenario, reports ...Report) Report {
	joined := Report{APIVersion: APIVersion, Kind: reportKind}
	for _, report := range reports {
		if report.Started.IsZero() {
			continue // it never began
		}
		if joined.Started.IsZero() || report.Started.Before(joined.Started) {
			joined.Cluster, joined.Started = report.Cluster, report.Started
		}
		joined.Seconds = max(joined.Seconds, report.Seconds)
	}
	next := make([]int, len(reports)) // each run keeps the order of the list, in which a scenario may stand twice
	for _, scenario := range list {
		for i, report := range reports {
			if n := next[i]; n < len(report.Scenarios) && report.Scenarios[n].of(scenario) {
				joined.add(report.Scenarios[n])
				next[i]++
				break
			}
		}
	}
	return joined
}
