package explain

import (
	"bytes"
	"strings"
	"testing"

	"gotest.tools/v3/golden"
)

func TestWithMappings(t *testing.T) {
	t.Parallel()
	v := Explain(mapperError(otherRole(), notMapped).events)[0]
	if !v.NeedsMappings() {
		t.Fatalf("%s of %s needs no mappings", v.Cause, v.DecidedBy)
	}
	near := v.WithMappings([]Mapping{{ARN: "arn:aws:iam::111122223333:role/ci/some-other-role", Where: "aws-auth, mapRoles"}})
	if near.Closest == nil || !strings.HasSuffix(near.Summary, "; closest is arn:aws:iam::111122223333:role/ci/some-other-role (aws-auth, mapRoles), which differs by its path") {
		t.Errorf("%q", near.Summary)
	}
	var text bytes.Buffer
	if err := Write(&text, near, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	golden.Assert(t, text.String(), "closest.txt")
	if now := v.WithMappings([]Mapping{{ARN: roleARN, Where: "access entry"}}); !strings.HasSuffix(now.Summary, "; by now it is mapped (access entry)") {
		t.Errorf("%q", now.Summary)
	}
	if none := v.WithMappings(nil); none.Closest != nil || none.Summary != v.Summary {
		t.Errorf("%q", none.Summary)
	}
	allowed := Explain(answeredTo(alice("system:masters"), canI(true, "")).events)[0]
	if allowed.NeedsMappings() || allowed.WithMappings([]Mapping{{ARN: aliceARN}}).Closest != nil {
		t.Error("an answer of yes has a near miss")
	}
}
