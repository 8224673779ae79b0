package awsauth

import (
	"encoding/json"
	"errors"
	"strings"

	"gopkg.in/yaml.v2"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
)

// Mapping is an entry that the authenticator keeps, as it understands it.
type Mapping struct {
	Section  string   `json:"section"` // mapRoles or mapUsers
	ARN      string   `json:"arn"`     // as written; "" for one with an SSO matcher
	Username string   `json:"username"`
	Groups   []string `json:"groups,omitempty"`
}

// The two kinds of entries, of which each knows its own ARN alone. Their keys count in any case: YAML becomes JSON, and encoding/json is like that.
type roleEntry struct {
	RoleARN  string   `json:"rolearn"`
	SSO      *sso     `json:"sso"`
	Username string   `json:"username"`
	Groups   []string `json:"groups"`
	UserID   string   `json:"userid"`
}

type userEntry struct {
	UserARN  string   `json:"userarn"`
	Username string   `json:"username"`
	Groups   []string `json:"groups"`
	UserID   string   `json:"userid"`
}

// sso is config.SSOARNMatcher.
type sso struct {
	PermissionSetName string `json:"permissionSetName"`
	AccountID         string `json:"accountID"`
	Partition         string `json:"partition"`
}

// isEmpty is isSkippable of upstream: what counts as nothing.
func isEmpty(text string) bool {
	switch strings.TrimSpace(text) {
	case "", "``", `""`, "''":
		return true
	}
	return false
}

// roles is what ParseMap of upstream makes of a text in mapRoles. The mappings that come with an error count.
func roles(text string) ([]Mapping, error) {
	list, err := decodeList[roleEntry](text)
	var kept []Mapping
	for _, e := range list {
		if e.RoleARN != "" && e.SSO == nil {
			kept = append(kept, Mapping{mapRoles, e.RoleARN, e.Username, e.Groups})
		}
	}
	return kept, err
}

// users is the same for mapUsers.
func users(text string) ([]Mapping, error) {
	list, err := decodeList[userEntry](text)
	var kept []Mapping
	for _, e := range list {
		if e.UserARN != "" {
			kept = append(kept, Mapping{mapUsers, e.UserARN, e.Username, e.Groups})
		}
	}
	return kept, err
}

// accounts is the same for mapAccounts, which goes through another parser: numbers keep their digits.
func accounts(text string) ([]string, error) {
	if isEmpty(text) {
		return nil, nil
	}
	var list []string
	err := yaml.Unmarshal([]byte(text), &list)
	return list, err
}

func decodeList[T any](text string) ([]T, error) {
	if isEmpty(text) {
		return nil, nil
	}
	asJSON, err := utilyaml.ToJSON([]byte(text))
	if err != nil {
		return nil, err
	}
	var list []T
	err = json.Unmarshal(asJSON, &list)
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		return list, err // what could be read is there
	}
	return list, err
}
