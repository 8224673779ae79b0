package stsfake

import (
	"net/http"
	"slices"
	"strings"

	"github.com/eksemu/eksemu/sts-fake/awsquery"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

func invalidTags(message string) error {
	return &awsquery.Error{Status: http.StatusBadRequest, Code: "InvalidParameterValue", Message: message}
}

// requestedTags marks the requested tags that are transitive, and refuses a list that contradicts itself or the
// transitive tags of the caller's own session. The three texts are recorded (spec/sts.md section 2.2), with one case
// for each. Inferred are the order of the checks, that transitive keys are compared regardless of case like the keys
// of tags, and that a tag contradicts an inherited one even if it is not asked to be transitive: the recorded text is
// about transitive keys.
func requestedTags(caller iam.Caller, in assumeRoleInput) ([]iam.Tag, error) {
	tags := slices.Clone(in.tags)
	byKey := map[string]int{} // keys do not distinguish case
	for i, tag := range tags {
		byKey[strings.ToLower(tag.Key)] = i
	}
	if len(byKey) < len(tags) {
		return nil, invalidTags("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
	}
	for _, key := range in.transitiveKeys {
		i, ok := byKey[strings.ToLower(key)]
		if !ok {
			return nil, invalidTags("The specified transitive tag key must be included in the requested tags.")
		}
		tags[i].Transitive = true
	}
	for _, inherited := range iam.TransitiveTags(caller) {
		if _, conflict := byKey[strings.ToLower(inherited.Key)]; conflict {
			return nil, invalidTags("One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
		}
	}
	return tags, nil
}
