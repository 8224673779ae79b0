package tokens

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/eksemu/eksemu/emulator/explain"
	"github.com/eksemu/eksemu/sts-fake/sigv4"
)

// Names of the checks of STS.
const (
	checkForm    = "sts: form"
	checkKey     = "sts: key"
	checkHeaders = "sts: headers"
)

// askSTS makes the checks of STS that take no secret, on the request that the authenticator would send.
func (e *exam) askSTS() {
	var request *http.Request
	if e.url != nil {
		var err error
		if request, err = e.request(); err != nil {
			e.check("request", "", refusedIf(true, "error creating HTTP request: %v", errors.Unwrap(err)))
		}
	}
	if request == nil || e.Report.Token.Endpoint == "" {
		for _, name := range []string{checkForm, checkKey, checkHeaders} {
			e.add(Check{Hop: explain.HopSTS, Name: name, State: explain.StateNotReached})
		}
		return
	}
	e.form4(request)
	e.key()
	e.headers()
}

// form4 checks the form of the signature, its time and its scope.
func (e *exam) form4(request *http.Request) {
	region := e.Report.Token.Region
	verifier := sigv4.Verifier{
		Service: "sts", Region: region, AcceptV4A: true, QueryProtocol: true,
		ValidRegion: func(scoped string) bool { return scoped == region },
		Now:         func() time.Time { return e.Now },
	}
	_, err := verifier.Parse(sigv4.FromHTTP(request, nil))
	refusal := (*sigv4.Refusal)(nil)
	if !errors.As(err, &refusal) {
		e.add(Check{Hop: explain.HopSTS, Name: checkForm, Detail: "complete, in time, and scoped to " + region + "/sts"})
		return
	}
	e.refuse(checkForm, refusal.Status, refusal.Code, refusal.Message)
}

// refuse adds a refusal by STS.
func (e *exam) refuse(name string, status int, code, message string) {
	if e.status == 0 {
		e.status, e.code, e.message = status, code, message
	}
	says := strings.TrimSpace(strconv.Itoa(status) + " " + code + ": " + explain.Clean(message))
	e.add(Check{Hop: explain.HopSTS, Name: name, Says: says})
}

// key checks that a temporary key brings its session token. That AWS calls one without it unknown is recorded for
// unknown keys (spec/sts.md §2.2); that it is the same for these is inferred: such a key is none without its token. The
// wording without a period is recorded for a session token that is not the key's (same section); that it is so for
// long-lived keys, which have none, is inferred.
func (e *exam) key() {
	t := e.Report.Token
	switch {
	case t.KeyKind == temporary && !t.SessionToken:
		e.refuse(checkKey, http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid.")
		e.remark("an ASIA key is of a session, and the token lacks its session token (X-Amz-Security-Token): set AWS_SESSION_TOKEN beside the key")
	case t.KeyKind == longTerm && t.SessionToken:
		e.refuse(checkKey, http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid")
		e.remark("an AKIA key has no session, and the token brings a session token: an AWS_SESSION_TOKEN was left over from other credentials")
	default:
		e.undecided(checkKey, "whether it exists and its session lives, STS alone knows")
	}
}

// headers checks that the signed headers are those that the authenticator sends: the host, the cluster's name and
// Accept. Of any other that was signed with a value, the signature cannot be right.
func (e *exam) headers() {
	sent := []string{"host", clusterHeader, "accept", "accept-encoding", "user-agent"}
	for _, name := range e.Report.Token.SignedHeaders {
		if !slices.Contains(sent, strings.ToLower(name)) {
			e.remark("the signature covers the header " + name + ", which the authenticator does not send: unless it was signed empty, STS computes another signature")
		}
	}
	if e.Cluster != "" {
		e.undecided(checkHeaders, "the authenticator sends "+clusterHeader+": "+e.Cluster+"; whether the signature is for it, STS alone can tell")
		return
	}
	e.undecided(checkHeaders, "the authenticator sends its cluster's name as "+clusterHeader+"; for which one the signature is, STS alone can tell")
}

// undecided adds a check of STS that takes a secret.
func (e *exam) undecided(name, detail string) {
	e.add(Check{Hop: explain.HopSTS, Name: name, State: explain.StateNoOpinion, Detail: detail})
}

// conclude finds the check that decides.
func (e *exam) conclude() Report {
	r := e.Report
	r.Checks = e.checks
	r.Summary = "nothing in the token itself is wrong: STS would be asked, and only it can tell whether key and signature are right, and for which cluster"
	if r.Token.JWT {
		r.Summary = "it is a JSON Web Token and none of EKS: the API server verifies it itself, and nothing can be told about that here"
	}
	first := slices.IndexFunc(r.Checks, func(c Check) bool { return c.State == explain.StateRefused })
	if first < 0 {
		return r
	}
	decided := r.Checks[first]
	cause := explain.CauseOfToken(decided.Says, e.known())
	r.Evidence = explain.Evidence{Component: "aws-iam-authenticator", Text: decided.Says}
	switch decided.Hop {
	case explain.HopSTS:
		cause = explain.CauseOfSTS(e.status, e.code, e.message, e.known())
		r.Evidence.Component = "sts"
	case explain.HopClient:
		cause = explain.CauseOfClient(decided.Says, e.known())
		r.Evidence.Component = "client"
	}
	r.Outcome, r.DecidedBy, r.Cause = explain.Unauthorized, decided.Hop, cause.ID
	r.Summary, r.Fix = explain.Clean(cause.Sentence), cause.Fix
	return r
}

// known are the facts that the catalogue's texts may mention.
func (e *exam) known() map[string]string {
	t := e.Report.Token
	known := map[string]string{"cluster": e.Cluster, "host": t.Host}
	if t.AccessKeyID != "" {
		known["key"] = "access key " + t.AccessKeyID
	}
	if t.SignedAt != nil {
		age := e.Now.Sub(*t.SignedAt)
		known["age"], known["over"] = explain.Span(age), explain.Span(age-lifetime)
	}
	return known
}
