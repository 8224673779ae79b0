package cli

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gotest.tools/v3/golden"

	"github.com/eksemu/eksemu/emulator"
)

// neutralPaths puts names in the places of what differs from run to run.
func neutralPaths(w *world, f *fakeEnvironment, text string) string {
	return strings.NewReplacer(w.StateHome, "STATE", f.Gateway, "GATEWAY").Replace(text)
}

// misleading are variables of a shell of somebody who works with AWS.
var misleading = map[string]string{
	"AWS_ACCESS_KEY_ID": "AKIAREAL", "AWS_SECRET_ACCESS_KEY": "x", "AWS_PROFILE": "work", "AWS_DEFAULT_PROFILE": "work", "AWS_REGION": "eu-west-1",
	"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:4566", "https_proxy": "http://proxy.example:3128", "AWS_PAGER": "less", "KUBECONFIG": "/home/me/.kube/config",
}

func TestEnv(t *testing.T) {
	t.Parallel()
	for _, format := range envFormatNames() {
		for _, tc := range []struct {
			name, identity string
			env            map[string]string
		}{{"", "", nil}, {"-misled", "", misleading}, {"-alice", "alice", misleading}} {
			t.Run(format+tc.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				f := w.start(t, "default")
				for name, value := range tc.env {
					w.env[name] = value
				}
				w.env["GITHUB_ENV"] = filepath.Join(t.TempDir(), "github-env")
				got := w.run("env", "--format", format, "--as", tc.identity)
				got.want(t, ExitOK, "")
				text := got.out
				if format == "github" {
					if text != "" {
						t.Errorf("standard output: %s", text)
					}
					text = read(t, w.env["GITHUB_ENV"])
				}
				golden.Assert(t, neutralPaths(w, f, text), filepath.Join("env", format+tc.name+".txt"))
				if strings.Contains(got.out, f.AdminToken) {
					t.Error("the token of the admin API is printed")
				}
			})
		}
	}
}

func TestEnvRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t, "default")
	w.run("env", "--as", "carol").want(t, ExitUsage, "error: identity \"carol\": environment default has trurl, alice, bob, mallory\n")
	w.run("env", "--format", "github").want(t, ExitUsage, "error: --format github: GITHUB_ENV is not set; outside of GitHub Actions use --format dotenv\n")
	w.env["GITHUB_ENV"] = filepath.Join(t.TempDir(), "missing", "file")
	w.run("env", "--format", "github").want(t, ExitStart, "error: append to GITHUB_ENV: open …")
}

func TestEnvForGitHubAppends(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t, "default")
	path := filepath.Join(t.TempDir(), "github-env")
	write(t, path, "MINE=1\n")
	w.env["GITHUB_ENV"] = path
	w.run("env", "--format", "github").want(t, ExitOK, "")
	if got := read(t, path); !strings.HasPrefix(got, "MINE=1\nHTTPS_PROXY=") {
		t.Errorf("the file is now %s", got)
	}
}

func TestEnvCompletesIdentities(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.run("__complete", "env", "--as", ""); got.out != ":4\n" {
		t.Errorf("without an environment: %q", got.out)
	}
	w.start(t, "default")
	if got := w.run("__complete", "env", "--as", ""); got.out != "trurl\nalice\nbob\nmallory\n:4\n" {
		t.Errorf("completions %q", got.out)
	}
	if got := w.run("__complete", "env", "--format", ""); got.out != "sh\nfish\ndotenv\ngithub\njson\n:4\n" {
		t.Errorf("completions %q", got.out)
	}
}

// evaluate has a real shell evaluate what writeSh printed, and returns the variables that it then has.
func evaluate(t *testing.T, script string, environ []string) map[string]string {
	t.Helper()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh")
	}
	cmd := exec.CommandContext(t.Context(), shell, "-c", `eval "$1"; exec env -0`, "sh", script)
	cmd.Env = slices.Concat(environ, []string{"PATH=" + os.Getenv("PATH")})
	raw, err := cmd.Output()
	if err != nil {
		t.Fatalf("sh: %v of\n%s", err, script)
	}
	variables := map[string]string{}
	for variable := range strings.SplitSeq(string(raw), "\x00") {
		name, value, _ := strings.Cut(variable, "=")
		variables[name] = value
	}
	return variables
}

