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

// requestedTags reads the session tags of a request, and refuses those that contradict each other or the transitive
// tags of the caller's own session. The texts of this file are recorded (spec/sts.md section 2.2), with one case
// for each, but for that about reserved tags. Inferred are the order of the checks, that transitive keys are compared regardless of case like the keys
// of tags, and that a tag contradicts an inherited one even if it is not asked to be transitive: the recorded text is
// about transitive keys.
func requestedTags(r *request, transitiveKeys []string) ([]iam.Tag, error) {
	var tags []iam.Tag
	for _, m := range r.params.Members("Tags.member") {
		tags = append(tags, iam.Tag{Key: m.Get("Key"), Value: m.Get("Value")})
	}
	byKey, err := tagsByKey(tags)
	if err != nil {
		return nil, err
	}
	for _, key := range transitiveKeys {
		i, ok := byKey[strings.ToLower(key)]
		if !ok {
			return nil, invalidTags("The specified transitive tag key must be included in the requested tags.")
		}
		tags[i].Transitive = true
	}
	for _, inherited := range iam.TransitiveTags(r.caller) {
		if _, conflict := byKey[strings.ToLower(inherited.Key)]; conflict {
			return nil, invalidTags("One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
		}
	}
	return tags, nil
}

// tagsByKey are the places of tags by their keys, which do not distinguish case. That reserved tags are refused is
// documented (see [iam.Tag.Reserved]); code, text, and that they are before duplicates are not AWS's word.
func tagsByKey(tags []iam.Tag) (map[string]int, error) {
	if slices.ContainsFunc(tags, iam.Tag.Reserved) {
		return nil, invalidTags("Tag keys and values that begin with aws: are reserved for AWS.")
	}
	byKey := make(map[string]int, len(tags))
	for i, tag := range tags {
		byKey[strings.ToLower(tag.Key)] = i
	}
	if len(byKey) < len(tags) {
		return nil, invalidTags("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
	}
	return byKey, nil
}
