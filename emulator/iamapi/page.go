package iamapi

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/eksemu/eksemu/sts-fake/awsmodel"
)

// defaultItems is how many items a page has unless MaxItems says otherwise (IAM API reference, every list).
const defaultItems = 100

// pageEnd says whether there are more items than those of an answer, and how to get them.
type pageEnd struct {
	IsTruncated bool
	Marker      string `xml:",omitempty" json:",omitempty"`
}

// paginate is a page of items, in the order of their keys, which tell all items apart: it begins behind the key that the
// request's marker names, whether that item is still there or not. Markers are opaque at AWS. Its words about one that is
// none are what other emulators have (faiscadev/fakecloud#1615).
func paginate[T any](r *request, items []T, key func(T) string) ([]T, pageEnd, error) {
	items = slices.Clone(items)
	slices.SortStableFunc(items, func(a, b T) int { return strings.Compare(key(a), key(b)) })
	prefix := r.Call.Operation + ":"
	if given, ok := r.Params.Lookup("Marker"); ok {
		text, err := base64.StdEncoding.DecodeString(given)
		after, ours := strings.CutPrefix(string(text), prefix)
		if err != nil || !ours {
			return nil, pageEnd{}, awsmodel.ValidationError("Invalid Marker.")
		}
		items = slices.DeleteFunc(items, func(item T) bool { return key(item) <= after })
	}
	limit := awsmodel.Int(r.Params, "MaxItems", defaultItems)
	if len(items) <= limit {
		return items, pageEnd{}, nil
	}
	marker := base64.StdEncoding.EncodeToString([]byte(prefix + key(items[limit-1])))
	return items[:limit], pageEnd{IsTruncated: true, Marker: marker}, nil
}

// within says whether a path is below the prefix that a request asks for; any is without one.
func (r *request) within(path string) bool {
	return strings.HasPrefix(path, r.Params.Get("PathPrefix"))
}
