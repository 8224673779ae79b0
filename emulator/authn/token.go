package authn

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/eksemu/eksemu/emulator/trace"
)

// The form of an EKS bearer token: a prefix, then a presigned GetCallerIdentity URL in base64url without
// padding (upstream pkg/token/token.go).
const (
	tokenPrefix = "k8s-aws-v1."
	maxToken    = 4096 // bytes
	amzDate     = "20060102T150405Z"
)

// claims is what a token says of itself. Nothing of it is verified: STS alone can do that.
type claims struct {
	host        string
	accessKeyID string
	signedAt    time.Time
	fingerprint string // of X-Amz-Signature; see trace.Fingerprint
}

// readToken reads a token's claims, as many as there are, and says what is wrong with the rest. The error never
// quotes the token.
func readToken(token string) (claims, error) {
	if token == "" {
		return claims{}, errors.New("no token")
	}
	if len(token) > maxToken {
		return claims{}, fmt.Errorf("token of %d bytes: the authenticator reads at most %d", len(token), maxToken)
	}
	encoded, found := strings.CutPrefix(token, tokenPrefix)
	if !found {
		return claims{}, fmt.Errorf("token does not begin with %q", tokenPrefix)
	}
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return claims{}, fmt.Errorf("token is not base64url without padding: %w", err)
	}
	presigned, err := url.Parse(string(raw))
	if err != nil {
		return claims{}, errors.New("token does not hold a URL") // url's error quotes it
	}
	return readPresigned(presigned)
}

// readPresigned reads a presigned URL's claims. Parameter names count in any case, as upstream reads them.
func readPresigned(presigned *url.URL) (claims, error) {
	c := claims{host: presigned.Host}
	if c.host == "" {
		return c, errors.New("token holds a URL without a host")
	}
	query, err := url.ParseQuery(presigned.RawQuery)
	if err != nil {
		return c, errors.New("token holds a URL with a malformed query string")
	}
	lower := make(map[string]string, len(query))
	for name, values := range query {
		lower[strings.ToLower(name)] = values[0]
	}
	c.accessKeyID, _, _ = strings.Cut(lower["x-amz-credential"], "/")
	c.fingerprint = trace.Fingerprint(lower["x-amz-signature"])
	if c.signedAt, err = time.Parse(amzDate, lower["x-amz-date"]); err != nil {
		return c, fmt.Errorf("token's X-Amz-Date is not of the form %s", amzDate)
	}
	return c, nil
}
