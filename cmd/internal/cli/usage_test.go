package cli

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/eksemu/eksemu/emulator"
)

// TestUsageErrors has everything that is wrong with a command line itself: exit code 2, one line that says so, and
// nothing has happened.
func TestUsageErrors(t *testing.T) {
	t.Parallel()
	const badName = "error: environment name \"Bad_Name\": use 1 to 40 lower-case letters, digits and dashes\n"
	missing := filepath.Join(t.TempDir(), "missing.yaml")
	for _, tc := range []struct{ line, want string }{
		{"frobnicate", "error: unknown command \"frobnicate\" for \"eksemu\"\n"},
		{"stauts", "error: unknown command \"stauts\" for \"eksemu\"\n\nDid you mean this?\n\tstatus\n\n"},
		{"config frobnicate", "error: unknown command \"frobnicate\" for \"eksemu config\"\n"},
		{"scenarios frobnicate", "error: unknown command \"frobnicate\" for \"eksemu scenarios\"\n"},
		{"--frobnicate", "error: unknown flag: --frobnicate\n"},
		{"up --frobnicate", "error: unknown flag: --frobnicate\n"},
		{"up now", "error: unknown command \"now\" for \"eksemu up\"\n"},
		{"up --name Bad_Name", badName},
		{"up --name ../../etc", "error: environment name \"../../etc\": …"},
		{"up --port 65536", "error: --port 65536: use 0 (any free one) to 65535\n"},
		{"up --port -1", "error: --port -1: use 0 (any free one) to 65535\n"},
		{"up --port http", "error: invalid argument \"http\" for \"--port\" flag: …"},
		{"up --wait 5", "error: invalid argument \"5\" for \"--wait\" flag: …"},
		{"up --fallback localhost", "error: --fallback \"localhost\": give the URL of another emulator, such as http://127.0.0.1:4566\n"},
		{"up --fallback ftp://127.0.0.1:4566", "error: --fallback \"ftp://127.0.0.1:4566\": give the URL …"},
		{"up --wait 0s", "error: --wait 0s: give it some time, such as 2m\n"},
		{"run --wait -5m", "error: --wait -5m0s: give it some time, such as 2m\n"},
		{"up --fallback ://", "error: --fallback \"://\": give the URL …"},
		{"up --config " + missing, "error: read the environment file: open " + missing + ": no such file or directory\n"},
		{"up --detach --config -", "error: --config - cannot be combined with --detach: save the configuration to a file\n"},
		{"up --backend docker", "error: --backend \"docker\": use one of embedded, kind\n"},
		{"up --kind-cluster foo --kind-image z --retain", "error: --kind-cluster, --kind-image, --retain: only kind clusters have that, and this one is on the embedded backend: leave it out, or use --backend kind\n"},
		{"up --backend embedded --kind-config " + missing, "error: --kind-config: only kind clusters have that, …"},
		{"run --retain", "error: --retain: only kind clusters have that, …"},
		{"up --backend kind --kind-cluster Bad_Name", "error: --kind-cluster: kind cluster name \"Bad_Name\": …"},
		{"up --backend kind --kind-config " + missing, "error: read the kind configuration: open " + missing + ": no such file or directory\n"},
		{"sts now", "error: unknown command \"now\" for \"eksemu sts\"\n"},
		{"sts --name Bad_Name", badName},
		{"sts --port 65536", "error: --port 65536: use 0 (any free one) to 65535\n"},
		{"sts --clock-offset 5", "error: invalid argument \"5\" for \"--clock-offset\" flag: …"},
		{"sts --config " + missing, "error: read the environment file: open " + missing + ": no such file or directory\n"},
		{"sts --detach --config -", "error: --config - cannot be combined with --detach: save the configuration to a file\n"},
		{"fault frobnicate", "error: unknown command \"frobnicate\" for \"eksemu fault\"\n"},
		{"fault add", "error: fault: it does nothing: give it a code or status, a delay or drop\n"},
		{"fault add --times 0 --drop", "error: fault: 0 times: give a positive number of calls with --times\n"},
		{"fault add --times -1 --drop", "error: fault: -1 times: give a positive number of calls\n"},
		{"fault add --operation GetCalerIdentity --drop", "error: fault: STS has no operation \"GetCalerIdentity\": did you mean \"GetCallerIdentity\"?\n"},
		{"fault list --name Bad_Name", badName},
		{"clock advance", "error: accepts 1 arg(s), received 0\n"},
		{"clock advance soon", "error: \"soon\" is no duration: write it like 90s, 15m or 2h\n"},
		{"clock show now", "error: unknown command \"now\" for \"eksemu clock show\"\n"},
		{"down now", "error: unknown command \"now\" for \"eksemu down\"\n"},
		{"down --name Bad_Name", badName},
		{"status -o yaml", "error: invalid argument \"yaml\" for \"-o, --output\" flag: \"yaml\" is neither text nor json\n"},
		{"status --name Bad_Name", badName},
		{"env --format csh", "error: --format \"csh\": use one of sh, fish, dotenv, github, json\n"},
		{"env --name Bad_Name", badName},
		{"token", "error: cluster ID not specified: give the cluster's name with -i\n"},
		{"token -i c now", "error: unknown command \"now\" for \"eksemu token\"\n"},
		{"token -i c --signing-time yesterday", "error: --signing-time: …"},
		{"token -i c --forward-session-name -s x", "error: --forward-session-name and --session-name exclude each other\n"},
		{"kubectl --name Bad_Name get pods", badName},
		{"run --parallel 2 --port 4500", "error: --parallel with --port: …"},
		{"run --parallel 2 --backend kind --kind-cluster dev", "error: --parallel with --kind-cluster (or EKSEMU_KIND_CLUSTER): several environments cannot have one kind cluster; leave out one of them\n"},
		{"run --report html=x", "error: --report \"html=x\": use junit=FILE, json=FILE or github=FILE, with - for standard output\n"},
		{"run --report junit", "error: --report \"junit\": …"},
		{"run --report json=", "error: --report \"json=\": …"},
		{"run --report json=" + missing + "/x", "error: --report \"json=" + missing + "/x\": choose a file that can be written, nothing was run: open …"},
		{"run --report json=- --report junit=-", "error: --report \"junit=-\": another report goes to standard output already\n"},
		{"run --report json=- -o json", "error: -o json and a --report on standard output: leave out one of them\n"},
		{"run -o xml", "error: invalid argument \"xml\" for \"-o, --output\" flag: …"},
		{"run frobnicate", "error: nothing was run:\nno shipped scenario is called \"frobnicate\" …"},
		{"run ./frobnicate.yaml", "error: nothing was run:\nread scenario \"./frobnicate.yaml\": …"},
		{"run --config " + missing, "error: read the environment file: open " + missing + ": …"},
		{"run --name Bad_Name", badName},
		{"scenarios list now", "error: unknown command \"now\" for \"eksemu scenarios list\"\n"},
		{"scenarios show", "error: accepts 1 arg(s), received 0\n"},
		{"scenarios show frobnicate", "error: no shipped scenario is called \"frobnicate\" …"},
		{"scenarios lint", "error: requires at least 1 arg(s), only received 0\n"},
		{"scenarios lint frobnicate", "error: scenarios have problems:\nno shipped scenario is called \"frobnicate\" …"},
		{"config lint", "error: accepts 1 arg(s), received 0\n"},
		{"config lint " + missing, "error: read the environment file: open " + missing + ": no such file or directory\n"},
		{"config init a b", "error: accepts at most 1 arg(s), received 2\n"},
		{"explain --last 0", "error: --last 0: ask for at least 1\n"},
		{"explain --last few", "error: invalid argument \"few\" for \"-n, --last\" flag: …"},
		{"trace --name Bad_Name", badName},
		{"logs a b", "error: accepts at most 1 arg(s), received 2\n"},
		{"logs --name Bad_Name", badName},
		{"version now", "error: unknown command \"now\" for \"eksemu version\"\n"},
		{"__child", "error: __child runs eksemu's own child processes and is not meant to be typed\n"},
		{"__child frobnicate", "error: __child runs eksemu's own child processes and is not meant to be typed\n"},
		{"__instance-credentials", "error: accepts 1 arg(s), received 0\n"},
	} {
		t.Run(tc.line, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			got := w.run(strings.Fields(tc.line)...)
			got.want(t, ExitUsage, tc.want)
			if got.out != "" {
				t.Errorf("standard output: %s", got.out)
			}
			if made := files(t, w.StateHome); len(made) > 0 {
				t.Errorf("it made %v", made)
			}
		})
	}
}

