package explain

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCausesAreWellFormed(t *testing.T) {
	t.Parallel()
	id := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	seen := map[string]bool{}
	for _, c := range Causes() {
		if !id.MatchString(c.ID) || seen[c.ID] {
			t.Errorf("cause %q: not kebab-case, or there twice", c.ID)
		}
		seen[c.ID] = true
		if c.Outcome == "" || c.Sentence == "" || strings.ContainsAny(c.Sentence, "\n") || strings.HasSuffix(c.Sentence, ".") {
			t.Errorf("cause %q: outcome %q, sentence %q", c.ID, c.Outcome, c.Sentence)
		}
		if (c.Outcome == Allowed) != (c.Fix == "") {
			t.Errorf("cause %q is %s and has the fix %q", c.ID, c.Outcome, c.Fix)
		}
	}
}

// TestWordingsAreNotShadowed takes every wording of the catalogue back to its own cause: an entry that stood
// behind a more general one would never be found.
func TestWordingsAreNotShadowed(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile(`\{[a-z]+\}`)
	for _, group := range [][]Cause{
		append(tokenCauses(), tokenTimeCauses()...),
		transportCauses(),
		append(append(append(stsSignatureCauses(), stsScopeCauses()...), stsKeyCauses()...), stsRequestCauses()...),
		mapperCauses(), apiServerCauses(), allowedCauses(), deniedCauses(), nodeCauses(), afterwardsCauses(),
		append(append(webIdentityCauses(), mfaCauses()...), awsCauses()...),
	} {
		for _, want := range group {
			for _, says := range want.Says {
				text := name.ReplaceAllString(says, "x")
				if got, _, _ := recognise(group, text); got.ID != want.ID {
					t.Errorf("%q is taken for %q, not %q", text, got.ID, want.ID)
				}
			}
		}
	}
}

// TestPlaceholdersAreKnown checks that every placeholder of the catalogue names a fact that is collected.
func TestPlaceholdersAreKnown(t *testing.T) {
	t.Parallel()
	c := &inquiry{facts: facts{}}
	known := facts{}
	e := answeredTo(otherRole("g")).events
	c.request, c.review = e[len(e)-1].Request, &e[len(e)-2]
	c.verdict = Verdict{Identity: identityOf(c.request), Cluster: cluster}
	c.question = questionOf(c.request)
	c.learn()
	known.add(c.facts)
	for _, name := range []string{"impersonated", "reason", "age", "over", "skew", "oldid", "service", "operation", "action", "binding", "policies", "unknown"} {
		known[name] = "x"
	}
	placeholder := regexp.MustCompile(`\{([a-z][a-zA-Z]*)(:[a-z]+)?\}`)
	for _, cause := range Causes() {
		own := facts{}
		for _, says := range cause.Says {
			for _, m := range placeholder.FindAllStringSubmatch(says, -1) {
				own[m[1]] = "x"
			}
		}
		for _, m := range placeholder.FindAllStringSubmatch(cause.Sentence+cause.Fix, -1) {
			if known[m[1]] == "" && own[m[1]] == "" {
				t.Errorf("cause %q: nothing fills in {%s}", cause.ID, m[1])
			}
		}
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		pattern, text string
		want          facts
		ok            bool
	}{
		{"plain", "so plain it is", facts{}, true},
		{"plain", "nothing", nil, false},
		{`unexpected hostname "{host}" in pre-signed URL`, `x: unexpected hostname "a.b" in pre-signed URL`, facts{"host": "a.b"}, true},
		{`{a} and {b}`, `1 and 2 and 3`, facts{"a": "1", "b": "2 and 3"}, true},
		{`a {x} b`, `a 1 c`, nil, false},
		{`open {x`, `open 1`, facts{"x": "1"}, true},
		{"", "", facts{}, true},
	} {
		got, ok := match(tc.pattern, tc.text)
		if diff := cmp.Diff(tc.want, got); ok != tc.ok || diff != "" {
			t.Errorf("match(%q, %q) = %v, %v\n%s", tc.pattern, tc.text, got, ok, diff)
		}
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	f := facts{"username": "o'brien: admin", "arn": malloryARN, "number": "123", "nested": "{arn}"}
	for text, want := range map[string]string{
		"{username} is {arn}":            "o'brien: admin is " + malloryARN,
		"--user={username:sh}":           `--user='o'\''brien: admin'`,
		"u: {username:yaml}, {arn:yaml}": `u: "o'brien: admin", ` + malloryARN,
		"{number:yaml} {number:sh}":      `"123" 123`,
		"{missing} {{SessionName}} {":    "MISSING {{SessionName}} {",
		"{nested}":                       "{arn}",
		`{"a": {}} {arn`:                 `{"a": {}} {arn`,
	} {
		if got := f.fill(text); got != want {
			t.Errorf("fill(%q) = %q, want %q", text, got, want)
		}
	}
}
