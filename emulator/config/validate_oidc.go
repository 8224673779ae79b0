package config

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/eksemu/eksemu/emulator/strictyaml"
)

// The rules of IAM API reference, CreateOpenIDConnectProvider.
const (
	maxClientIDs   = 100
	maxClientID    = 255
	maxThumbprints = 5
)

var thumbprintPattern = regexp.MustCompile(`^[0-9A-Fa-f]{40}$`)

// oidcProviders checks providers that are added to those that exist, and reads the files of their keys.
func (v *validator) oidcProviders(env *Environment, existing, added []OIDCProvider) {
	taken := map[string]bool{}
	for _, provider := range existing {
		taken[provider.ARN(v.partition)] = true
	}
	for i := range added {
		provider := &added[i]
		at := []any{"oidcProviders", i}
		if provider.Account != v.defaultAccount { // which has been checked
			v.account(provider.Account, sub(at, "account")...)
		}
		if v.issuer(env, provider, at) {
			if arn := provider.ARN(v.partition); taken[arn] {
				v.report("remove one of them", arn+" is there already", at...)
			} else {
				taken[arn] = true
			}
		}
		v.clientIDs(provider.ClientIDs, at)
		v.thumbprints(provider.Thumbprints, at)
		v.keys(provider, at)
	}
}

// issuer checks whose tokens a provider is for, and returns whether that is clear.
func (v *validator) issuer(env *Environment, provider *OIDCProvider, at []any) bool {
	issuer, known := env.Issuer(provider.Cluster)
	switch {
	case provider.Cluster == "" && provider.URL == "":
		v.report("write the URL of the issuer, or the cluster whose issuer it is", "neither url nor cluster", at...)
	case provider.Cluster != "" && !known:
		v.report(strictyaml.DidYouMean(provider.Cluster, env.clusterNames()), fmt.Sprintf("there is no cluster named %q", provider.Cluster), sub(at, "cluster")...)
	case provider.Cluster != "" && provider.URL != issuer:
		v.report("leave one of the two out", fmt.Sprintf("the issuer of %s is %s", provider.Cluster, issuer), sub(at, "url")...)
	case !v.isIssuerURL(provider.URL):
		v.report(`write one such as "https://issuer.example.com/path", without a query`,
			fmt.Sprintf("%q is not the URL of an issuer", provider.URL), sub(at, "url")...)
	default:
		return true
	}
	return false
}

// isIssuerURL asks the IAM store whether it makes a provider for a URL.
func (v *validator) isIssuerURL(raw string) bool {
	provider := OIDCProvider{Account: DefaultAccount, URL: raw}
	return len(refusals(v.partition, Overlay{OIDCProviders: []OIDCProvider{provider}})) == 0
}

func (v *validator) clientIDs(ids []string, at []any) {
	switch {
	case len(ids) == 0:
		v.report("write the audiences of the tokens, such as [sts.amazonaws.com]", "no clientIds: every token would be refused", sub(at, "clientIds")...)
	case len(ids) > maxClientIDs:
		v.report("remove the others", fmt.Sprintf("%d client IDs, and IAM allows %d", len(ids), maxClientIDs), sub(at, "clientIds")...)
	}
	for i, id := range ids {
		switch {
		case id == "" || len(id) > maxClientID:
			v.report("write 1 to 255 characters", fmt.Sprintf("%q is not a client ID", id), sub(at, "clientIds", i)...)
		case slices.Contains(ids[:i], id):
			v.report("remove one", fmt.Sprintf("%q is there twice", id), sub(at, "clientIds", i)...)
		}
	}
}

func (v *validator) thumbprints(thumbprints []string, at []any) {
	if len(thumbprints) > maxThumbprints {
		v.report("remove the others", fmt.Sprintf("%d thumbprints, and IAM allows %d", len(thumbprints), maxThumbprints), sub(at, "thumbprints")...)
	}
	for i, thumbprint := range thumbprints {
		if !thumbprintPattern.MatchString(thumbprint) {
			v.report("write the 40 hexadecimal digits of the SHA-1 of a certificate", fmt.Sprintf("%q is not a thumbprint", thumbprint), sub(at, "thumbprints", i)...)
		}
	}
}

// keys checks a provider's keys, and reads the file that has them.
func (v *validator) keys(provider *OIDCProvider, at []any) {
	keys, file := sub(at, "keys"), sub(at, "keysFile")
	if provider.Keys != "" || v.written(keys...) {
		v.keySet(provider.Keys, keys)
	}
	provider.FileKeys = ""
	switch {
	case provider.KeysFile == "" && !v.written(file...):
	case provider.KeysFile == "":
		v.report("write the path of a file", "no path", file...)
	case v.written(keys...):
		v.report("remove one of them", "there are keys and a keysFile", file...)
	case v.opts.ReadFile == nil:
		v.report("put the keys into keys", "files of keys cannot be read here", file...)
	default:
		data, err := v.opts.ReadFile(provider.KeysFile)
		if err != nil {
			v.report("paths are relative to the Environment file", fmt.Sprintf("read the keys: %v", err), file...)
			return
		}
		provider.FileKeys = KeySet(data)
		v.keySet(provider.FileKeys, file)
	}
}

func (v *validator) keySet(keys KeySet, at []any) {
	if _, err := keys.parse(); err != nil {
		v.report("", err.Error(), at...)
	}
}

// issuerPlaceholders reports placeholders for the issuers of clusters that do not exist.
func (v *validator) issuerPlaceholders(env *Environment, role Role, at []any) {
	for _, match := range issuerPlaceholder.FindAllStringSubmatch(string(role.TrustPolicy), -1) {
		if cluster := match[1]; !slices.Contains(env.clusterNames(), cluster) {
			v.report(strictyaml.DidYouMean(cluster, env.clusterNames()),
				fmt.Sprintf("%s: there is no cluster named %q", match[0], cluster), sub(at, "trustPolicy")...)
		}
	}
}

func (e *Environment) clusterNames() []string {
	var names []string
	for _, cluster := range e.Clusters {
		names = append(names, cluster.Name)
	}
	return names
}
