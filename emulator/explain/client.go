package explain

import "strings"

// ForClient explains why kubectl, by what it printed, sent no request: something about its kubeconfig or its exec plugin.
// It reports false for any other text.
func ForClient(printed string) (Verdict, bool) {
	for _, cause := range clientCauses() {
		_, found, ok := recognise([]Cause{cause}, printed)
		if !ok {
			continue
		}
		f := facts{}
		for name, value := range found {
			value, _, _ = strings.Cut(value, "\n")
			f.set(name, value)
		}
		v := Verdict{
			Outcome: cause.Outcome, DecidedBy: cause.Hop, Cause: cause.ID, Summary: f.fill(cause.Sentence), Fix: f.fill(cause.Fix),
			Evidence: Evidence{Component: "kubectl", Text: lineWith(printed, cause)}, Question: "nothing was asked",
		}
		v.Steps = []Step{{Hop: HopClient, State: StateRefused, Detail: v.Evidence.Text}}
		for _, hop := range []Hop{HopToken, HopSTS, HopMapper, HopAPIServer, HopRBAC} {
			v.Steps = append(v.Steps, Step{Hop: hop, State: StateNotReached})
		}
		v.clean()
		return v, true
	}
	return Verdict{}, false
}

// lineWith is the line of a text in which a cause was recognised.
func lineWith(text string, cause Cause) string {
	for line := range strings.Lines(text) {
		if _, _, ok := recognise([]Cause{cause}, line); ok {
			return strings.TrimSpace(line)
		}
	}
	return strings.TrimSpace(text)
}
