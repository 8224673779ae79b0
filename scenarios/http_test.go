package scenarios

import (
	"io"
	"testing"
)

// TestRequestIsFilledIn in its path and in all texts of its body.
func TestRequestIsFilledIn(t *testing.T) {
	t.Parallel()
	e := newFakeEnvironment(t)
	step := Step{HTTP: &Request{Method: "POST", Path: "/api?of=${region}", Body: map[string]any{"a": []any{"${cluster}", 1, "$${cluster}"}, "${b}": nil}}}
	c := call{session: &session{run: &run{Runner: e.runner(t)}, Environment: e}, step: step}
	request, err := c.request(t.Context(), "token")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(request.Body)
	const want = `{"${b}":null,"a":["my-cluster",1,"${cluster}"]}`
	if err != nil || string(body) != want || request.URL.RequestURI() != "/api?of=us-west-2" {
		t.Errorf("%s with %s, %v; want %s", request.URL, body, err, want)
	}
	c.step.HTTP.Body = []any{"${custer}"}
	if _, err := c.request(t.Context(), "token"); err == nil {
		t.Error("a misspelt variable was filled in")
	}
}
