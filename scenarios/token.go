package scenarios

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// tokenPrefix is what a token for an EKS cluster begins with (spec eks.md §6.1).
const tokenPrefix = "k8s-aws-v1."

// unusual tells whether tokens are made in another way than the client's own.
func (s *session) unusual() bool { return s.token != nil }

// bearer is the token that the step's request carries.
func (c call) bearer(ctx context.Context) (string, error) {
	if c.step.ServiceAccount != "" {
		return c.serviceAccountToken(ctx)
	}
	token, known := c.tokens[c.step.As]
	if !known || c.token == nil || !c.token.Reuse {
		out := c.child(ctx, c.Executable, "", append(c.tokenArguments(c.step.As), "--token-only"), c.awsEnviron(c.step.As, c.id), "")
		if out.err != nil {
			return "", fmt.Errorf("make a token for %q: %w", c.step.As, out.err)
		}
		token = strings.TrimSpace(out.stdout)
		c.tokens[c.step.As] = c.secret(token)
	}
	if c.token == nil {
		return token, nil
	}
	token, err := c.token.change(token)
	return c.secret(token), err
}

// presignedURL takes the presigned URL out of a token.
func presignedURL(token string) (*url.URL, error) {
	encoded, ok := strings.CutPrefix(token, tokenPrefix)
	if !ok {
		return nil, errors.New("it is no token for an EKS cluster")
	}
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return nil, errors.New("it is not base64url") // the error would quote the token
	}
	presigned, err := url.Parse(string(raw))
	if err != nil {
		return nil, errors.New("there is no URL in it")
	}
	return presigned, nil
}

// change makes another token of one.
func (t Token) change(token string) (string, error) {
	presigned, err := presignedURL(token)
	if err != nil {
		return "", fmt.Errorf("change the token: %w", err)
	}
	if t.Scheme != "" {
		presigned.Scheme = t.Scheme
	}
	if t.Host != "" {
		presigned.Host = t.Host
	}
	if len(t.Query) > 0 {
		query := presigned.Query()
		for name, value := range t.Query {
			query.Set(name, value)
			if value == "" {
				query.Del(name)
			}
		}
		presigned.RawQuery = query.Encode()
	}
	prefix := tokenPrefix
	if t.Prefix != "" {
		prefix = t.Prefix
	}
	return prefix + t.Encoding.encode(presigned.String()), nil
}

func (e TokenEncoding) encode(text string) string {
	right := base64.RawURLEncoding.EncodeToString([]byte(text))
	switch e {
	case EncodingTwice:
		return base64.RawURLEncoding.EncodeToString([]byte(right))
	case EncodingStandard:
		return base64.StdEncoding.EncodeToString([]byte(text))
	case EncodingPadded:
		return base64.URLEncoding.EncodeToString([]byte(text))
	case EncodingNone:
		return text
	}
	return right
}
