package eks

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/eksemu/eksemu/sts-fake/iam"
)

// SetSigningKeys tells with which keys the tokens of a cluster's service accounts can be verified. They are public
// keys, with the IDs and algorithms that the headers of the tokens name.
func (r *Registry) SetSigningKeys(clusterARN string, keys jose.JSONWebKeySet) error {
	for _, key := range keys.Keys {
		if !key.Valid() || !key.IsPublic() {
			return fmt.Errorf("set signing keys of %s: the key %q is no public key: pass the public part of it", clusterARN, key.KeyID)
		}
	}
	return r.update(clusterARN, func(c *SavedCluster) (ChangeKind, error) {
		c.SigningKeys = slices.Clone(keys.Keys)
		return "", nil
	})
}

// SigningKeys returns the keys of the cluster that has this issuer, and whether there are any. issuer is an https URL,
// exactly as [Cluster] shows it.
func (r *Registry) SigningKeys(issuer string) (jose.JSONWebKeySet, bool) {
	for _, named := range r.read() {
		for _, saved := range named {
			if saved.Cluster.Identity.OIDC.Issuer == issuer && len(saved.SigningKeys) > 0 {
				return jose.JSONWebKeySet{Keys: slices.Clone(saved.SigningKeys)}, true
			}
		}
	}
	return jose.JSONWebKeySet{}, false
}

// issuerPrefix begins the host name of the issuers of a region.
const issuerPrefix = "oidc.eks."

// IsIssuerHost tells whether a host, in lower case and without a port, is where EKS publishes the documents of the
// issuers of a region: oidc.eks.REGION.amazonaws.com. That it has their domain in other partitions is
// inferred.
func IsIssuerHost(host string) bool {
	rest, ok := strings.CutPrefix(host, issuerPrefix)
	if !ok {
		return false
	}
	return slices.ContainsFunc(iam.Partitions(), func(p iam.Partition) bool {
		name, ok := strings.CutSuffix(rest, "."+p.DNSSuffix)
		return ok && region.MatchString(name) && iam.PartitionOfRegion(name).ID == p.ID
	})
}

// discovery is the OpenID Connect discovery document of a cluster's issuer. Members, their order and their values are
// those of a recorded one (https://github.com/nov/openid_connect/issues/62).
type discovery struct {
	Issuer                string   `json:"issuer"`
	JWKSURI               string   `json:"jwks_uri"`
	AuthorizationEndpoint string   `json:"authorization_endpoint"` // a URN: nobody can sign in there
	ResponseTypes         []string `json:"response_types_supported"`
	SubjectTypes          []string `json:"subject_types_supported"`
	Claims                []string `json:"claims_supported"`
	SigningAlgorithms     []string `json:"id_token_signing_alg_values_supported"`
}

// Issuers publishes what anybody needs to verify the tokens of the clusters' service accounts: for the issuer
// https://oidc.eks.REGION.amazonaws.com/id/ID the documents /id/ID/.well-known/openid-configuration and /id/ID/keys.
// It is an http.Handler for the hosts of [IsIssuerHost]. Nobody has to sign in
// (https://docs.aws.amazon.com/eks/latest/userguide/irsa-fetch-keys.html).
//
// AWS throttles these requests, tells clients how long to cache, and rotates the keys every seven days (same page).
// None of that is done here: a cluster keeps its keys and its issuer's name, but one that was removed and made anew has
// the same name and other keys, which a cache would hide.
type Issuers struct {
	Clusters *Registry        // the clusters to publish
	Now      func() time.Time // clock of the Date header
}

const discoveryPath = "/.well-known/openid-configuration"

// ServeHTTP implements http.Handler. What AWS answers for an issuer that it does not know, or to another method than
// GET, is not known; it is 404 and 405 here.
func (s *Issuers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", s.Now().UTC().Format(http.TimeFormat))
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
		return
	}
	document, ok := s.document(issuerHost(r.Host), r.URL.Path)
	if !ok {
		http.NotFound(w, r)
		return
	}
	body, err := json.Marshal(document)
	if err != nil { // public keys and strings always encode
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Header().Set("Cache-Control", "no-store") // ours: see Issuers
	_, _ = w.Write(body)                        // fails if the client has gone: nobody is left to tell
}

// document is the document at a path of a host.
func (s *Issuers) document(host, path string) (any, bool) {
	if id, ok := strings.CutSuffix(path, discoveryPath); ok {
		issuer := "https://" + host + id
		keys, ok := s.Clusters.SigningKeys(issuer)
		return describe(issuer, keys), ok
	}
	if id, ok := strings.CutSuffix(path, "/keys"); ok {
		keys, ok := s.Clusters.SigningKeys("https://" + host + id)
		return keys, ok
	}
	return nil, false
}

func describe(issuer string, keys jose.JSONWebKeySet) discovery {
	var algorithms []string
	for _, key := range keys.Keys {
		if !slices.Contains(algorithms, key.Algorithm) {
			algorithms = append(algorithms, key.Algorithm)
		}
	}
	return discovery{
		Issuer: issuer, JWKSURI: issuer + "/keys",
		AuthorizationEndpoint: "urn:kubernetes:programmatic_authorization",
		ResponseTypes:         []string{"id_token"},
		SubjectTypes:          []string{"public"},
		Claims:                []string{"sub", "iss"},
		SigningAlgorithms:     algorithms,
	}
}

// issuerHost is the host of a Host header, without its port.
func issuerHost(host string) string {
	if bare, _, err := net.SplitHostPort(host); err == nil {
		host = bare
	}
	return strings.TrimSuffix(strings.ToLower(host), ".")
}
