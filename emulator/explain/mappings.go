package explain

import "slices"

// NeedsMappings reports whether a verdict is about a principal that nothing maps, so that [Verdict.WithMappings] may have
// something to add.
func (v Verdict) NeedsMappings() bool {
	return v.DecidedBy == HopMapper && v.Outcome == Unauthorized && v.Identity.CanonicalARN != "" &&
		slices.Contains([]string{"not-mapped", "not-mapped-user", "not-mapped-role", "not-mapped-sso", "no-access-entry", "aws-auth-malformed"}, v.Cause)
}

// WithMappings adds to such a verdict which of a cluster's mappings is nearest to the principal. They are those of now: an
// event does not tell which there were.
func (v Verdict) WithMappings(mappings []Mapping) Verdict {
	if !v.NeedsMappings() {
		return v
	}
	near, found := Closest(v.Identity.CanonicalARN, mappings)
	if !found {
		return v
	}
	v.Closest = &near
	if len(near.Differs) == 0 {
		v.Summary += "; by now it is mapped (" + near.Where + ")"
		return v
	}
	v.Summary += "; " + near.String()
	return v
}
