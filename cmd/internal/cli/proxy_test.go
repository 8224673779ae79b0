package cli

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A shell in which `eksemu env` was evaluated has a gateway in HTTPS_PROXY. What is started there goes the machine's way.
func TestProxyIsTheMachinesOwn(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		env        map[string]string
		host, want string
	}{
		"none":                       {nil, "example.com", ""},
		"the machine's":              {map[string]string{"HTTPS_PROXY": "http://proxy:3128"}, "example.com", "http://proxy:3128"},
		"in lower case":              {map[string]string{"https_proxy": "http://proxy:3128"}, "example.com", "http://proxy:3128"},
		"not for this host":          {map[string]string{"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "example.com"}, "example.com", ""},
		"env in a shell without":     {map[string]string{"HTTPS_PROXY": "http://127.0.0.1:4000", ownProxy: "", ownNoProxy: ""}, "example.com", ""},
		"env in a shell with":        {map[string]string{"HTTPS_PROXY": "http://127.0.0.1:4000", ownProxy: "http://proxy:3128"}, "example.com", "http://proxy:3128"},
		"env, not for this host":     {map[string]string{"HTTPS_PROXY": "http://127.0.0.1:4000", ownProxy: "http://proxy:3128", ownNoProxy: ".example.com"}, "www.example.com", ""},
		"NO_PROXY of env counts not": {map[string]string{"NO_PROXY": "example.com", ownProxy: "http://proxy:3128"}, "example.com", "http://proxy:3128"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := &App{LookupEnv: func(name string) (string, bool) { value, ok := tc.env[name]; return value, ok }}
			got, err := app.proxy()(&http.Request{URL: &url.URL{Scheme: "https", Host: tc.host}})
			if err != nil {
				t.Fatal(err)
			}
			text := ""
			if got != nil {
				text = got.String()
			}
			if text != tc.want {
				t.Errorf("proxy %q, want %q", text, tc.want)
			}
		})
	}
}

func TestEnvIsTakenBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t, "default")
	w.env["HTTPS_PROXY"], w.env["NO_PROXY"], w.env["MINE"] = "http://proxy:3128", "intern", "1"
	before := map[string]string{"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "intern", "MINE": "1"}
	for _, args := range [][]string{{"env"}, {"env", "--as", "alice"}} { // the second one in a shell that has the first
		w.env = evaluate(t, w.run(args...).out, environ(w.env))
	}
	if w.env["HTTPS_PROXY"] == before["HTTPS_PROXY"] || w.env["AWS_PROFILE"] != "alice" {
		t.Fatalf("env set %v", w.env)
	}
	after := evaluate(t, w.run("env", "--unset").out, environ(w.env))
	for _, name := range []string{"", "PATH", "PWD", "OLDPWD", "SHLVL", "_"} { // the shell's own
		delete(after, name)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("variables after --unset (-want +got):\n%s", diff)
	}
}

func TestNothingToTakeBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["HTTPS_PROXY"] = "http://proxy:3128"
	w.run("env", "--unset").want(t, ExitOK, "")
	w.run("env", "--unset", "--format", "json").want(t, ExitUsage, "error: --unset --format json: only a shell can unset a variable: use sh or fish\n")
}

func environ(values map[string]string) []string {
	var list []string
	for name, value := range values {
		list = append(list, name+"="+value)
	}
	return list
}
