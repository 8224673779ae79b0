package eks

import (
	"encoding/json"
	"net/url"
	"strconv"
)

// emptyList answers an operation that lists what a cluster never has here: node groups, add-ons and so on. member is
// where the list stands in the answer. Whether AWS names the cluster in the exception for an unknown one is recorded for
// ListFargateProfiles, where it does, and for ListIdentityProviderConfigs, where it does not and the text has no final
// period (github.com/hashicorp/terraform-provider-aws issue 26528); for the others it is inferred from the former.
func (s *Server) emptyList(member string) func(*request) (any, error) {
	return func(r *request) (any, error) {
		name := r.variable("name")
		if err := s.mayCluster(r, name, nil); err != nil {
			return nil, err
		}
		if _, err := s.find(r, name); err != nil {
			if member == "identityProviderConfigs" {
				return nil, refuse("ResourceNotFoundException", "No cluster found for name: %s", name)
			}
			return nil, named(err, name)
		}
		return s.noneOf(r, member)
	}
}

// noClusterList is emptyList for what belongs to no cluster.
func (s *Server) noClusterList(member string) func(*request) (any, error) {
	return func(r *request) (any, error) {
		if err := s.authorize(r, "*", nil); err != nil {
			return nil, err
		}
		return s.noneOf(r, member)
	}
}

// noneOf is the one page of an empty list. ListInsights has its page in the body.
func (s *Server) noneOf(r *request, member string) (any, error) {
	query := r.URL.Query()
	if len(r.body) > 0 {
		var in struct {
			MaxResults *int    `json:"maxResults"`
			NextToken  *string `json:"nextToken"`
		}
		if err := r.decode(&in); err != nil {
			return nil, err
		}
		query = url.Values{}
		if in.MaxResults != nil {
			query.Set("maxResults", strconv.Itoa(*in.MaxResults))
		}
		if in.NextToken != nil {
			query.Set("nextToken", *in.NextToken)
		}
	}
	none, err := paginateQuery(r.operation, query, []json.RawMessage{}, func(json.RawMessage) string { return "" })
	if err != nil {
		return nil, err
	}
	return map[string]any{member: none.items, "nextToken": none.next}, nil
}

// describeIdentityProviderConfig answers DescribeIdentityProviderConfig: there are none. The text is recorded
// (github.com/eksctl-io/eksctl issue 6293).
func (s *Server) describeIdentityProviderConfig(r *request) (any, error) {
	name := r.variable("name")
	var in struct {
		IdentityProviderConfig *struct {
			Type *string `json:"type"`
			Name *string `json:"name"`
		} `json:"identityProviderConfig"`
	}
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	config := in.IdentityProviderConfig
	if config == nil || config.Type == nil || config.Name == nil {
		return nil, missing("identityProviderConfig")
	}
	if err := s.authorize(r, s.identityProviderARN(r, name, *config.Type, *config.Name), nil); err != nil {
		return nil, err
	}
	if _, err := s.find(r, name); err != nil {
		return nil, err
	}
	return nil, refuse("ResourceNotFoundException", "No config found for cluster: %s, config type: %s, config name: %s", name, *config.Type, *config.Name)
}

// identityProviderARN is the ARN of any identity provider configuration of a type and name (service authorization
// reference, resource types). Which one AWS names if there is none is not known.
func (s *Server) identityProviderARN(r *request, cluster, kind, name string) string {
	return "arn:" + s.gate.Store.Partition() + ":eks:" + r.scope.Region + ":" + r.scope.AccountID +
		":identityproviderconfig/" + cluster + "/" + kind + "/" + name + "/*"
}
