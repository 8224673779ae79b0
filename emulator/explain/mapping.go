package explain

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/eksemu/eksemu/emulator/trace"
)

// whyNotMapped finds out why the authenticator says "identity is not mapped" about a principal.
func (c *inquiry) whyNotMapped() (Cause, facts) {
	id := c.verdict.Identity
	if old := c.history.formerID(*c.review, id.CanonicalARN, id.PrincipalID); old != "" {
		return causeByID("principal-recreated"), facts{"oldid": old}
	}
	mode := c.review.TokenReview.Mode
	if mode == modeAPI {
		return causeByID("no-access-entry"), nil
	}
	if trouble := c.history.trouble(*c.review); trouble != "" {
		return causeByID(trouble), nil
	}
	cause := causeByID(notMappedCause(id.CanonicalARN))
	cause.Fix = inMode(mode, cause.Fix)
	return cause, nil
}

// notMappedCause is the cause of a principal that nothing maps, by its ARN.
func notMappedCause(arn string) string {
	switch {
	case strings.Contains(arn, ":role/AWSReservedSSO_"):
		return "not-mapped-sso"
	case strings.Contains(arn, ":role/"):
		return "not-mapped-role"
	case strings.Contains(arn, ":user/"):
		return "not-mapped-user"
	}
	return "not-mapped"
}

// trouble names the cause that the state of aws-auth is at the time of a TokenReview, by what the
// authenticator logged last about it (pkg/mapper/configmap/configmap.go). Empty if all is well.
func (h *history) trouble(review trace.Event) string {
	state := ""
	for _, e := range h.mappers {
		if completed(e).After(completed(review)) || !sameCluster(e, review) {
			continue
		}
		switch message := e.Log.Message; {
		case message == "Received aws-auth watch event":
			state = ""
		case message == "Resetting configmap on delete":
			state = "aws-auth-deleted"
		case strings.HasPrefix(message, "Errors parsing configmap"), strings.HasPrefix(message, "There was an error parsing the config maps"):
			state = "aws-auth-malformed"
		}
	}
	return state
}

// logText writes a log line the way the authenticator's text format does, without its time and the fields that are the
// same in every line about a TokenReview.
func logText(line *trace.LogLine) string {
	var text strings.Builder
	text.WriteString("level=" + line.Level + " msg=" + logValue(line.Message))
	for _, name := range slices.Sorted(maps.Keys(line.Fields)) {
		switch name {
		case "client", "method", "path", "time":
			continue
		}
		text.WriteString(" " + name + "=" + logValue(line.Fields[name]))
	}
	return text.String()
}

// logValue quotes a value by logrus's rule.
func logValue(value string) string {
	for _, r := range value {
		alnum := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		if !alnum && !strings.ContainsRune("-._/@^+", r) {
			return strconv.Quote(value)
		}
	}
	return value
}
