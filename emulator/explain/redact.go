package explain

import (
	"slices"
	"strings"
	"unicode"

	"github.com/eksemu/eksemu/emulator/redact"
)

// clean makes every text of a verdict fit to be shown: nothing that looks like a bearer token, a signature or a
// session token, and no control characters, which could otherwise move a terminal's cursor. Events should
// not carry secrets at all (see [trace.Event]); an error of net/url that quotes a whole token does.
func (v *Verdict) clean() {
	v.Steps = slices.Clone(v.Steps)
	for _, list := range []*[]string{&v.Identity.Groups, &v.Identity.ImpersonatesGroups, &v.OtherTokens} {
		*list = slices.Clone(*list)
		for i, text := range *list {
			(*list)[i] = cleanLine(text)
		}
	}
	for _, text := range []*string{
		&v.Cause, &v.Summary, &v.Evidence.Component, &v.Evidence.Text, &v.Question, &v.Cluster, &v.Client,
		&v.AuditID, &v.RequestID, &v.UserAgent, &v.Token, &v.Identity.ARN, &v.Identity.CanonicalARN, &v.Identity.PrincipalID,
		&v.Identity.SessionName, &v.Identity.AccessKeyID, &v.Identity.Username, &v.Identity.UID, &v.Identity.Impersonates,
	} {
		*text = cleanLine(*text)
	}
	v.DecidedBy = Hop(cleanLine(string(v.DecidedBy)))
	for i := range v.Steps {
		v.Steps[i].Hop = Hop(cleanLine(string(v.Steps[i].Hop)))
		v.Steps[i].Detail = cleanLine(v.Steps[i].Detail)
	}
	lines := strings.Split(v.Fix, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(printable(redact.Line(line)), " ")
	}
	v.Fix = strings.Join(lines, "\n")
}

// cleanLine makes one shown line of text: see [Verdict.clean].
func cleanLine(text string) string {
	return strings.TrimSpace(printable(redact.Line(text)))
}

// printable replaces everything that is not a printable character by a space.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(text, "\uFFFD"))
}
