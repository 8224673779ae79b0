package sigv4

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestFromHTTP sends raw bytes to a real server and compares what FromHTTP restores. Evidence: spec/sts.md §1.1, "Go server traps" [V].
func TestFromHTTP(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, wire string
		want       Request
	}{
		{
			name: "raw target, host, order of one name",
			wire: "GET //a/../b%2f/%7e?b=1;c&a=%2F+x HTTP/1.1\r\nHost: 127.0.0.1:8443\r\nX-A: 2\r\nX-B:  \"a   b\" \r\nX-A: 1\r\n\r\n",
			want: Request{Method: "GET", Target: "//a/../b%2f/%7e?b=1;c&a=%2F+x", Host: "127.0.0.1:8443",
				Headers: []Header{{"X-A", "2"}, {"X-A", "1"}, {"X-B", `"a   b"`}, {"Content-Length", "0"}}},
		},
		{
			name: "content-length and folded header",
			wire: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nX-A: 1\r\n   2\r\n\r\nhi",
			want: Request{Method: "POST", Target: "/", Host: "a", Body: []byte("hi"),
				Headers: []Header{{"Content-Length", "2"}, {"X-A", "1 2"}}},
		},
		{
			name: "chunked body has no length",
			wire: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
			want: Request{Method: "POST", Target: "/", Host: "a", Body: []byte("hi")},
		},
		{
			name: "absolute form, as sent to a proxy",
			wire: "GET http://sts.amazonaws.com/?Action=x HTTP/1.1\r\nHost: ignored\r\n\r\n",
			want: Request{Method: "GET", Target: "/?Action=x", Host: "sts.amazonaws.com", Headers: []Header{{"Content-Length", "0"}}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := overTheWire(t, tt.wire)
			sorted := cmpopts.SortSlices(func(a, b Header) bool { return a.Name < b.Name }) // stable: the order within a name is compared
			if diff := cmp.Diff(tt.want, got, sorted, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
		})
	}
}

// overTheWire sends the bytes to a server and returns what FromHTTP makes of them there.
func overTheWire(t *testing.T, wire string) Request {
	t.Helper()
	received := make(chan Request, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read body: %v", err)
		}
		received <- FromHTTP(r, body)
	}))
	t.Cleanup(server.Close)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, wire); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _ = response.Body.Close(); response.StatusCode != http.StatusOK {
		t.Fatalf("server answered %s", response.Status)
	}
	return <-received
}

func TestOriginForm(t *testing.T) {
	t.Parallel()
	for target, want := range map[string]string{
		"/a?b=http://c":  "/a?b=http://c",
		"":               "",
		"*":              "*",
		"http://h":       "/",
		"HTTPS://h/a?b":  "/a?b",
		"http://h?a=b":   "/?a=b",
		"http://h:80//a": "//a",
		"ftp://h/a":      "ftp://h/a",
		"host:443":       "host:443",
	} {
		if got := originForm(target); got != want {
			t.Errorf("originForm(%q) = %q, want %q", target, got, want)
		}
	}
}

// A request that no server has read has no RequestURI.
func TestFromHTTPClientRequest(t *testing.T) {
	t.Parallel()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://sts.amazonaws.com/a%2Fb?c=d", strings.NewReader("hi"))
	if err != nil {
		t.Fatal(err)
	}
	got := FromHTTP(r, []byte("hi"))
	want := Request{Method: "POST", Target: "/a%2Fb?c=d", Host: "sts.amazonaws.com", Headers: []Header{{"Content-Length", "2"}}, Body: []byte("hi")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

// What net/http accepts as an absolute target keeps its path and query to the byte.
func FuzzOriginForm(f *testing.F) {
	for _, target := range []string{
		"http://sts.amazonaws.com", "http://sts.amazonaws.com?a=b", "http://sts.amazonaws.com//a/../b?x=%zz;",
		"https://user:pass@sts.amazonaws.com:443/?u=http://x/", "/relative?u=http://x/", "http://[::1]:80/",
	} {
		f.Add(target)
	}
	f.Fuzz(func(t *testing.T, target string) {
		parsed, err := url.ParseRequestURI(target) // what net/http accepts
		if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" || !utf8.ValidString(target) {
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
