package scenarios

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Bounds of X-Amz-Expires of a scenario's tokens. Clients of people write 60 (spec eks.md §6.1), and the authenticator takes
// up to 900; a token lives 15 minutes whatever it says.
const (
	leastExpires = 61
	mostExpires  = 900
)

// tokenArguments are those of `eksemu token` for an identity's next token, which nobody has used before. The API server
// keeps the result of a token that it accepted for 10 seconds at least (TokenSuccessCacheTTL, k8s.io/kubernetes
// pkg/kubeapiserver/authenticator), and what the same key signs in the same second is the same token, but for X-Amz-Expires.
func (s *session) tokenArguments(identity string) []string {
	at := s.Now().Add(s.clock).UTC().Format(time.RFC3339)
	for {
		expires := strconv.Itoa(leastExpires + rand.IntN(mostExpires-leastExpires+1)) //nolint:gosec // it need not be secret
		if token := identity + " " + at + " " + expires; !s.signed[token] {
			s.signed[token] = true
			return []string{"token", "-i", s.cluster, "--signing-time", at, "--expires", expires}
		}
	}
}

// awsEnviron holds the variables with which AWS clients act as an identity and carry a call's ID to the gateway.
func (s *session) awsEnviron(identity, id string) []string {
	variables := s.Environment.Environ(identity)
	if c, ok := s.credentials[identity]; ok {
		variables = without(variables, "AWS_PROFILE")
		variables = append(variables, "AWS_ACCESS_KEY_ID="+c.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+string(c.SecretAccessKey),
			"AWS_REGION="+s.Environment.Cluster().Region)
		if c.sessionToken != "" {
			variables = append(variables, "AWS_SESSION_TOKEN="+string(c.sessionToken))
		}
	}
	return labelled(variables, id)
}

func without(variables []string, name string) []string {
	var rest []string
	for _, variable := range variables {
		if !strings.HasPrefix(variable, name+"=") {
			rest = append(rest, variable)
		}
	}
	return rest
}

// labelled writes an ID as the user name into the proxy's URL, which is how the gateway learns whose AWS calls
// it answers.
func labelled(variables []string, id string) []string {
	if id == "" {
		return variables
	}
	out := make([]string, len(variables))
	for i, variable := range variables {
		out[i] = variable
		name, value, _ := strings.Cut(variable, "=")
		if !strings.EqualFold(name, "HTTPS_PROXY") && !strings.EqualFold(name, "HTTP_PROXY") {
			continue
		}
		if proxy, err := url.Parse(value); err == nil && proxy.Host != "" {
			proxy.User = url.UserPassword(id, "x") // botocore sends no user name without a password
			out[i] = name + "=" + proxy.String()
		}
	}
	return out
}

// replaceCredentials lets an identity use other credentials from here on.
func (s *session) replaceCredentials(ctx context.Context, c Credentials) error {
	if c.Own {
		delete(s.credentials, c.As)
		return nil
	}
	if c.Session == SessionExpired {
		expired, err := s.Environment.ExpiredSession(ctx, c.As)
		if err != nil {
			return fmt.Errorf("make a session of %q: %w", c.As, err)
		}
		c.AccessKeyID, c.SecretAccessKey, c.sessionToken = expired.AccessKeyID, expired.SecretAccessKey, expired.SessionToken
	}
	if c.AccessKeyID == "" {
		id, err := s.accessKeyID(ctx, c.As)
		if err != nil {
			return err
		}
		c.AccessKeyID = id
	}
	s.secret(string(c.SecretAccessKey))
	s.secret(string(c.sessionToken))
	s.credentials[c.As] = c
	return nil
}

// accessKeyID is the ID of the key that an identity signs with, which every token that it signs says.
func (s *session) accessKeyID(ctx context.Context, identity string) (string, error) {
	arguments := append(s.tokenArguments(identity), "--token-only")
	out := s.child(ctx, s.Executable, "", arguments, s.awsEnviron(identity, ""), "")
	if out.err != nil {
		return "", fmt.Errorf("find the access key ID of %q: %w", identity, out.err)
	}
	id := credentialOf(strings.TrimSpace(out.stdout))
	if id == "" {
		return "", fmt.Errorf("find the access key ID of %q: eksemu token printed no token", identity)
	}
	return id, nil
}

// credentialOf reads the access key ID out of a token: that of X-Amz-Credential, "ID/date/region/sts/aws4_request" (spec
// eks.md §6.1).
func credentialOf(token string) string {
	presigned, err := presignedURL(token)
	if err != nil {
		return ""
	}
	id, _, _ := strings.Cut(presigned.Query().Get("X-Amz-Credential"), "/")
	return id
}
