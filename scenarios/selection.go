package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/eksemu/eksemu/emulator/explain"
	"github.com/eksemu/eksemu/emulator/strictyaml"
)

// Hop is the hop that decides the scenario, by what it expects; of one that is documentation only, its first tag that
// names a hop.
func (s *Scenario) Hop() explain.Hop {
	if i := s.Deciding(); i >= 0 && s.Steps[i].Expect != nil {
		return s.Steps[i].Expect.DecidedBy
	}
	for _, tag := range s.Metadata.Tags {
		if slices.Contains(hops(), tag) {
			return explain.Hop(tag)
		}
	}
	return ""
}

// byHop orders scenarios by the hop that decides, in the order in which a request meets the hops, and by name.
func byHop(a, b *Scenario) int {
	order := hops()
	return cmp.Or(
		cmp.Compare(slices.Index(order, string(a.Hop())), slices.Index(order, string(b.Hop()))),
		cmp.Compare(a.Metadata.Name, b.Metadata.Name))
}

// Only keeps the scenarios that have one of the tags, in their order; without tags, all of them. A tag that none has is an
// error.
func Only(list []*Scenario, tags ...string) ([]*Scenario, error) {
	if len(tags) == 0 {
		return list, nil
	}
	var known []string
	var kept []*Scenario
	for _, scenario := range list {
		known = append(known, scenario.Metadata.Tags...)
		if slices.ContainsFunc(scenario.Metadata.Tags, func(tag string) bool { return slices.Contains(tags, tag) }) {
			kept = append(kept, scenario)
		}
	}
	slices.Sort(known)
	known = slices.Compact(known)
	var problems []string
	for _, tag := range tags {
		if !slices.Contains(known, tag) {
			problems = append(problems, fmt.Sprintf("no scenario has the tag %q (%s)", tag, strictyaml.DidYouMean(tag, known)))
		}
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("%s", strings.Join(problems, "\n"))
	}
	return kept, nil
}
