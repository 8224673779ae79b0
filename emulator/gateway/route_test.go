package gateway

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestLabel(t *testing.T) {
	t.Parallel()
	basic := func(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }
	for _, test := range []struct{ header, want string }{
		{"", ""},
		{basic("alice:x"), "alice"},
		{basic("alice"), "alice"},
		{basic("alice:x:y"), "alice"},
		{basic("alice@my-cluster step 2:"), "alice@my-cluster step 2"},
		{"basic  " + base64.StdEncoding.EncodeToString([]byte("é:x")), "é"},
		{"Bearer alice", ""},
		{"Basic", ""},
		{"Basic ???", ""},
		{basic("a\x1b[31mb:x"), ""},
		{basic("a\nb:x"), ""},
		{basic(strings.Repeat("a", 128) + ":x"), strings.Repeat("a", 128)},
		{basic(strings.Repeat("a", 129) + ":x"), ""},
	} {
		if got := label(http.Header{"Proxy-Authorization": {test.header}}); got != test.want {
			t.Errorf("label(%q) = %q, want %q", test.header, got, test.want)
		}
	}
}

func FuzzLabel(f *testing.F) {
	f.Add("Basic YWxpY2U6eA==")
	f.Add("basic  w6k6eA==")
	f.Add("Bearer x")
	f.Fuzz(func(t *testing.T, header string) {
		got := label(http.Header{"Proxy-Authorization": {header}})
		if len(got) > maxLabel || strings.ContainsAny(got, ":\r\n\x00\x1b") {
			t.Errorf("label(%q) = %q is not fit to print", header, got)
		}
	})
}

func FuzzOriginForm(f *testing.F) {
	for _, target := range []string{
		"http://sts.amazonaws.com", "http://sts.amazonaws.com?a=b", "http://sts.amazonaws.com//a/../b?x=%zz;",
		"https://user:pass@sts.amazonaws.com:443/?u=http://x/", "/relative?u=http://x/", "http://[::1]:80/",
	} {
		f.Add(target)
	}
	f.Fuzz(func(t *testing.T, target string) {
		parsed, err := url.ParseRequestURI(target) // what net/http accepts
		if err != nil || parsed.Host == "" || !parsed.IsAbs() || !utf8.ValidString(target) {
			return
		}
		got := originForm(target)
		if !strings.HasPrefix(got, "/") || !strings.HasSuffix(target, strings.TrimPrefix(got, "/")) {
			t.Fatalf("originForm(%q) = %q is not the end of it", target, got)
		}
		again, err := url.ParseRequestURI(got)
		if err != nil {
			t.Fatalf("originForm(%q) = %q: %v", target, got, err)
		}
		if again.RawQuery != parsed.RawQuery || strings.TrimPrefix(again.Path, "/") != strings.TrimPrefix(parsed.Path, "/") {
			t.Errorf("originForm(%q) = %q has path %q and query %q", target, got, again.Path, again.RawQuery)
		}
	})
}
