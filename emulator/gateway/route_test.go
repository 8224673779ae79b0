package gateway

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
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

func TestIsLoopback(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"localhost": true, "127.1.2.3": true, "::1": true, "::1%lo": true, "::ffff:127.0.0.1": true, "0.0.0.0": true, "::": true,
		"": false, "example.com": false, "128.0.0.1": false, "fe80::1%lo": false,
	} {
		if got := isLoopback(host); got != want {
			t.Errorf("%q: %t", host, got)
		}
	}
}