// TestShellQuoting gives a real shell values that mean something to it, and random ones.
func TestShellQuoting(t *testing.T) {
	t.Parallel()
	values := []string{
		"", " ", "a b", "it's", `"`, `a"b'c`, "$HOME", "${HOME}", "$(echo pwned)", "`echo pwned`", `\`, `a\`, `\\`, `\n`, "a\nb", "\n", "\t",
		"!", "!!", "~", "~root", "*", "?", "[a]", "#", "a#b", "&", "a;b", "|", "<", ">", "(", "a=b", "=", "%s", "é", "日本", "-n", "--", "{a,b}", "'''",
	}
	random := rand.New(rand.NewPCG(1, 2))
	const alphabet = "ab '\"\\$`!~*?[]#&;|<>(){}=%\n\té-"
	for range 200 {
		var value strings.Builder
		for range random.IntN(12) {
			value.WriteRune([]rune(alphabet)[random.IntN(len([]rune(alphabet)))])
		}
		values = append(values, value.String())
	}
	var set []emulator.Variable
	want := map[string]string{}
	for i, value := range values {
		name := "V" + string(rune('A'+i/26)) + string(rune('A'+i%26))
		set = append(set, emulator.Variable{Name: name, Value: value})
		want[name] = value
	}
	w := newWorld(t)
	if err := writeSh(w.App, set, nil); err != nil {
		t.Fatal(err)
	}
	got := evaluate(t, w.out.String(), nil)
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%q became %q", value, got[name])
		}
	}
}

// TestEnvInAShell evaluates the whole output in a shell whose variables mislead.
func TestEnvInAShell(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.StateHome = filepath.Join(t.TempDir(), "it's $HOME, and more")
	f := w.start(t, "default")
	var environ []string
	for name, value := range misleading {
		w.env[name] = value
		environ = append(environ, name+"="+value)
	}
	got := evaluate(t, w.run("env", "--as", "bob").out, environ)
	dir := filepath.Join(w.StateHome, "default")
	want := map[string]string{
		"HTTPS_PROXY": f.Gateway, "NO_PROXY": emulator.NoProxy, "AWS_CA_BUNDLE": dir + "/ca-bundle.pem", "AWS_CONFIG_FILE": dir + "/aws/config",
		"AWS_SHARED_CREDENTIALS_FILE": dir + "/aws/credentials", "AWS_PROFILE": "bob", "KUBECONFIG": dir + "/kubeconfigs/bob", "AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": "less",
		ownProxy: misleading["https_proxy"], ownNoProxy: "",
	}
	for _, name := range []string{"PATH", "PWD", "OLDPWD", "SHLVL", "_", ""} {
		delete(got, name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("variables (-want +got):\n%s", diff)
	}
}

// TestDotenvQuoting holds the rules of Docker Compose
// (https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/).
func TestDotenvQuoting(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"": "", "/a/b-c_d.pem": "/a/b-c_d.pem", "http://127.0.0.1:1": "http://127.0.0.1:1", "a b": "'a b'", "a #b": "'a #b'", "$HOME": "'$HOME'",
		`a"b`: `'a"b'`, `a\`: `'a\'`, "it's": `"it's"`, `it's "$5" \`: `"it's \"\$5\" \\"`,
	} {
		if got := dotenvQuote(value); got != want {
			t.Errorf("%q is quoted as %s, want %s", value, got, want)
		}
	}
}

// TestFishQuoting holds fish's rules: within single quotes a backslash escapes a quote and itself
// (https://fishshell.com/docs/current/language.html#quotes).
func TestFishQuoting(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"": `''`, "a b": `'a b'`, "it's": `'it\'s'`, `a\`: `'a\\'`, `\'`: `'\\\''`, "$HOME": `'$HOME'`, "a\nb": "'a\nb'", "(ls)": "'(ls)'",
	} {
		if got := fishQuote(value); got != want {
			t.Errorf("%q is quoted as %s, want %s", value, got, want)
		}
	}
	fish, err := exec.LookPath("fish")
	if err != nil {
		t.Log("there is no fish to ask")
		return
	}
	for _, value := range []string{"", "it's", `a\`, `\'`, `\\`, "$HOME", "a\nb", "(ls)", "~"} {
		out, err := exec.CommandContext(context.WithoutCancel(t.Context()), fish, "--no-config", "-c", "printf %s "+fishQuote(value)).Output()
		if err != nil || string(out) != value {
			t.Errorf("%q became %q, %v", value, out, err)
		}
	}
}
