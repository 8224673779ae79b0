package iam

import (
	"strings"
	"testing"
)

// Where a * of a Resource element reaches: [D] is the IAM User Guide, reference_policies_elements_resource, with its
// examples; [I] is inferred.
func TestResourceLike(t *testing.T) {
	t.Parallel()
	const role = "arn:aws:iam::111122223333:role/team/dev"
	for _, tt := range []struct {
		source, pattern, value string
		want                   bool
	}{
		{"[D]", "*", role, true},
		{"[D]", role, role, true},
		{"[D]", "arn:aws:iam::111122223333:role/*", role, true},
		{"[D]", "arn:aws:iam::111122223333:user/*", role, false},
		{"[D]", "arn:aws:iam::*:role/team/dev", role, true},
		{"[D]", "arn:aws:iam::1111????3333:role/team/dev", role, true},
		{"[D]", "arn:aws:iam::111122223333:role/*/dev", role, true},
		{"[D]", "arn:aws:iam::111122223333:*", role, true},
		{"[D] last of its segment", "arn:aws:iam:*", role, true},
		{"[D] last of its segment", "arn:aws:*:role/team/dev", role, true},
		{"[D] last of its segment", "arn:*:dev", "arn:aws:x::1:a:dev", true},
		{"[D] within its segment", "arn:aws:iam:*dev", role, false},
		{"[D] within its segment", "arn:a*3:role/team/dev", role, false},
		{"[D] within its segment", "arn:aws:logs:r:1:log-group:a*b", "arn:aws:logs:r:1:log-group:a:b", false},
		{"[D] within its segment", "arn:aws:logs:r:1:log-group:a*b", "arn:aws:logs:r:1:log-group:axb", true},
		{"[D] last of the ARN", "arn:aws:logs:r:1:log-group:a*", "arn:aws:logs:r:1:log-group:a:b:c", true},
		{"[D]", "arn:aws:s3:::amzn-s3-demo-bucket/*/test/*", "arn:aws:s3:::amzn-s3-demo-bucket/1/2/test/3/object.jpg", true},
		{"[D]", "arn:aws:s3:::amzn-s3-demo-bucket/*/test/*", "arn:aws:s3:::amzn-s3-demo-bucket/1-test/object.jpg", false},
		{"[I] ? and a colon", "arn:aws:iam:?111122223333:role/team/dev", role, false},
		{"[I] several of both kinds", "arn:*:a*b:*c*d", "arn:x:axb:y:ab:zcxd", true},
		{"[I] several of both kinds", "arn:*:a*b:*c*d", "arn:x:axb:y:ab:z:cxd", false},
		{"[I] several of both kinds", "arn:*:a*b:*c*d", "arn:x:ax:y:ab:z:c:d", false},
	} {
		if got := resourceLike(pattern(tt.pattern), tt.value); got != tt.want {
			t.Errorf("%s %q for %q: got %t", tt.source, tt.pattern, tt.value, got)
		}
	}
}

// reaches is the rule of resourceLike, word by word and slowly.
func reaches(p, text string) bool {
	switch {
	case p == "":
		return text == ""
	case p[0] == '*':
		across := len(p) == 1 || p[1] == ':'
		for end := 0; ; end++ {
			if reaches(p[1:], text[end:]) {
				return true
			}
			if end == len(text) || !across && text[end] == ':' {
				return false
			}
		}
	case text == "":
		return false
	}
	return (p[0] == text[0] || p[0] == '?' && text[0] != ':') && reaches(p[1:], text[1:])
}

// Every short pattern is right about every short text.
func TestResourceLikeIsTheRule(t *testing.T) {
	t.Parallel()
	words := func(letters string, length int) []string {
		all, last := []string{""}, []string{""}
		for range length {
			var next []string
			for _, word := range last {
				for _, letter := range letters {
					next = append(next, word+string(letter))
				}
			}
			all, last = append(all, next...), next
		}
		return all
	}
	texts := words("ab:", 5)
	for _, p := range words("ab:*", 5) {
		for _, text := range texts {
			if got, want := resourceLike(pattern(p), text), reaches(p, text); got != want {
				t.Fatalf("%q for %q: got %t, want %t", p, text, got, want)
			}
		}
	}
}

// Neither kind of * makes a match take long.
func TestResourceLikeIsQuick(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("a", 1000) + strings.Repeat(":a", 500)
	for _, p := range []string{strings.Repeat("*a", 500) + "b", strings.Repeat("*:a", 500) + "b", strings.Repeat("*:*a", 300) + "b"} {
		if resourceLike(pattern(p), text) {
			t.Errorf("%.10s… matches", p)
		}
	}
}

func FuzzResourceLike(f *testing.F) {
	f.Add("arn:*:a*b:*c*d", "arn:x:axb:y:ab:z:cxd")
	f.Add("a?:*", "ab:")
	f.Fuzz(func(t *testing.T, p, text string) {
		if len(p) > 12 || len(text) > 24 || strings.ContainsFunc(p+text, func(r rune) bool { return r >= 0x80 }) {
			return // the slow way is slow, and knows bytes only
		}
		if got, want := resourceLike(pattern(p), text), reaches(p, text); got != want {
			t.Fatalf("%q for %q: got %t, want %t", p, text, got, want)
		}
	})
}
