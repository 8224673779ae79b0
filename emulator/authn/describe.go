package authn

import (
	"encoding/json"

	"github.com/eksemu/eksemu/emulator/trace"
)

// tokenReview is the part of authentication.k8s.io/v1beta1 TokenReview that an event needs. v1 has the same
// fields here, but the authenticator decodes v1beta1 (spec/eks.md §2.2).
type tokenReview struct {
	Spec struct {
		Token string `json:"token"`
	} `json:"spec"`
	Status struct {
		Authenticated bool `json:"authenticated"`
		User          struct {
			Username string              `json:"username"`
			UID      string              `json:"uid"`
			Groups   []string            `json:"groups"`
			Extra    map[string][]string `json:"extra"`
		} `json:"user"`
	} `json:"status"`
}

// describeToken writes into record what the token of a TokenReview says of itself, and returns the token's
// fingerprint.
func describeToken(body []byte, record *trace.TokenReview) string {
	var review tokenReview
	if json.Unmarshal(body, &review) != nil { // its error may quote the body
		record.TokenError = "request is not a TokenReview"
		return ""
	}
	said, err := readToken(review.Spec.Token)
	if err != nil {
		record.TokenError = err.Error()
	}
	record.Host, record.AccessKeyID, record.SignedAt = cleanText(said.host), cleanText(said.accessKeyID), said.signedAt
	return said.fingerprint
}

// describeAnswer writes into record whom the authenticator's answer names. Answers that are not TokenReviews,
// such as the text of a 400, name nobody.
func describeAnswer(body []byte, record *trace.TokenReview) {
	var answer tokenReview
	if json.Unmarshal(body, &answer) != nil {
		return
	}
	user := answer.Status.User
	record.Authenticated = answer.Status.Authenticated
	record.Username, record.UID, record.Groups, record.Extra = user.Username, user.UID, user.Groups, user.Extra
}
