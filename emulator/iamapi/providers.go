package iamapi

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/eksemu/eksemu/sts-fake/awsmodel"
	"github.com/eksemu/eksemu/sts-fake/awsquery"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

func providerOperations() map[string]operation {
	ofProvider := (*request).providerTarget
	clientID := awsmodel.Required("ClientID", clientIDType)
	return map[string]operation{
		"CreateOpenIDConnectProvider": {
			members(awsmodel.Required("Url", providerURLType), awsmodel.Optional("ClientIDList", clientIDListType),
				awsmodel.Optional("ThumbprintList", thumbprintListType), optional(tags)),
			(*request).newProviderTarget, (*request).createProvider,
		},
		"GetOpenIDConnectProvider":    {members(providerArn), ofProvider, (*request).getProvider},
		"DeleteOpenIDConnectProvider": {members(providerArn), ofProvider, (*request).deleteProvider},
		"ListOpenIDConnectProviders":  {nil, (*request).providersTarget, (*request).listProviders},
		"UpdateOpenIDConnectProviderThumbprint": {
			members(providerArn, awsmodel.Required("ThumbprintList", thumbprintListType)), ofProvider, (*request).updateThumbprint,
		},
		"AddClientIDToOpenIDConnectProvider":      {members(providerArn, clientID), ofProvider, (*request).addClientID},
		"RemoveClientIDFromOpenIDConnectProvider": {members(providerArn, clientID), ofProvider, (*request).removeClientID},
	}
}

// provider is the identity provider that a request names, of the caller's account.
func (r *request) provider() (iam.OIDCProvider, error) {
	text := r.Params.Get("OpenIDConnectProviderArn")
	arn, ok := iam.ParseARN(text)
	name, isProvider := strings.CutPrefix(arn.Resource, "oidc-provider/")
	if !ok || !isProvider || arn.Service != "iam" {
		return iam.OIDCProvider{}, invalidInput(fmt.Sprintf("ARN %s is not valid.", text)) // inferred from policies
	}
	if arn.AccountID != r.account() || arn.Partition != r.store.Partition() {
		return iam.OIDCProvider{}, r.noSuchProvider()
	}
	return r.store.OIDCProvider(r.account(), name)
}

// noSuchProvider has words of its own where something is changed: recorded for DeleteOpenIDConnectProvider and
// GetOpenIDConnectProvider (localstack, test_iam_oidc), and inferred for the others.
func (r *request) noSuchProvider() error {
	arn := r.Params.Get("OpenIDConnectProviderArn")
	if strings.HasPrefix(r.Call.Operation, "Delete") {
		return noSuchEntity("OpenId connect Provider %s cannot be found.", arn)
	}
	return noSuchEntity("OpenIDConnect Provider not found for arn %s", arn)
}

// Thumbprints beyond the fifth are refused in words that have them one too few (localstack, test_iam_oidc).
const (
	maxThumbprints     = 5
	thumbprintsMessage = "Thumbprint list must contain fewer than 5 entries."
)

func (r *request) thumbprints() ([]string, error) {
	list := r.Params.Strings("ThumbprintList.member")
	if len(list) > maxThumbprints {
		return nil, invalidInput(thumbprintsMessage)
	}
	return list, nil
}

type providerCreated struct {
	OpenIDConnectProviderArn string
	Tags                     []tagItem `xml:"Tags>member,omitempty" json:",omitempty"`
}

// createProvider trusts an issuer without asking it: IAM would fetch its certificate if the request has no thumbprints.
func (r *request) createProvider() (any, error) {
	issuer := r.Params.Get("Url")
	if u, err := url.Parse(issuer); err != nil || u.Scheme != "https" || u.Host == "" { // the words are recorded (same)
		return nil, awsmodel.ValidationError("Invalid Open ID Connect Provider URL")
	}
	tags, err := r.newTags(iam.KindOIDCProvider)
	if err != nil {
		return nil, err
	}
	thumbprints, err := r.thumbprints()
	if err != nil {
		return nil, err
	}
	p := iam.OIDCProvider{
		AccountID: r.account(), URL: issuer, ClientIDs: r.Params.Strings("ClientIDList.member"), Thumbprints: thumbprints, Tags: tags,
	}
	result := providerCreated{p.ARN(r.store.Partition()), nil}
	if len(tags) > 0 {
		result.Tags = showTags(tags)
	}
	return result, r.store.CreateOIDCProvider(p)
}

// providerResult has the issuer without its scheme, as the IAM API reference's sample does.
type providerResult struct {
	URL            string   `xml:"Url" json:"Url"`
	ClientIDList   []string `xml:"ClientIDList>member"`
	ThumbprintList []string `xml:"ThumbprintList>member"`
	CreateDate     awsquery.Timestamp
	Tags           []tagItem `xml:"Tags>member"`
}

func (r *request) getProvider() (any, error) {
	p, err := r.provider()
	if err != nil {
		return nil, err
	}
	return providerResult{
		p.Name(), append([]string{}, p.ClientIDs...), append([]string{}, p.Thumbprints...), awsquery.Timestamp(p.CreateDate), showTags(p.Tags),
	}, nil
}

// changeProvider is what the operations that change a provider have in common.
func (r *request) changeProvider(change func(arn string) error) (any, error) {
	p, err := r.provider()
	if err != nil {
		return nil, err
	}
	return nil, change(p.ARN(r.store.Partition()))
}

// deleteProvider refuses to delete what is gone already: that is recorded (localstack, test_iam_oidc), although the
// API reference says otherwise.
func (r *request) deleteProvider() (any, error) {
	return r.changeProvider(r.store.DeleteOIDCProvider)
}

func (r *request) updateThumbprint() (any, error) {
	thumbprints, err := r.thumbprints()
	if err != nil {
		return nil, err
	}
	return r.changeProvider(func(arn string) error { return r.store.SetThumbprints(arn, thumbprints) })
}

func (r *request) addClientID() (any, error) {
	return r.changeProvider(func(arn string) error { return r.store.AddClientID(arn, r.Params.Get("ClientID")) })
}

func (r *request) removeClientID() (any, error) {
	return r.changeProvider(func(arn string) error { return r.store.RemoveClientID(arn, r.Params.Get("ClientID")) })
}

type providerItem struct{ Arn string }

type providersResult struct {
	OpenIDConnectProviderList []providerItem `xml:"OpenIDConnectProviderList>member"`
}

func (r *request) listProviders() (any, error) {
	items := []providerItem{}
	for _, p := range r.store.OIDCProviders() {
		if p.AccountID == r.account() {
			items = append(items, providerItem{p.ARN(r.store.Partition())})
		}
	}
	return providersResult{items}, nil
}
