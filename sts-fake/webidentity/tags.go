package webidentity

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4/json"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Names of the claims by which an issuer passes session tags on to AWS (IAM User Guide, "Pass session tags in AWS STS",
// section AssumeRoleWithWebIdentity). The guide has two forms: one claim with everything in it, and, for issuers that
// cannot nest claims, one claim per tag and one for the transitive keys.
const (
	tagsClaim           = "https://aws.amazon.com/tags"
	tagClaimPrefix      = tagsClaim + "/principal_tags/" // and the tag's key
	transitiveKeysClaim = tagsClaim + "/transitive_tag_keys"
)

// tagClaims are the session tags of a token, in either form.
type tagClaims struct {
	Principal  map[string]jwt.Audience `json:"principal_tags"` // a text, or a list of them
	Transitive jwt.Audience            `json:"transitive_tag_keys"`
}

// readTags reads the session tags of a token, in the order of their keys. The nested form has lists of one text, the
// flat one texts. That each takes the other's values as well, and a bare text for a list of transitive keys, is
// inferred. A token with both forms is [ErrMalformed]: what AWS makes of it is not known.
func readTags(raw map[string]json.RawMessage) ([]Tag, error) {
	flat, err := readFlatTags(raw)
	if err != nil {
		return nil, err
	}
	if _, ok := raw[tagsClaim]; !ok {
		return flat.list()
	}
	if len(flat.Principal) > 0 || len(flat.Transitive) > 0 {
		return nil, fmt.Errorf("%w: it has session tags in claim %q and in claims of their own", ErrMalformed, tagsClaim)
	}
	var nested tagClaims
	if err := readClaim(raw, tagsClaim, &nested); err != nil {
		return nil, err
	}
	return nested.list()
}

func readFlatTags(raw map[string]json.RawMessage) (tagClaims, error) {
	out := tagClaims{Principal: map[string]jwt.Audience{}}
	for name := range raw {
		key, ok := strings.CutPrefix(name, tagClaimPrefix)
		if !ok {
			continue
		}
		var values jwt.Audience
		if err := readClaim(raw, name, &values); err != nil {
			return tagClaims{}, err
		}
		out.Principal[key] = values
	}
	return out, readClaim(raw, transitiveKeysClaim, &out.Transitive)
}

// list is the tags one by one. Several values of one tag are not supported, by the same page; that the token is
// [ErrMalformed] then is inferred, as AWS's words for it are not known. So is that a transitive key without a tag is.
func (c tagClaims) list() ([]Tag, error) {
	for _, key := range c.Transitive {
		if _, ok := c.Principal[key]; !ok {
			return nil, fmt.Errorf("%w: claim %q has a transitive key without a tag", ErrMalformed, tagsClaim)
		}
	}
	var tags []Tag
	for _, key := range slices.Sorted(maps.Keys(c.Principal)) {
		if len(c.Principal[key]) != 1 {
			return nil, fmt.Errorf("%w: claim %q has a tag without exactly one value", ErrMalformed, tagsClaim)
		}
		tags = append(tags, Tag{key, c.Principal[key][0], slices.Contains(c.Transitive, key)})
	}
	return tags, nil
}
