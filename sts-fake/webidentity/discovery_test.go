package webidentity_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/eksemu/eksemu/sts-fake/webidentity"
)

// provider is an identity provider whose documents a test may change.
func provider(t *testing.T, change func(mux *http.ServeMux, self func() string)) (*httptest.Server, webidentity.Discovery) {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewTLSServer(mux)
	t.Cleanup(server.Close)
	change(mux, func() string { return server.URL })
	return server, webidentity.Discovery{Client: server.Client()}
}

func answer(document string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, document) }
}

const wellKnown = "/id/1/.well-known/openid-configuration"

func configuration(self func() string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"issuer":"%s/id/1","jwks_uri":"%s/keys"}`, self(), self())
	}
}

func keySet(t *testing.T) string {
	t.Helper()
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{public(t, "rsa"), public(t, "p256")}})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(string(set), `{"keys":[`, `{"keys":[{"kty":"unheard-of","kid":"x"},{"kty":"oct","k":"AAAA","kid":"p256"},`, 1)
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	server, discovery := provider(t, func(mux *http.ServeMux, self func() string) {
		mux.HandleFunc(wellKnown, configuration(self))
		mux.HandleFunc("/keys", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/keys/2", http.StatusFound) })
		mux.HandleFunc("/keys/2", answer(keySet(t)))
	})
	claims, err := verify(t, es256(t, with(map[string]any{"iss": server.URL + "/id/1"})), webidentity.First(published(t), discovery))
	if err != nil || claims.Issuer != server.URL+"/id/1" {
		t.Errorf("got %+v, %v", claims, err)
	}
	if _, err := verify(t, es256(t, with(nil)), webidentity.First(published(t), discovery)); err != nil {
		t.Errorf("a declared issuer is asked for elsewhere: %v", err)
	}
	if _, err := webidentity.First().Keys(t.Context(), webidentity.Issuer{URL: issuer}); !errors.Is(err, webidentity.ErrUnknownIssuer) {
		t.Errorf("no source: %v", err)
	}
}

func TestDiscoveryRefusals(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewTLSServer(answer(keySet(t)))
	t.Cleanup(elsewhere.Close)
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	document := func(keysURL string) func(self func() string) http.HandlerFunc {
		return func(self func() string) http.HandlerFunc {
			return answer(`{"issuer":"` + self() + `/id/1","jwks_uri":"` + keysURL + `"}`)
		}
	}
	for name, tt := range map[string]struct {
		configuration func(self func() string) http.HandlerFunc
		keys          http.HandlerFunc
		want          error
	}{
		"document not found":            {func(func() string) http.HandlerFunc { return status(404) }, nil, webidentity.ErrNoKey},
		"server error":                  {func(func() string) http.HandlerFunc { return status(503) }, nil, webidentity.ErrUnreachable},
		"throttled":                     {func(func() string) http.HandlerFunc { return status(429) }, nil, webidentity.ErrUnreachable},
		"no JSON":                       {func(func() string) http.HandlerFunc { return answer("<html>") }, nil, webidentity.ErrNoKey},
		"another issuer":                {func(func() string) http.HandlerFunc { return answer(`{"issuer":"https://evil.example"}`) }, nil, webidentity.ErrNoKey},
		"keys in the open":              {document("http://127.0.0.1:1/keys"), nil, webidentity.ErrNoKey},
		"keys in a file":                {document("file:///etc/passwd"), nil, webidentity.ErrNoKey},
		"no keys":                       {document(""), nil, webidentity.ErrNoKey},
		"key set with a server's error": {configuration, status(500), webidentity.ErrUnreachable},
		"key set is no JSON":            {configuration, answer("-"), webidentity.ErrNoKey},
		"key set too large":             {configuration, answer(`{"keys":[` + strings.Repeat(" ", 300<<10) + `]}`), webidentity.ErrNoKey},
		"redirect elsewhere":            {configuration, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere.URL, http.StatusFound) }, webidentity.ErrNoKey},
		"redirect to the open": {configuration, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://"+r.Host+"/", http.StatusFound)
		}, webidentity.ErrNoKey},
		"redirect without end": {configuration, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/keys", http.StatusFound) }, webidentity.ErrNoKey},
		"connection closed":    {configuration, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, webidentity.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, discovery := provider(t, func(mux *http.ServeMux, self func() string) {
				mux.HandleFunc(wellKnown, tt.configuration(self))
				if tt.keys != nil {
					mux.HandleFunc("/keys", tt.keys)
				}
			})
			_, err := discovery.Keys(t.Context(), webidentity.Issuer{URL: server.URL + "/id/1"})
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestDiscoveryOverHTTPSOnly(t *testing.T) {
	t.Parallel()
	for _, from := range []string{"http://issuer.example", "file:///x", "issuer.example", "https://", "https://user@issuer.example", "https://issuer.example:port", "\x00"} {
		if _, err := (webidentity.Discovery{}).Keys(t.Context(), webidentity.Issuer{URL: from}); !errors.Is(err, webidentity.ErrNoKey) {
			t.Errorf("%q: got %v", from, err)
		}
	}
}

func TestDiscoveryEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	server, discovery := provider(t, func(mux *http.ServeMux, _ func() string) {
		mux.HandleFunc(wellKnown, func(http.ResponseWriter, *http.Request) { cancel() })
	})
	if _, err := discovery.Keys(ctx, webidentity.Issuer{URL: server.URL + "/id/1"}); err == nil {
		t.Error("the keys of an issuer whose caller has gone")
	}
}
