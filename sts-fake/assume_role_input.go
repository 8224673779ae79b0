package stsfake

import (
	"fmt"
	"net/http"
	"time"

	"github.com/eksemu/eksemu/sts-fake/awsquery"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// Bounds of the STS model (spec/sts.md section 4.2).
const (
	maxTags        = 50
	minDuration    = 900
	maxDuration    = 43200
	defaultSeconds = 3600
)

// assumeRoleInput is a request that satisfies the model.
type assumeRoleInput struct {
	roleARN        string
	sessionName    string
	duration       time.Duration
	externalID     string
	sourceIdentity string
	tags           []iam.Tag
	transitiveKeys []string
}

// parseAssumeRole checks a request against the model, and refuses what is not emulated.
func parseAssumeRole(p awsquery.Params) (assumeRoleInput, error) {
	var v validator
	in := assumeRoleInput{
		roleARN:     v.required(p, "RoleArn", "roleArn", constraint{20, 2048, arnPattern}),
		sessionName: v.required(p, "RoleSessionName", "roleSessionName", constraint{2, 64, namePattern}),
	}
	seconds, err := v.number(p.Get("DurationSeconds"), "durationSeconds", minDuration, maxDuration, defaultSeconds)
	if err != nil {
		return in, err
	}
	in.duration = time.Duration(seconds) * time.Second
	in.tags = parseTags(&v, p)
	in.transitiveKeys = parseTransitiveKeys(&v, p)
	in.externalID = v.optional(p, "ExternalId", "externalId", constraint{2, 1224, externalIDPattern})
	v.optional(p, "SerialNumber", "serialNumber", constraint{9, 256, serialPattern})
	v.optional(p, "TokenCode", "tokenCode", constraint{6, 6, tokenCodePattern})
	in.sourceIdentity = v.optional(p, "SourceIdentity", "sourceIdentity", constraint{2, 64, namePattern})
	if err := v.err(); err != nil {
		return in, err
	}
	if err := notEmulated(p); err != nil {
		return in, err
	}
	return in, mfaRefusal(p)
}

// parseTags checks tags. Member names inside a list, and the value that stands for a list that is too long, are
// inferred from other services' messages.
func parseTags(v *validator, p awsquery.Params) []iam.Tag {
	members := p.Members("Tags.member")
	if len(members) > maxTags {
		v.problem(fmt.Sprintf("'[%d tags]'", len(members)), "tags", "have length less than or equal to %d", maxTags)
		return nil
	}
	var tags []iam.Tag
	for i, m := range members {
		at := fmt.Sprintf("tags.%d.member.", i+1)
		tags = append(tags, iam.Tag{
			Key:   v.required(m, "Key", at+"key", constraint{1, 128, tagKeyPattern}),
			Value: v.required(m, "Value", at+"value", constraint{0, 256, tagValuePattern}),
		})
	}
	return tags
}

func parseTransitiveKeys(v *validator, p awsquery.Params) []string {
	keys := p.Strings("TransitiveTagKeys.member")
	if len(keys) > maxTags {
		v.problem(fmt.Sprintf("'[%d keys]'", len(keys)), "transitiveTagKeys", "have length less than or equal to %d", maxTags)
		return nil
	}
	for i, key := range keys {
		v.text(key, fmt.Sprintf("transitiveTagKeys.%d.member", i+1), constraint{1, 128, tagKeyPattern})
	}
	return keys
}

// notEmulated refuses parameters that would change what the session may do or what its token is like. Ignoring
// them would give a session with more rights than asked for. Code and text are this project's, not AWS's.
func notEmulated(p awsquery.Params) error {
	for _, name := range []string{"Policy", "PolicyArns", "ProvidedContexts", "MinimumSessionTokenSize"} {
		if p.Has(name) {
			return &awsquery.Error{
				Status: http.StatusBadRequest, Code: "NotEmulated",
				Message: "AssumeRole with " + name + " is not emulated: leave the parameter out.",
			}
		}
	}
	return nil
}

// mfaRefusal is AWS's answer to an MFA device that it does not know (spec/sts.md section 2.2). No user of the
// store has one.
func mfaRefusal(p awsquery.Params) error {
	if !p.Has("SerialNumber") && !p.Has("TokenCode") {
		return nil
	}
	return &awsquery.Error{
		Status: http.StatusForbidden, Code: "AccessDenied",
		Message: "MultiFactorAuthentication failed, unable to validate MFA code.  " +
			"Please verify your MFA serial number is valid and associated with this user.",
	}
}
