package audit

import (
	"slices"
	"strings"

	"github.com/eksemu/eksemu/emulator/trace"
)

// Bounds of an event's texts, in bytes, and of its lists. A client chooses most of them and the API server takes up
// to a megabyte of headers, also from clients that it then refuses; the trace keeps thousands of events.
const (
	maxField   = 1 << 10 // names, the URI, the user agent
	maxMessage = 4 << 10 // what the API server and its authorizers say
	maxList    = 256     // groups, keys of user.extra, values of one key
)

// bound cuts everything in a request that is too long, with "…" in the place of what is missing.
func bound(r *trace.Request) {
	for _, text := range []*string{
		&r.AuditID, &r.Verb, &r.URI, &r.UserAgent, &r.Username, &r.UID, &r.Impersonate, &r.Resource, &r.Namespace, &r.Name, &r.Decision,
	} {
		*text = cut(*text, maxField)
	}
	r.Message, r.Reason = cut(r.Message, maxMessage), cut(r.Reason, maxMessage)
	r.Groups, r.ImpersonateGroups = cutList(r.Groups), cutList(r.ImpersonateGroups)
	r.Extra = cutExtra(r.Extra)
	if review := r.Review; review != nil {
		for _, text := range []*string{&review.Verb, &review.Group, &review.Resource, &review.Namespace, &review.Name, &review.Path} {
			*text = cut(*text, maxField)
		}
		review.Reason, review.Error = cut(review.Reason, maxMessage), cut(review.Error, maxMessage)
	}
}

// CutPolicyReview cuts everything in a review of access policies that is too long, as it is in requests.
func CutPolicyReview(r *trace.PolicyReview) {
	for _, text := range []*string{&r.Username, &r.Verb, &r.Group, &r.Resource, &r.Namespace, &r.Name, &r.Path} {
		*text = cut(*text, maxField)
	}
	r.Reason = cut(r.Reason, maxMessage)
	r.Policies, r.Unknown = cutList(slices.Clone(r.Policies)), cutList(slices.Clone(r.Unknown))
}

func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	const ellipsis = "…"
	return strings.ToValidUTF8(text[:limit-len(ellipsis)], "") + ellipsis
}

func cutList(list []string) []string {
	list = list[:min(len(list), maxList)]
	for i, text := range list {
		list[i] = cut(text, maxField)
	}
	return list
}

// cutExtra drops keys that are too long or too many: a shortened key would be another one.
func cutExtra(extra map[string][]string) map[string][]string {
	for key, values := range extra {
		if len(key) > maxField || len(extra) > maxList {
			delete(extra, key)
			continue
		}
		extra[key] = cutList(values)
	}
	return extra
}
