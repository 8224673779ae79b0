package iamapi

import (
	"fmt"
	"slices"
	"strings"

	"github.com/eksemu/eksemu/sts-fake/iam"
)

func tagOperations() map[string]operation {
	out := map[string]operation{}
	for _, kind := range []struct {
		name   string
		target func(*request) target
		tagged func(*request) (tagged, error)
	}{
		{"User", (*request).userTarget, (*request).taggedUser},
		{"Role", (*request).roleTarget, (*request).taggedRole},
		{"Policy", (*request).policyTarget, (*request).taggedPolicy},
		{"OpenIDConnectProvider", (*request).providerTarget, (*request).taggedProvider},
	} {
		named := existingUser
		switch kind.name {
		case "Role":
			named = roleName
		case "Policy":
			named = policyArn
		case "OpenIDConnectProvider":
			named = providerArn
		}
		out["Tag"+kind.name] = operation{members(named, tags), kind.target, func(r *request) (any, error) { return r.tag(kind.tagged) }}
		out["Untag"+kind.name] = operation{members(named, tagKeys), kind.target, func(r *request) (any, error) { return r.untag(kind.tagged) }}
		out["List"+kind.name+"Tags"] = operation{members(named, marker, maxItems), kind.target, func(r *request) (any, error) { return r.listTags(kind.tagged) }}
	}
	return out
}

type tagItem struct{ Key, Value string }

// showTags are tags in the order of their keys, as IAM's lists are (localstack, test_iam_policies). That other answers have
// the same order is inferred.
func showTags(tags []iam.EntityTag) []tagItem {
	items := []tagItem{}
	for _, tag := range tags {
		items = append(items, tagItem(tag))
	}
	slices.SortFunc(items, func(a, b tagItem) int { return strings.Compare(a.Key, b.Key) })
	return items
}

// tags are those that a request has.
func (r *request) tags() []iam.EntityTag {
	var out []iam.EntityTag
	for _, p := range r.Params.Members("Tags.member") {
		out = append(out, iam.EntityTag{Key: p.Get("Key"), Value: p.Get("Value")})
	}
	return out
}

// newTags are those that a request has for something of a kind, which may not have a key twice (localstack,
// test_iam_roles and test_iam_policies).
func (r *request) newTags(kind iam.EntityKind) ([]iam.EntityTag, error) {
	tags := r.tags()
	if iam.DuplicateTag(kind, tags) == "" {
		return tags, nil
	}
	if kind == iam.KindUser || kind == iam.KindRole {
		return nil, invalidInput("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
	}
	return nil, invalidInput("Duplicate tag keys found.")
}

// tagged is something that has tags.
type tagged struct {
	kind iam.EntityKind
	arn  string
	tags []iam.EntityTag
}

func (r *request) taggedUser() (tagged, error) {
	u, err := r.user()
	return tagged{iam.KindUser, u.ARN(r.store.Partition()), u.Tags}, err
}

func (r *request) taggedRole() (tagged, error) {
	role, err := r.role()
	return tagged{iam.KindRole, role.ARN(r.store.Partition()), role.Tags}, err
}

func (r *request) taggedPolicy() (tagged, error) {
	p, err := r.policy()
	if err == nil && ofAWS(p) && !strings.HasPrefix(r.Call.Operation, "List") {
		_, err = r.ownPolicy()
	}
	return tagged{iam.KindPolicy, r.Params.Get("PolicyArn"), p.Tags}, err
}

func (r *request) taggedProvider() (tagged, error) {
	p, err := r.provider()
	return tagged{iam.KindOIDCProvider, p.ARN(r.store.Partition()), p.Tags}, err
}

func (r *request) tag(find func(*request) (tagged, error)) (any, error) {
	t, err := find(r)
	if err != nil {
		return nil, err
	}
	tags, err := r.newTags(t.kind)
	if err != nil {
		return nil, err
	}
	return nil, r.store.Tag(t.arn, tags)
}

func (r *request) untag(find func(*request) (tagged, error)) (any, error) {
	t, err := find(r)
	if err != nil {
		return nil, err
	}
	return nil, r.store.Untag(t.arn, r.Params.Strings("TagKeys.member"))
}

type tagsResult struct {
	Tags []tagItem `xml:"Tags>member"`
	pageEnd
}

// listTags counts the tags to tell them apart: a key may be longer than a marker.
func (r *request) listTags(find func(*request) (tagged, error)) (any, error) {
	t, err := find(r)
	if err != nil {
		return nil, err
	}
	type numbered struct {
		number int
		tagItem
	}
	var items []numbered
	for i, tag := range showTags(t.tags) {
		items = append(items, numbered{i, tag})
	}
	page, end, err := paginate(r, items, func(n numbered) string { return fmt.Sprintf("%03d", n.number) })
	result := tagsResult{[]tagItem{}, end}
	for _, n := range page {
		result.Tags = append(result.Tags, n.tagItem)
	}
	return result, err
}
