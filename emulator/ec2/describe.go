package ec2

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/eksemu/eksemu/sts-fake/awsquery"
)

// Bounds of MaxResults (EC2 API reference, DescribeInstances).
const (
	minResults = 5
	maxResults = 1000
)

// scope is where an instance lives and where a caller looks.
type scope struct{ accountID, region string }

// page is an answer of DescribeInstances.
type page struct {
	instances []Instance
	nextToken string
}

// describeInstances answers DescribeInstances. instances are those of the caller's account and region, sorted
// by ID. The error is an *awsquery.Error.
func describeInstances(params awsquery.Params, instances []Instance) (page, error) {
	ids := params.Strings("InstanceId")
	limit, err := parseMaxResults(params, len(ids) > 0)
	if err != nil {
		return page{}, err
	}
	found, err := selectIDs(instances, ids)
	if err != nil {
		return page{}, err
	}
	if found, err = selectFilters(found, params.Members("Filter")); err != nil {
		return page{}, err
	}
	if params.Get("DryRun") == "true" {
		return page{}, &awsquery.Error{ // inferred
			Status: http.StatusPreconditionFailed, Code: "DryRunOperation",
			Message: "Request would have succeeded, but DryRun flag is set.",
		}
	}
	return paginate(found, params.Get("NextToken"), limit)
}

// selectIDs keeps the instances with the given IDs, or all if none is given. EC2 refuses the request as a
// whole if one ID is malformed or unknown.
func selectIDs(instances []Instance, ids []string) ([]Instance, error) {
	if len(ids) == 0 {
		return instances, nil
	}
	for _, id := range ids {
		if !instanceID.MatchString(id) {
			// Recorded at github.com/ClusterLabs/cluster-glue pull 29. That the first of several is named is inferred.
			return nil, badRequest("InvalidInstanceID.Malformed", fmt.Sprintf(`Invalid id: "%s"`, id))
		}
	}
	var found []Instance
	known := map[string]bool{}
	for _, i := range instances {
		if slices.Contains(ids, i.InstanceID) {
			found = append(found, i)
			known[i.InstanceID] = true
		}
	}
	unknown := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return known[id] })
	switch len(unknown) {
	case 0:
		return found, nil
	case 1:
		return nil, badRequest("InvalidInstanceID.NotFound", fmt.Sprintf("The instance ID '%s' does not exist", unknown[0]))
	}
	// The plural is what the rusoto client's integration test expects of AWS.
	return nil, badRequest("InvalidInstanceID.NotFound", fmt.Sprintf("The instance IDs '%s' do not exist", strings.Join(unknown, ", ")))
}

// parseMaxResults reads the page size; without one everything fits a page.
func parseMaxResults(params awsquery.Params, withIDs bool) (int, error) {
	text, ok := params.Lookup("MaxResults")
	if !ok {
		return maxResults, nil
	}
	if withIDs { // recorded at github.com/getmoto/moto issue 6282
		return 0, badRequest("InvalidParameterCombination", "The parameter instancesSet cannot be used with the parameter maxResults")
	}
	n, err := strconv.Atoi(text)
	if err != nil { // ours
		return 0, badRequest("InvalidParameterValue", fmt.Sprintf("Value ( %s ) for parameter maxResults is invalid. Expecting a number.", text))
	}
	if n < minResults { // recorded at github.com/aws/aws-sdk-ruby pull 2575
		return 0, badRequest("InvalidParameterValue",
			fmt.Sprintf("Value ( %d ) for parameter maxResults is invalid. Expecting a value greater than %d.", n, minResults))
	}
	return min(n, maxResults), nil // that EC2 takes a larger value as the largest one is inferred
}

// tokenPrefix marks the continuation tokens of DescribeInstances.
const tokenPrefix = "DescribeInstances:"

// paginate cuts one page out of instances. The token names the last instance of the page before.
func paginate(instances []Instance, token string, limit int) (page, error) {
	if token != "" {
		text, err := base64.RawURLEncoding.DecodeString(token)
		after, ok := strings.CutPrefix(string(text), tokenPrefix)
		if err != nil || !ok { // recorded at github.com/aws/karpenter-provider-aws issue 6061 for another operation
			return page{}, badRequest("InvalidParameterValue", "The NextToken is invalid.")
		}
		instances = slices.DeleteFunc(slices.Clone(instances), func(i Instance) bool { return i.InstanceID <= after })
	}
	if len(instances) <= limit {
		return page{instances: instances}, nil
	}
	last := instances[limit-1].InstanceID
	return page{
		instances: instances[:limit],
		nextToken: base64.RawURLEncoding.EncodeToString([]byte(tokenPrefix + last)),
	}, nil
}

func badRequest(code, message string) *awsquery.Error {
	return &awsquery.Error{Status: http.StatusBadRequest, Code: code, Message: message}
}
