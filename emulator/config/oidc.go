package config

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"go.yaml.in/yaml/v3"

	"github.com/eksemu/eksemu/sts-fake/iam"
)

// OIDCProvider is an IAM OpenID Connect provider: an account's trust in the tokens of an issuer, which are exchanged
// for the session of a role by AssumeRoleWithWebIdentity.
//
// As on AWS, a cluster's issuer has no provider until somebody makes one. One of Keys, KeysFile and neither is
// written: without any, the keys are those of the cluster with this issuer, or are fetched from the issuer, as AWS does.
type OIDCProvider struct {
	Cluster     string   `yaml:"cluster,omitempty"` // the cluster of this name issues the tokens; in place of url
	URL         string   `yaml:"url"`               // https://…: the "iss" of the tokens
	Account     string   `yaml:"account"`           // 12 digits; the environment's if left out
	ClientIDs   []string `yaml:"clientIds"`         // audiences that are accepted: the "aud" of the tokens
	Thumbprints []string `yaml:"thumbprints,omitempty"`
	Keys        KeySet   `yaml:"keys,omitempty"`
	KeysFile    string   `yaml:"keysFile,omitempty"`

	// FileKeys is the content of KeysFile. Load reads it.
	FileKeys KeySet `yaml:"-"`
}

// KeySet is a JSON Web Key Set (RFC 7517) of public keys as JSON. In a file it is a YAML mapping or a string that
// holds JSON.
type KeySet string

// UnmarshalYAML takes a mapping, which it turns into JSON, or JSON as text. Whether it is a key set is not checked
// here.
func (k *KeySet) UnmarshalYAML(n *yaml.Node) error {
	json, err := jsonText(n, "a JSON Web Key Set")
	*k = KeySet(json)
	return err
}

// parse reads the keys. The error does not repeat any of them.
func (k KeySet) parse() (jose.JSONWebKeySet, error) {
	var raw struct{ Keys []json.RawMessage }
	if err := json.Unmarshal([]byte(k), &raw); err != nil {
		return jose.JSONWebKeySet{}, errors.New("not a JSON Web Key Set: write an object with a list of keys")
	}
	var set jose.JSONWebKeySet
	for i, text := range raw.Keys {
		var key jose.JSONWebKey
		switch err := json.Unmarshal(text, &key); {
		case err != nil:
			return jose.JSONWebKeySet{}, fmt.Errorf("key %d is not a JSON Web Key that can be used: write an RSA or EC key", i+1)
		case !key.IsPublic():
			return jose.JSONWebKeySet{}, fmt.Errorf("key %d is not a public key: leave its secret members out", i+1)
		case !isUsable(key):
			return jose.JSONWebKeySet{}, fmt.Errorf("key %d is of a kind that STS does not verify with: write an RSA or EC key", i+1)
		}
		set.Keys = append(set.Keys, key)
	}
	if len(set.Keys) == 0 {
		return jose.JSONWebKeySet{}, errors.New("no key: write at least one, or leave the set out")
	}
	return set, nil
}

// isUsable reports whether STS takes tokens that are signed with a key (spec/sts.md: RS256 to ES512).
func isUsable(key jose.JSONWebKey) bool {
	switch key.Key.(type) {
	case *rsa.PublicKey, *ecdsa.PublicKey:
		return true
	}
	return false
}

// IssuerKeys are the keys of the issuers for which the file has some, by URL. STS then asks nobody for them. Where two
// accounts have keys of one issuer, they are all its keys.
func (e *Environment) IssuerKeys() map[string]jose.JSONWebKeySet {
	sets := map[string]jose.JSONWebKeySet{}
	for _, provider := range e.OIDCProviders {
		for _, keys := range []KeySet{provider.Keys, provider.FileKeys} {
			if parsed, err := keys.parse(); err == nil {
				sets[provider.URL] = jose.JSONWebKeySet{Keys: append(sets[provider.URL].Keys, parsed.Keys...)}
			}
		}
	}
	return sets
}

// ARN is the name of the provider in trust policies.
func (p OIDCProvider) ARN(partition string) string { return p.translated().ARN(partition) }

// translated is the provider as the IAM package has it.
func (p OIDCProvider) translated() iam.OIDCProvider {
	return iam.OIDCProvider{AccountID: p.Account, URL: p.URL, ClientIDs: p.ClientIDs, Thumbprints: p.Thumbprints}
}

// Issuer is the OpenID Connect issuer of the cluster of this name, https://oidc.eks.REGION.amazonaws.com/id/ID, where
// ID is 32 upper-case hex digits, and whether there is that cluster. AWS draws the ID at random; here it is derived from
// the cluster's ARN, so that the same file always has the same. In other partitions the domain is theirs; that issuers
// follow it there is inferred.
func (e *Environment) Issuer(cluster string) (string, bool) {
	if cluster == "" || !slices.ContainsFunc(e.Clusters, func(c Cluster) bool { return c.Name == cluster }) {
		return "", false
	}
	partition := iam.PartitionOfRegion(e.Region)
	arn := fmt.Sprintf("arn:%s:eks:%s:%s:cluster/%s", partition.ID, e.Region, e.Account, cluster)
	sum := sha256.Sum256([]byte("oidc\x00" + arn))
	return fmt.Sprintf("https://oidc.eks.%s.%s/id/%X", e.Region, partition.DNSSuffix, sum[:16]), true
}

// issuerPlaceholder is what a trust policy writes for the issuer of a cluster without https://, which nobody knows
// before there is the cluster. AWS's documentation has a shell variable in this place.
var issuerPlaceholder = regexp.MustCompile(`\{\{OIDCProvider ([^{}]*)\}\}`)

// fillIn replaces placeholders in a trust policy. Those of unknown clusters stay.
func (e *Environment) fillIn(policy PolicyDocument) PolicyDocument {
	return PolicyDocument(issuerPlaceholder.ReplaceAllStringFunc(string(policy), func(placeholder string) string {
		issuer, ok := e.Issuer(issuerPlaceholder.FindStringSubmatch(placeholder)[1])
		if !ok {
			return placeholder
		}
		return strings.TrimPrefix(issuer, "https://")
	}))
}