func TestValidNames(t *testing.T) {
	t.Parallel()
	for name, valid := range map[string]bool{
		"a": true, "default": true, "pr-17": true, "1": true, strings.Repeat("a", 40): true,
		"": false, "-a": false, "a-": false, "A": false, "a.b": false, "a/b": false, "..": false, "a b": false, "ä": false,
		"a\n": false, strings.Repeat("a", 41): false, fmt.Sprintf("%s%d", privatePrefix, 4711): false,
	} {
		if err := validName(name); (err == nil) != valid {
			t.Errorf("name %q: %v", name, err)
		}
	}
}

// TestVerbsOfRunningEnvironments runs them without one: exit code 3, and how to start it.
func TestVerbsOfRunningEnvironments(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"status", "status -o json", "env", "env --format json", "env --as alice", "explain", "trace", "trace --follow", "kubectl get pods",
		"kubectl exec web -- nginx -h",
	} {
		w := newWorld(t)
		got := w.run(strings.Fields(line)...)
		got.want(t, ExitStart, notRunning)
		if got.out != "" {
			t.Errorf("%s: standard output: %s", line, got.out)
		}
	}
	w := newWorld(t)
	w.run("status", "--name", "other").want(t, ExitStart, "error: environment other is not running: start it with `eksemu up --name other --detach`\n")
	w.run("kubectl", "--name=other", "get", "pods").want(t, ExitStart, "error: environment other is not running: start it with `eksemu up --name other --detach`\n")
	w.env["EKSEMU_NAME"] = "mine" // then --name need not be repeated
	w.run("status").want(t, ExitStart, "error: environment mine is not running: start it with `eksemu up --detach`\n")
	w.env["EKSEMU_NAME"] = "Bad_Name"
	w.run("status").want(t, ExitUsage, "error: environment name \"Bad_Name\": …")
}

func TestDamagedRuntimeFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := filepath.Join(w.StateHome, "default")
	write(t, filepath.Join(dir, "runtime.json"), "{")
	write(t, filepath.Join(dir, "lock"), "")
	w.run("status").want(t, ExitStart, "error: runtime file "+filepath.Join(dir, "runtime.json")+" is damaged (remove the environment with `eksemu down`): …")
	w.run("down").want(t, ExitOK, "environment default was not running; its state is removed\n")
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("state folder: %v", err)
	}
}

func TestExitCode(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		err  error
		want int
	}{
		{nil, ExitOK},
		{fs.ErrNotExist, ExitUsage},
		{exitWith(ExitTimeout, emulator.ErrNotRunning), ExitTimeout},
		{fmt.Errorf("run it: %w", exitWith(ExitStart, emulator.ErrNotRunning)), ExitStart},
		{exitWith(ExitStart, nil), ExitOK},
	} {
		if got := ExitCode(tc.err); got != tc.want {
			t.Errorf("%v: exit code %d, want %d", tc.err, got, tc.want)
		}
	}
}

// TestStateHome: every verb of an environment refuses a place that its clients could not be told, or that is none.
func TestStateHome(t *testing.T) {
	t.Parallel()
	const unnameable = ": KUBECONFIG and dotenv files cannot name it, because of a ':' or a control character: set XDG_STATE_HOME to another folder\n"
	for dir, want := range map[string]string{
		"":               "error: there is no place for the state: set HOME, or XDG_STATE_HOME to a folder that you can write to\n",
		"/tmp/a:b/state": `error: state folder "/tmp/a:b/state"` + unnameable,
		"/tmp/a\nb":      `error: state folder "/tmp/a\nb"` + unnameable,
	} {
		for _, verb := range []string{"up", "sts", "run", "down", "status", "env", "logs", "explain", "trace", "kubectl get pods"} {
			w := newWorld(t)
			w.StateHome = dir
			w.run(strings.Fields(verb)...).want(t, ExitUsage, want)
		}
	}
	if err := validStateHome("/Users/me/Library/Application Support/it's $HOME"); err != nil {
		t.Error(err)
	}
}
