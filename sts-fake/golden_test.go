package stsfake_test

import (
	"bytes"
	"flag"
	"net"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Whole answers as they cross the wire, status line and headers included. The store's randomness, the clock and
// the request IDs are fixed, so that even issued credentials are the same each time.
func TestWireAnswers(t *testing.T) {
	t.Parallel()
	tests := map[string]try{
		"get-caller-identity.xml":  {form: identityForm},
		"get-caller-identity.json": {form: identityForm, accept: "application/json"},
		"get-presigned.json":       {method: "GET", query: identityForm, presign: true, accept: "application/json"},
		"get.xml":                  {method: "GET", query: identityForm},
		"assume-role.xml":          {form: assume("DurationSeconds", "900")},
		"assume-role.json":         {form: assume("DurationSeconds", "900"), accept: "application/json"},
		"assume-role-tags.xml":     {form: assume("SourceIdentity", "trurl", "Tags.member.1.Key", "a", "Tags.member.1.Value", "b")},
		"denied.xml":               {form: assume("RoleArn", "arn:aws:iam::111122223333:role/none")},
		"denied.json":              {form: assume("RoleArn", "arn:aws:iam::111122223333:role/none"), accept: "application/json"},
		"unsigned.xml":             {form: identityForm, unsigned: true},
		"wrong-host-signed.xml":    {form: identityForm, host: "sts.us-east-1.amazonaws.com"},
		"unknown-action.xml":       {form: "Action=Foo&Version=2011-06-15"},
		"no-action.txt":            {},
		"wrong-content-type.txt":   {form: "{}", contentType: "application/json"},
	}
	for file, c := range tests {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			got := newWorld(t).exchange(t, c)
			path := filepath.Join("testdata", file)
			if *update {
				if err := os.WriteFile(path, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", path, diff)
			}
		})
	}
}

// exchange sends a request over a real connection and gives back every byte of the answer.
func (w *world) exchange(t *testing.T, c try) []byte {
	t.Helper()
	server := httptest.NewServer(w.server)
	defer server.Close()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	request := w.request(t, c)
	request.Close = true
	raw, err := httputil.DumpRequestOut(request, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	answer := []byte(readAll(t, conn))
	return bytes.ReplaceAll(answer, []byte("Connection: close\r\n"), nil) // because the request asked for it
}
