package stsfake

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/eksemu/eksemu/sts-fake/awsquery"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// sessionPolicies reads the policies that a request gives its session. Managed ones (PolicyArns) are refused: a
// session token carries documents, which would not follow changes of the policies. An empty list of them, which SDKs
// write as "PolicyArns=", is as good as none: inferred.
func sessionPolicies(r *request) ([]iam.Policy, error) {
	operation := r.params.Get("Action")
	if len(r.params.Members("PolicyArns.member")) > 0 {
		return nil, notEmulated(operation, "PolicyArns", "sessions keep documents, and no names of policies. Pass the documents as Policy.")
	}
	text, ok := r.params.Lookup("Policy")
	if !ok {
		return nil, nil
	}
	policy, err := iam.ParsePolicy([]byte(text))
	if err != nil {
		return nil, &explained{malformedPolicy(text), err.Error()}
	}
	return []iam.Policy{policy}, nil
}

// malformedPolicy is AWS's answer to a policy that is none. Of both texts one case each is recorded (spec/sts.md
// section 2.2): today's for a document that does not begin like JSON, and the older one, which is used for everything
// else that is wrong. The number of the reader, which is different each time, is the recorded one.
func malformedPolicy(text string) *awsquery.Error {
	message := "Syntax errors in policy."
	start := strings.TrimLeft(text, " \t\r\n")
	first, _ := utf8.DecodeRuneInString(start)
	if !json.Valid([]byte(text)) && start != "" && !strings.ContainsRune(`{["-0123456789tfn`, first) {
		before := text[:len(text)-len(start)]
		column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 2
		message = fmt.Sprintf("Unexpected character ('%c' (code %d)): expected a valid value (number, String, array, object, 'true', 'false' or 'null')\n"+
			" at [Source: java.io.StringReader@52b5743d; line: %d, column: %d]", first, first, strings.Count(before, "\n")+1, column)
	}
	return &awsquery.Error{Status: http.StatusBadRequest, Code: "MalformedPolicyDocument", Message: message}
}
