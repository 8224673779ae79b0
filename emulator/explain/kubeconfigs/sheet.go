package kubeconfigs

import "github.com/eksemu/eksemu/emulator/explain"

// Sheet is where a context leads, for people. The findings are not in it.
func (r Report) Sheet() explain.Sheet {
	s := explain.Sheet{Word: explain.CountFindings(r.Findings), Outcome: explain.Allowed, Subject: "in context " + r.Context + " of " + r.File}
	for _, f := range r.Findings {
		s.Outcome = explain.Denied
		if f.Severity == explain.SeverityError {
			s.Outcome = explain.Unauthorized
			break
		}
	}
	server := r.Server
	if r.Region != "" {
		server += ", region " + r.Region
	}
	s.Facts = []explain.Fact{{Label: "server", Text: server}, {Label: "user", Text: r.User}}
	if p := r.Plugin; p != nil {
		s.Facts = append(s.Facts, explain.Fact{Label: "token by", Text: p.Command + " (" + p.APIVersion + ")"},
			explain.Fact{Label: "for the cluster", Text: p.Cluster}, explain.Fact{Label: "for the region", Text: p.Region},
			explain.Fact{Label: "signed by", Text: p.Credentials}, explain.Fact{Label: "with the role", Text: p.Role})
	}
	return s
}
