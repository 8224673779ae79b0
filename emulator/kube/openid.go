package kube

import (
	"context"
	"fmt"
)

// ServiceAccountKeys asks the API server for the public keys that verify the tokens of the cluster's service accounts,
// as a JSON Web Key Set (RFC 7517). IDs and algorithms are those in the headers of the tokens
// (https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#service-account-issuer-discovery).
func (c *Client) ServiceAccountKeys(ctx context.Context) ([]byte, error) {
	set, err := c.core.RESTClient().Get().AbsPath("/openid/v1/jwks").DoRaw(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask the API server for the keys of service account tokens: %w", err)
	}
	return set, nil
}
