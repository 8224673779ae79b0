package explain

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/eksemu/eksemu/emulator/trace"
)

// secretLooks is what must never be printed: bearer tokens, JSON Web Tokens, signatures, and parameters that hold them.
var secretLooks = regexp.MustCompile(`(?i)k8s-aws-v1\.[a-z0-9_-]|[0-9a-f]{64}|eyJ[a-z0-9_-]{8,}\.[a-z0-9_-]|x-amz-(signature|security-token)=[a-z0-9%+/]`)

// checkPrintable explains events in every way and fails if a verdict or its text shows a secret or a control character.
func checkPrintable(t *testing.T, events []trace.Event) {
	t.Helper()
	verdicts := append(Explain(events), ForUserAgent(events, "")...)
	for _, e := range events {
		verdicts = append(verdicts, ExplainAWS(e))
		if e.Request != nil {
			if v, ok := ForRequest(events, e.Request.AuditID); ok {
				verdicts = append(verdicts, v)
			}
		}
	}
	for _, v := range verdicts {
		var text bytes.Buffer
		if err := Write(&text, v, TextOptions{Wide: true}); err != nil {
			t.Fatal(err)
		}
		asJSON, err := json.Marshal(v)
		if err != nil && v.Time.Year() >= 0 && v.Time.Year() < 10000 {
			t.Fatal(err)
		}
		if found := secretLooks.Find(append(text.Bytes(), asJSON...)); found != nil {
			t.Fatalf("looks like a secret: %q in\n%s\n%s", found, text.String(), asJSON)
		}
		if strings.ContainsAny(text.String(), "\x00\x07\x08\x1b\r\t\u202e") {
			t.Fatalf("control character in %q", text.String())
		}
	}
}

func FuzzExplain(f *testing.F) {
	var stories []*story
	for _, cases := range [][]causeCase{tokenCases(), stsCases(), scopeCases(), mapperCases(), apiServerCases(), allowedCases(), deniedCases(), nodeCases(), webIdentityCases(), awsCases()} {
		for _, tc := range cases {
			stories = append(stories, tc.story)
		}
	}
	for _, s := range stories {
		seed, err := json.Marshal(s.events)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	f.Add([]byte(`[{"kind":"request"},{"kind":"aws","log":{}},{"kind":"request","request":{"code":401,"message":"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJr.c2ln\u001b[2J"}}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var events []trace.Event
		if json.Unmarshal(data, &events) != nil {
			return
		}
		checkPrintable(t, events)
	})
}

// TestSecretsInEvents puts a token, a signature and a JWT into every text of every event of every story.
func TestSecretsInEvents(t *testing.T) {
	t.Parallel()
	secret := strings.Join([]string{
		"k8s-aws-v1.aHR0cHM6Ly9zdHMudXMtd2VzdC0yLmFtYXpvbmF3cy5jb20vP0FjdGlvbj1HZXRDYWxsZXJJZGVudGl0eQ",
		"?X-Amz-Security-Token=IQoJb3JpZ2luX2VjEA&X-Amz-Signature=" + strings.Repeat("0123456789abcdef", 4),
		"eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJl\x1b[2J",
	}, " ")
	for _, cases := range [][]causeCase{tokenCases(), stsCases(), mapperCases(), apiServerCases(), allowedCases(), deniedCases(), nodeCases(), webIdentityCases(), awsCases()} {
		for _, tc := range cases {
			checkPrintable(t, tainted(t, tc.story.events, secret))
		}
	}
}

// tainted adds a secret to every string in events, but for their kinds and times.
func tainted(t *testing.T, events []trace.Event, secret string) []trace.Event {
	t.Helper()
	data, err := json.Marshal(events)
	if err != nil {
		t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(data, &tree); err != nil {
		t.Fatal(err)
	}
	if data, err = json.Marshal(taint(tree, "", secret)); err != nil {
		t.Fatal(err)
	}
	var out []trace.Event
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func taint(node any, key, secret string) any {
	switch node := node.(type) {
	case map[string]any:
		for key, value := range node {
			node[key] = taint(value, key, secret)
		}
	case []any:
		for i, value := range node {
			node[i] = taint(value, key, secret)
		}
	case string:
		if _, err := time.Parse(time.RFC3339, node); err != nil && key != "kind" && key != "decision" {
			return node + " " + secret
		}
	}
	return node
}
