package scenarios

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// http sends one request with the identity's bearer token, and nothing else that kubectl would send. The answer's
// Audit-Id header says which audit event is the request's.
func (c call) http(ctx context.Context) (attempt, error) {
	token, err := c.bearer(ctx)
	if err != nil {
		return c.withoutToken(ctx, err)
	}
	response, body, err := c.send(ctx, token) //nolint:bodyclose // send has read and closed it
	if err != nil {
		return attempt{}, err
	}
	auditID := response.Header.Get("Audit-Id")
	verdict, err := c.verdict(ctx, audited(auditID), c.final)
	if err == nil && verdict == nil {
		err = fmt.Errorf("the API server answered %s, but did not audit the request %q", response.Status, auditID)
	}
	return attempt{verdict: verdict, output: body, status: response.StatusCode}, err
}

// withoutToken ends a call that got no token. It has a verdict if AWS refused the credentials for one.
func (c call) withoutToken(ctx context.Context, reason error) (attempt, error) {
	if c.step.ServiceAccount != "" {
		return attempt{}, reason
	}
	verdict, err := c.verdict(ctx, c.refusedCredentials, c.final)
	if verdict == nil || err != nil {
		return attempt{}, reason
	}
	return attempt{verdict: verdict, output: reason.Error()}, nil
}

func (c call) send(ctx context.Context, token string) (*http.Response, string, error) {
	request, err := c.request(ctx, token)
	if err != nil {
		return nil, "", err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(c.Environment.Cluster().CAPEM) {
		return nil, "", errors.New("the environment's cluster has no certificate authority in PEM")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return nil, "", fmt.Errorf("ask the API server: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxOutput))
	if err != nil {
		return nil, "", fmt.Errorf("read the API server's answer: %w", err)
	}
	return response, string(body), nil
}

func (c call) request(ctx context.Context, token string) (*http.Request, error) {
	what := c.step.HTTP
	var body io.Reader
	path, err := c.expand(ctx, what.Path)
	if err != nil {
		return nil, err
	}
	if what.Body != nil {
		filled, err := c.expandBody(ctx, what.Body)
		if err != nil {
			return nil, err
		}
		raw, err := json.Marshal(filled)
		if err != nil {
			return nil, fmt.Errorf("write the request's body as JSON: %w", err)
		}
		body = bytes.NewReader(raw)
	}
	method := what.Method
	if method == "" {
		method = http.MethodGet
	}
	request, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.Environment.Cluster().Endpoint, "/")+path, body)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("User-Agent", c.id)
	request.Header.Set("Accept", "application/json")
	switch {
	case method == http.MethodPatch:
		request.Header.Set("Content-Type", "application/merge-patch+json")
	case body != nil:
		request.Header.Set("Content-Type", "application/json")
	}
	return request, nil
}
