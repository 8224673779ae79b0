package stsfake

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/eksemu/eksemu/sts-fake/awsquery"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// chainedSessionLimit is the longest session of a role that a role session assumes (spec/sts.md section 4.3).
const chainedSessionLimit = time.Hour

// assumedRole is the answer of AssumeRole, in the order of the STS API reference's sample.
type assumedRole struct {
	SourceIdentity   string `xml:",omitempty" json:",omitempty"`
	AssumedRoleUser  assumedRoleUser
	Credentials      sessionCredentials
	PackedPolicySize *int `xml:",omitempty" json:",omitempty"` // only if tags were passed: inferred
}

type assumedRoleUser struct {
	Arn           string
	AssumedRoleID string `xml:"AssumedRoleId" json:"AssumedRoleId"`
}

type sessionCredentials struct {
	AccessKeyID     string `xml:"AccessKeyId" json:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      awsquery.Timestamp
}

// assumeRole gives a caller a session of a role. The checks come in this order: the model, the ARN's form, tags
// that contradict each other, permission, and the duration (chaining before the role's own limit). Beyond the
// model coming first, that order is inferred; permission must come before the role's limit so that nobody learns
// that a role exists.
func (s *Server) assumeRole(caller iam.Caller, p awsquery.Params, region string) (any, error) {
	in, err := parseAssumeRole(p)
	if err != nil {
		return nil, err
	}
	if _, ok := iam.ParseARN(in.roleARN); !ok {
		return nil, validationError(in.roleARN + " is invalid")
	}
	tags, err := requestedTags(caller, in)
	if err != nil {
		return nil, err
	}
	if err := s.gate.Store.AuthorizeAssumeRole(caller, in.roleARN, iam.AssumeRoleContext{
		SessionName: in.sessionName, ExternalID: in.externalID, SourceIdentity: in.sourceIdentity, Tags: tags, Region: region,
	}); err != nil {
		return nil, err
	}
	if err := s.checkDuration(caller, in); err != nil {
		return nil, err
	}
	return s.issue(caller, in, tags)
}

func (s *Server) checkDuration(caller iam.Caller, in assumeRoleInput) error {
	if caller.Type == iam.CallerAssumedRole && in.duration > chainedSessionLimit {
		return validationError("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	}
	role, err := s.gate.Store.Role(in.roleARN)
	if err != nil {
		return fmt.Errorf("assume a role: %w", err)
	}
	if in.duration > role.MaxSessionDuration {
		return validationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	return nil
}

// issue makes the session. Transitive tags and the source identity of the caller's session pass on to it.
func (s *Server) issue(caller iam.Caller, in assumeRoleInput, tags []iam.Tag) (any, error) {
	all := slices.Concat(tags, iam.TransitiveTags(caller))
	credentials, session, err := s.gate.Store.IssueRoleSession(in.roleARN, in.sessionName, iam.SessionOptions{
		Duration: in.duration, SourceIdentity: cmp.Or(in.sourceIdentity, caller.SourceIdentity), Tags: all,
	})
	var tooLarge *iam.TagsTooLargeError
	if errors.As(err, &tooLarge) {
		// Code and text are recorded (spec/sts.md section 2.2), the limit is not AWS's: see iam.PackedTagsPercent.
		return nil, &awsquery.Error{
			Status: http.StatusBadRequest, Code: "PackedPolicyTooLarge",
			Message: fmt.Sprintf("Packed size of session tags consumes %d%% of allotted space.", tooLarge.Percent),
		}
	}
	if err != nil {
		return nil, err
	}
	answer := assumedRole{
		SourceIdentity:  session.SourceIdentity,
		AssumedRoleUser: assumedRoleUser{session.ARN, session.UserID},
		Credentials: sessionCredentials{
			credentials.AccessKeyID, credentials.SecretAccessKey, credentials.SessionToken, awsquery.Timestamp(credentials.Expiration),
		},
	}
	if len(tags) > 0 {
		percent := iam.PackedTagsPercent(all)
		answer.PackedPolicySize = &percent
	}
	return answer, nil
}
