package kube_test

import (
	"net/http"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

func TestServiceAccountKeys(t *testing.T) {
	t.Parallel()
	server, client := startServer(t)
	server.objects["/openid/v1/jwks"] = object{"keys": []any{object{"kid": "a-key"}}}
	keys, err := client.ServiceAccountKeys(t.Context())
	if err != nil || strings.TrimSpace(string(keys)) != `{"keys":[{"kid":"a-key"}]}` {
		t.Errorf("keys %s, %v", keys, err)
	}
	server.refuse["GET /openid/v1/jwks"] = http.StatusForbidden
	_, err = client.ServiceAccountKeys(t.Context())
	if !apierrors.IsForbidden(err) || !strings.HasPrefix(err.Error(), "ask the API server for the keys of service account tokens: ") {
		t.Errorf("error %v", err)
	}
}
