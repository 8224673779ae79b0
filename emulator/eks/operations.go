package eks

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Bounds of maxResults, and its value when the request names none (EKS API reference, ListClusters).
const (
	minResults = 1
	maxResults = 100
)

// listClusters answers ListClusters: the names of the caller's clusters, at most maxResults of them. That they
// come sorted is ours.
func (s *Server) listClusters(r request) (any, *exception) {
	query := r.URL.Query()
	limit, refusal := parseMaxResults(query.Get("maxResults"))
	if refusal != nil {
		return nil, refusal
	}
	if refusal := checkInclude(query["include"]); refusal != nil {
		return nil, refusal
	}
	after, refusal := parseNextToken(query.Get("nextToken"))
	if refusal != nil {
		return nil, refusal
	}
	names := s.clusters.List(r.scope)
	first, found := slices.BinarySearch(names, after)
	if found {
		first++
	}
	names = names[first:]
	var next *string
	if len(names) > limit {
		names = names[:limit]
		token := formatNextToken(names[limit-1])
		next = &token
	}
	return struct {
		Clusters  []string `json:"clusters"`
		NextToken *string  `json:"nextToken"` // null on the last page, says the API reference
	}{append([]string{}, names...), next}, nil
}

// describeCluster answers DescribeCluster.
func (s *Server) describeCluster(r request) (any, *exception) {
	name := r.variable("name")
	if refusal := checkName(name); refusal != nil {
		return nil, refusal
	}
	cluster, ok := s.clusters.Cluster(r.scope, name)
	if !ok {
		return nil, clusterNotFound(name)
	}
	return struct {
		Cluster Cluster `json:"cluster"`
	}{cluster}, nil
}

// unknownOperation answers everything that routes does not list. Code and status are those that AWS's
// services commonly use; the text is ours.
func (s *Server) unknownOperation(r request) (any, *exception) {
	var known []string
	for _, route := range s.routes() {
		known = append(known, fmt.Sprintf("%s (%s %s)", route.operation, route.method, route.path))
	}
	return nil, &exception{
		Status: http.StatusNotFound,
		Type:   "UnknownOperationException",
		Body: messageBody{fmt.Sprintf("eksemu does not emulate %s %s of the EKS API. It answers %s.",
			r.Method, r.URL.EscapedPath(), strings.Join(known, ", "))},
	}
}

// checkName refuses what cannot be a cluster name. Both texts are recorded answers to DescribeCluster: for the
// characters github.com/surajincloud/kubectl-eks issue 72 (the space that is missing is missing there too), for
// the length github.com/radius-project/samples issue 1702. Which one AWS gives for a name that breaks both
// rules is not recorded.
func checkName(name string) *exception {
	if !clusterName.MatchString(name) {
		return invalidParameter(`The parameter name contains invalid characters. It should conform to the regular expression ` +
			`"^[0-9A-Za-z][A-Za-z0-9-_]*"In other words, it should start with a number or letter, and can contain ` +
			`numbers, letters, dashes, and underscores.`)
	}
	if len(name) > maxNameLength {
		return invalidParameter(fmt.Sprintf("The parameter name should not be greater than %d characters.", maxNameLength))
	}
	return nil
}

// parseMaxResults reads the page size. The text of the refusal is ours.
func parseMaxResults(text string) (int, *exception) {
	if text == "" {
		return maxResults, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < minResults || n > maxResults {
		return 0, invalidParameter(fmt.Sprintf("The parameter maxResults must be a number between %d and %d.", minResults, maxResults))
	}
	return n, nil
}

// checkInclude accepts what the API reference allows: "all", in lower case, or nothing. "all" adds connected
// clusters, of which the emulator has none. The text of the refusal is ours.
func checkInclude(values []string) *exception {
	for _, value := range values {
		if value != "" && value != "all" {
			return invalidParameter("The parameter include must be all, or absent.")
		}
	}
	return nil
}

// tokenPrefix marks the continuation tokens of ListClusters, so that one of another operation is refused.
const tokenPrefix = "ListClusters:"

// formatNextToken returns the token that continues after a name. It names the place rather than counting
// results, so a cluster that comes or goes between two pages neither repeats nor hides another one.
func formatNextToken(name string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(tokenPrefix + name))
}

// parseNextToken is the inverse of formatNextToken; without a token the name is empty. The text of the
// refusal is ours.
func parseNextToken(token string) (string, *exception) {
	if token == "" {
		return "", nil
	}
	text, err := base64.RawURLEncoding.DecodeString(token)
	name, ok := strings.CutPrefix(string(text), tokenPrefix)
	if err != nil || !ok || !clusterName.MatchString(name) {
		return "", invalidParameter("The parameter nextToken is not one that ListClusters has returned.")
	}
	return name, nil
}
