package kube_test

import (
	"net/http"
	"strings"
	"testing"
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
	if err == nil || err.Error() != "ask the API server for the keys of service account tokens: refused: Forbidden" {
		t.Errorf("error %v", err)
	}
}
