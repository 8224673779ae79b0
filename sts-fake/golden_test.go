package stsfake_test

import (
	"bytes"
	"net"
	"net/http/httptest"
	"net/http/httputil"
	"strings"
	"testing"
	"time"

	"gotest.tools/v3/golden"
)

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
			golden.Assert(t, visible(newWorld(t).exchange(t, c)), file)
		})
	}
}

// Every operation that can succeed, and every operation's refusal, in both formats.
func TestWireOperations(t *testing.T) {
	t.Parallel()
	w := newWorld(t) // for tokens: the answers come from worlds of their own
	message, err := w.store.SealMessage(`{"allowed":false,"explicitDeny":false}`)
	if err != nil {
		t.Fatal(err)
	}
	rich := w.idToken(t, map[string]any{
		"https://aws.amazon.com/source_identity": "alice", "https://aws.amazon.com/tags": map[string]any{"principal_tags": map[string]string{"Team": "blue"}},
	})
	const allow = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
	for name, c := range map[string]try{
		"assume-role-policy":                    {form: assume("Policy", allow, "MinimumSessionTokenSize", "256")},
		"assume-role-refused":                   {form: assume("RoleArn", "", "RoleSessionName", "a b", "Tags.member.1.Key", "")},
		"assume-role-with-saml-refused":         {form: samlForm(), unsigned: true},
		"assume-role-with-web-identity":         {form: webIdentityForm(w.idToken(t, nil)), unsigned: true},
		"assume-role-with-web-identity-tags":    {method: "GET", query: webIdentityForm(rich), unsigned: true},
		"assume-role-with-web-identity-refused": {form: webIdentityForm(w.idToken(t, map[string]any{"iss": "https://token.actions.githubusercontent.com"})), unsigned: true},
		"assume-role-with-web-identity-expired": {form: webIdentityForm(w.idToken(t, map[string]any{"exp": 1})), unsigned: true},
		"assume-root-refused":                   {form: rootForm()},
		"assume-root-global":                    {form: rootForm(), host: "sts.amazonaws.com", region: "us-east-1"},
		"decode-authorization-message":          {form: form("DecodeAuthorizationMessage", "EncodedMessage", message), by: klapaucius(t)},
		"decode-authorization-message-refused":  {form: form("DecodeAuthorizationMessage", "EncodedMessage", "x"), by: klapaucius(t)},
		"get-access-key-info":                   {form: form("GetAccessKeyInfo", "AccessKeyId", "ASIARZPUZDIKJDW6CMBJ")},
		"get-access-key-info-refused":           {form: form("GetAccessKeyInfo", "AccessKeyId", "AKIA")},
		"get-caller-identity-refused":           {form: identityForm, region: "us-east-1"},
		"get-delegated-access-token-refused":    {form: form("GetDelegatedAccessToken", "TradeInToken", "x")},
		"get-federation-token":                  {form: form("GetFederationToken", "Name", "guest", "Policy", allow), by: klapaucius(t)},
		"get-federation-token-refused":          {form: form("GetFederationToken", "Name", "guest")},
		"get-session-token":                     {form: form("GetSessionToken", "SerialNumber", deviceSerial, "TokenCode", w.code(t)), by: klapaucius(t)},
		"get-session-token-refused":             {form: form("GetSessionToken", "SerialNumber", deviceSerial, "TokenCode", "000000")},
		"get-web-identity-token-refused":        {form: form("GetWebIdentityToken", "Audience.member.1", "me", "SigningAlgorithm", "RS256")},
		"inactive-region":                       {form: form("GetSessionToken"), host: "sts." + inactiveRegion + ".amazonaws.com", region: inactiveRegion},
	} {
		for extension, accept := range map[string]string{".xml": "", ".json": "application/json"} {
			t.Run(name+extension, func(t *testing.T) {
				t.Parallel()
				c := c
				c.accept = accept
				golden.Assert(t, visible(newWorld(t).exchange(t, c)), name+extension)
			})
		}
	}
}

// visible is an answer with its carriage returns to be seen, so that a text file can have it as it is.
func visible(answer []byte) string { return strings.ReplaceAll(string(answer), "\r", "␍") }

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
