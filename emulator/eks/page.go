package eks

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Bounds of maxResults, and its value when the request names none: the same for every list (EKS API reference).
const (
	minResults = 1
	maxResults = 100
)

// page is a part of a list, with the token that continues after it.
type page[T any] struct {
	items []T
	next  *string // null on the last page, says the API reference
}

// paginate cuts the page out of a list that a request's query asks for. The list is sorted by its keys.
func paginate[T any](r *request, items []T, key func(T) string) (page[T], error) {
	return paginateQuery(r.operation, r.URL.Query(), items, key)
}

func paginateQuery[T any](operation string, query url.Values, items []T, key func(T) string) (page[T], error) {
	limit, err := parseMaxResults(query.Get("maxResults"))
	if err != nil {
		return page[T]{}, err
	}
	after, found, err := parseNextToken(operation, query.Get("nextToken"))
	if err != nil {
		return page[T]{}, err
	}
	if found {
		first := slices.IndexFunc(items, func(item T) bool { return key(item) > after })
		if first < 0 {
			first = len(items)
		}
		items = items[first:]
	}
	p := page[T]{items: append([]T{}, items...)}
	if len(items) > limit {
		p.items = p.items[:limit]
		token := formatNextToken(operation, key(items[limit-1]))
		p.next = &token
	}
	return p, nil
}

// parseMaxResults reads the page size. The text of the refusal is ours.
func parseMaxResults(text string) (int, error) {
	if text == "" {
		return maxResults, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < minResults || n > maxResults {
		return 0, invalidParameter("The parameter maxResults must be a number between %d and %d.", minResults, maxResults)
	}
	return n, nil
}

// formatNextToken returns the token of an operation that continues after a key. It names the place rather than counting
// results, so something that comes or goes between two pages neither repeats nor hides another.
func formatNextToken(operation, key string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(operation + ":" + key))
}

// parseNextToken is the inverse of formatNextToken; there may be no token. One of another operation is refused with a text
// that is ours.
func parseNextToken(operation, token string) (key string, found bool, err error) {
	if token == "" {
		return "", false, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(token)
	key, ok := strings.CutPrefix(string(text), operation+":")
	if err != nil || !ok {
		return "", false, invalidParameter("The parameter nextToken is not one that %s has returned.", operation)
	}
	return key, true, nil
}

// itself is the key of what is its own.
func itself(name string) string { return name }
