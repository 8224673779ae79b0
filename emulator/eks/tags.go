package eks

import (
	"maps"
	"strings"
	"unicode/utf8"

	"github.com/eksemu/eksemu/sts-fake/iam"
)

// Bounds of tags (API reference, TagResource).
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

// reservedTagPrefix begins the keys that AWS's services set (user guide, "Organize Amazon EKS resources with tags").
const reservedTagPrefix = "aws:"

// checkTags refuses tags that break the rules of the user guide, with an exception of that name. The texts are ours.
func checkTags(exceptionName string, tags map[string]string) error {
	if len(tags) > maxTags {
		return tagRefusal(exceptionName, "A resource can have at most %d tags.", maxTags)
	}
	for key, value := range tags {
		if err := checkTagKey(exceptionName, key); err != nil {
			return err
		}
		if utf8.RuneCountInString(value) > maxTagValue {
			return tagRefusal(exceptionName, "The value of the tag %s should not be greater than %d characters.", key, maxTagValue)
		}
	}
	return nil
}

func checkTagKey(exceptionName, key string) error {
	switch {
	case strings.HasPrefix(strings.ToLower(key), reservedTagPrefix):
		return tagRefusal(exceptionName, "The tag key %s is invalid: the prefix aws: is reserved for AWS use.", key)
	case key == "" || utf8.RuneCountInString(key) > maxTagKey:
		return tagRefusal(exceptionName, "A tag key must have between 1 and %d characters.", maxTagKey)
	}
	return nil
}

func tagRefusal(exceptionName, format string, args ...any) error {
	if exceptionName == badRequest {
		return plain(exceptionName, format, args...)
	}
	return refuse(exceptionName, format, args...)
}

// The exceptions of the operations on tags (API reference).
const (
	badRequest = "BadRequestException"
	notFound   = "NotFoundException"
)

// tagged is a resource with tags: a cluster or an access entry.
type tagged struct {
	arn     string
	cluster string
	entry   bool
}

// taggedResource finds out what a request is about. The emulator has no other resources with tags. The texts are ours.
func (s *Server) taggedResource(r *request) (tagged, error) {
	arn, ok := iam.ParseARN(r.variable("resourceArn"))
	kind, rest, _ := strings.Cut(arn.Resource, "/")
	if !ok || arn.Service != serviceName || rest == "" {
		return tagged{}, plain(badRequest, "The resourceArn parameter format is not valid")
	}
	cluster, _, part := strings.Cut(rest, "/")
	t := tagged{arn: r.variable("resourceArn"), cluster: cluster, entry: kind == "access-entry" && part}
	here := arn.Partition == s.gate.Store.Partition() && arn.Region == r.scope.Region && arn.AccountID == r.scope.AccountID
	if !here || !t.entry && (kind != "cluster" || part) {
		return t, t.notFound()
	}
	return t, nil
}

func (t tagged) notFound() error { return plain(notFound, "No resource found for ARN: %s", t.arn) }

// find returns the resource's tags, its place among the entries, and whether there is such a resource.
func (t tagged) find(c *SavedCluster) (map[string]string, int, bool) {
	if c == nil {
		return nil, 0, false
	}
	if !t.entry {
		return c.Cluster.Tags, 0, true
	}
	for i, entry := range c.Entries {
		if entry.AccessEntry.ARN == t.arn {
			return entry.AccessEntry.Tags, i, true
		}
	}
	return nil, 0, false
}

// mayTag authorizes an operation on tags. Its resource is the one that the request names, whether it exists or not.
func (s *Server) mayTag(r *request, keys conditionKeys) (tagged, error) {
	t, unknown := s.taggedResource(r)
	c := s.clusters.read()[r.scope][t.cluster]
	tags, at, found := t.find(c)
	of := resourceTags(tags)
	switch {
	case t.entry && found:
		of = c.Entries[at].AccessEntry.keys()
	case t.entry: // whose it would be its ARN does not tell: it has no path
		of["eks:clusterName"] = []string{t.cluster}
	}
	if err := s.authorize(r, r.variable("resourceArn"), of.with(keys)); err != nil {
		return t, err
	}
	return t, unknown
}

// listTagsForResource answers ListTagsForResource.
func (s *Server) listTagsForResource(r *request) (any, error) {
	t, err := s.mayTag(r, nil)
	if err != nil {
		return nil, err
	}
	tags, _, found := t.find(s.clusters.read()[r.scope][t.cluster])
	if !found {
		return nil, t.notFound()
	}
	return struct {
		Tags map[string]string `json:"tags"`
	}{tags}, nil
}

type tagInput struct {
	Tags map[string]string `json:"tags"`
}

// tagResource answers TagResource: tags that the request does not name stay as they are.
func (s *Server) tagResource(r *request) (any, error) {
	var in tagInput
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	t, err := s.mayTag(r, conditionKeys{}.tags(in.Tags))
	if err != nil {
		return nil, err
	}
	if len(in.Tags) == 0 {
		return nil, plain(badRequest, "The parameter tags is required.") // ours
	}
	if err := checkTags(badRequest, in.Tags); err != nil {
		return nil, err
	}
	return nothing{}, s.editTags(r, t, func(tags map[string]string) error {
		maps.Copy(tags, in.Tags)
		if len(tags) > maxTags {
			return plain(badRequest, "A resource can have at most %d tags.", maxTags) // ours
		}
		return nil
	})
}

// untagResource answers UntagResource. Keys that the resource does not have are passed over.
func (s *Server) untagResource(r *request) (any, error) {
	keys := r.URL.Query()["tagKeys"]
	t, err := s.mayTag(r, conditionKeys{}.list("aws:TagKeys", keys))
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 || len(keys) > maxTags {
		return nil, plain(badRequest, "The parameter tagKeys must have between 1 and %d elements.", maxTags) // ours
	}
	for _, key := range keys {
		if err := checkTagKey(badRequest, key); err != nil {
			return nil, err
		}
	}
	return nothing{}, s.editTags(r, t, func(tags map[string]string) error {
		for _, key := range keys {
			delete(tags, key)
		}
		return nil
	})
}

// editTags applies a change to a copy of a resource's tags.
func (s *Server) editTags(r *request, t tagged, change func(map[string]string) error) error {
	return s.clusters.apply(r.scope, t.cluster, func(old *SavedCluster) (*SavedCluster, ChangeKind, error) {
		tags, at, found := t.find(old)
		if !found {
			return nil, "", t.notFound()
		}
		tags = maps.Clone(tags)
		if err := change(tags); err != nil {
			return nil, "", err
		}
		next := *old
		if t.entry {
			entry := *old.Entries[at]
			entry.AccessEntry.Tags = tags
			next.put(&entry)
		} else {
			next.Cluster.Tags = tags
		}
		return &next, "", nil
	})
}
