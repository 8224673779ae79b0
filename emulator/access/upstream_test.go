package access

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/authorization/cel"
	"k8s.io/apiserver/pkg/endpoints/filters"
	"k8s.io/apiserver/pkg/endpoints/request"
	webhookutil "k8s.io/apiserver/pkg/util/webhook"
	"k8s.io/apiserver/plugin/pkg/authorizer/webhook"
	"k8s.io/apiserver/plugin/pkg/authorizer/webhook/metrics"
)

// These tests ask with the API server's own code: from an HTTP request over its attributes to the webhook's client.

// apiServer is the authorizer that kube-apiserver makes of a kubeconfig for --authorization-webhook-config-file. It keeps no
// answers.
func apiServer(t *testing.T, h http.Handler, version string) *webhook.WebhookAuthorizer {
	t.Helper()
	server := httptest.NewTLSServer(h)
	t.Cleanup(server.Close)
	kubeconfig, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Config", "current-context": "webhook",
		"clusters": []any{map[string]any{"name": "access", "cluster": map[string]any{
			"server":                     server.URL + "/authorize",
			"certificate-authority-data": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
		}}},
		"users":    []any{map[string]any{"name": "apiserver", "user": map[string]any{}}},
		"contexts": []any{map[string]any{"name": "webhook", "context": map[string]any{"cluster": "access", "user": "apiserver"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "webhook.kubeconfig")
	if err := os.WriteFile(path, kubeconfig, 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := webhookutil.LoadKubeconfig(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := webhook.New(config, version, 0, 0, wait.Backoff{Steps: 1}, authorizer.DecisionNoOpinion, nil, "access", metrics.NoopAuthorizerMetrics{}, cel.NewDefaultCompiler())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// attributes are what the API server makes of a request, "GET /api/v1/pods".
func attributes(t *testing.T, line string, extra map[string][]string) authorizer.Attributes {
	t.Helper()
	method, uri, _ := strings.Cut(line, " ")
	r := httptest.NewRequestWithContext(t.Context(), method, uri, nil)
	factory := &request.RequestInfoFactory{APIPrefixes: sets.NewString("api", "apis"), GrouplessAPIPrefixes: sets.NewString("api")}
	info, err := factory.NewRequestInfo(r)
	if err != nil {
		t.Fatal(err)
	}
	ctx := request.WithRequestInfo(r.Context(), info)
	ctx = request.WithUser(ctx, &user.DefaultInfo{Name: "arn:aws:sts::111122223333:assumed-role/alice/laptop", Groups: []string{"system:authenticated"}, Extra: extra})
	attrs, err := filters.GetAuthorizerAttributes(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return attrs
}

func TestUpstreamWebhook(t *testing.T) {
	t.Parallel()
	ours := map[string][]string{"arn": {"arn:aws:sts::111122223333:assumed-role/alice/laptop"}, PrincipalIDKey: {aliceID}}
	impersonated := map[string][]string{strings.ToLower(PrincipalIDKey): {aliceID}}
	narrow := []Grant{grant("Edit", "dev-*"), grant("SecretReader", "prod")}
	for _, test := range []struct {
		grants []Grant
		extra  map[string][]string
		line   string
		yes    bool
	}{
		{narrow, ours, "GET /api/v1/namespaces/dev-1/pods", true},
		{narrow, ours, "GET /api/v1/namespaces/dev-1/pods/web/log?follow=true", true},
		{narrow, ours, "GET /api/v1/namespaces/dev-1/pods?watch=true&fieldSelector=spec.nodeName%3Dn&labelSelector=app%3Dweb", true},
		{narrow, ours, "PATCH /apis/apps/v1/namespaces/dev-1/deployments/web/scale", true},
		{narrow, ours, "DELETE /apis/batch/v1/namespaces/dev-1/jobs", true},
		{narrow, ours, "GET /api/v1/namespaces/prod/secrets/db", true},
		{narrow, ours, "GET /api/v1/namespaces/dev-1", true}, // the row for namespaces: the one that is asked for by name
		{narrow, ours, "GET /api/v1/namespaces/dev-1/status", true},
		{narrow, ours, "GET /api/v1/namespaces", false},
		{narrow, ours, "GET /api/v1/namespaces?fieldSelector=metadata.name%3Ddev-1", false},
		{narrow, ours, "GET /api/v1/namespaces/prod", false},
		{narrow, ours, "DELETE /api/v1/namespaces/dev-1", false},
		{narrow, ours, "GET /api/v1/pods", false},
		{narrow, ours, "GET /api/v1/namespaces/prod/pods", false},
		{narrow, ours, "POST /api/v1/namespaces/dev-1/pods/web/eviction", false},
		{narrow, ours, "POST /api/v1/namespaces/dev-1/serviceaccounts/default/token", false},
		{narrow, ours, "GET /apis/metrics.k8s.io/v1beta1/namespaces/dev-1/pods", false},
		{narrow, ours, "GET /version", false},
		{narrow, impersonated, "GET /api/v1/namespaces/dev-1/pods", false},
		{narrow, nil, "GET /api/v1/namespaces/dev-1/pods", false},
		{[]Grant{grant("ClusterAdmin")}, ours, "GET /metrics", true},
		{[]Grant{grant("ClusterAdmin")}, ours, "POST /apis/example.com/v1/widgets", true},
		{[]Grant{grant("ClusterAdmin")}, impersonated, "GET /metrics", false},
		{[]Grant{grant("AdminView")}, ours, "GET /apis/example.com/v1/widgets", true},
		{[]Grant{grant("AdminView")}, ours, "GET /metrics", false},
		{[]Grant{grant("AutoNode")}, ours, "GET /api/v1/nodes", false},
	} {
		t.Run(fmt.Sprintf("%s %s", nameOf(test.grants[0].PolicyARN), test.line), func(t *testing.T) {
			t.Parallel()
			var seen []Review
			a := NewAuthorizer(Options{Observe: func(r Review) { seen = append(seen, r) }})
			a.SetGrants(test.grants)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			decision, reason, err := apiServer(t, a, "v1").Authorize(ctx, attributes(t, test.line, test.extra))
			want := authorizer.DecisionNoOpinion
			if test.yes {
				want = authorizer.DecisionAllow
			}
			if err != nil || decision != want || strings.HasPrefix(reason, "EKS Access Policy: allowed by ") != test.yes || !test.yes && reason != "" {
				t.Errorf("decision %v, reason %q, %v", decision, reason, err)
			}
			if known := test.extra[PrincipalIDKey] != nil; known != (len(seen) == 1) || known && seen[0].Decision.Reason != reason {
				t.Errorf("observed %+v", seen)
			}
		})
	}
}

// TestUpstreamWebhookRefused: with another version of the API the API server is told what to set, and has no opinion.
func TestUpstreamWebhookRefused(t *testing.T) {
	t.Parallel()
	a := apiServer(t, NewAuthorizer(Options{}), "v1beta1")
	decision, reason, err := a.Authorize(t.Context(), attributes(t, "GET /api/v1/pods", nil))
	if decision != authorizer.DecisionNoOpinion || reason != "" || err == nil || !strings.Contains(err.Error(), "--authorization-webhook-version=v1") {
		t.Errorf("%v %q %v", decision, reason, err)
	}
}
