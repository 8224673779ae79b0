package iamapi

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/eksemu/eksemu/sts-fake/awsquery"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// documentKind is what a policy document is for.
type documentKind int

const (
	inlineDocument documentKind = iota
	managedDocument
	trustDocument
)

// IAM's words where nothing more is known to be wrong. Which of them it is, is recorded by localstack: CreatePolicy
// says the first of a text that is no JSON (test_iam_policies), UpdateAssumeRolePolicy the second (test_iam_roles).
const (
	syntaxMessage = "Syntax errors in policy."
	jsonMessage   = "This policy contains invalid Json"
)

func malformed(message string) *awsquery.Error {
	return refuse(http.StatusBadRequest, "MalformedPolicyDocument", message)
}

// invalidPrincipal is recorded for AWS (ucx#2269) and SERVICE (terraform#35086).
func invalidPrincipal(kind, name string) string {
	return fmt.Sprintf(`Invalid principal in policy: %q:%q`, kind, name)
}

// parseDocument reads a policy document. What IAM refuses is refused in IAM's words; what the store cannot evaluate, in the
// most general of them.
func parseDocument(text string, kind documentKind) (iam.Policy, error) {
	policy, err := iam.ParsePolicy([]byte(text))
	if err == nil && kind == trustDocument {
		err = policy.CheckTrust()
	} else if err == nil {
		err = policy.CheckIdentity()
	}
	message := wrongWith(text, kind)
	if err != nil && message == "" {
		message = syntaxMessage
	}
	if message == "" {
		return policy, nil
	}
	reason := "IAM refuses what could be evaluated here"
	if err != nil {
		reason = err.Error()
	}
	return iam.Policy{}, &refusal{malformed(message), reason}
}

// encode is how IAM answers with a document: percent-encoded (IAM API reference, GetRolePolicy: "compliant with RFC 3986").
func encode(policy iam.Policy) string {
	return strings.ReplaceAll(url.QueryEscape(policy.Text()), "+", "%20")
}
