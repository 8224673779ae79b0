package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gotest.tools/v3/golden"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/scenarios"
)

func TestConfigInit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.run("config", "init")
	got.want(t, ExitOK, "")
	if got.out != string(config.DefaultYAML()) {
		t.Error("what is printed is not the built-in environment")
	}
	if dash := w.run("config", "init", "-"); dash.out != got.out {
		t.Errorf("- is not standard output, but prints %q", dash.out)
	}
	path := filepath.Join(t.TempDir(), "mine.yaml")
	w.run("config", "init", path).want(t, ExitOK, path+" is written. Edit it, then: eksemu up --config "+path+"\n")
	if read(t, path) != string(config.DefaultYAML()) {
		t.Error("what is written is not the built-in environment")
	}
	w.run("config", "lint", path).want(t, ExitOK, "no problems\n")
	write(t, path, "mine")
	w.run("config", "init", path).want(t, ExitUsage, "error: "+path+" exists and is left as it is: choose another name\n")
	if read(t, path) != "mine" {
		t.Error("the file was overwritten")
	}
	missing := filepath.Join(path, "below", "a-file.yaml")
	w.run("config", "init", missing).want(t, ExitUsage, "error: open "+missing+": …")
}

const badEnvironment = `apiVersion: eksemu/v1alpha1
kind: Environment
users:
  - nmae: alice
  - name: bob
    path: nowhere
clusters:
  - name: my-cluster
    creator: carol
    role: bob
`

// TestConfigProblems has all problems listed, with file and line, by every verb that reads the file.
func TestConfigProblems(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bad.yaml")
	write(t, path, badEnvironment)
	for _, args := range [][]string{{"config", "lint", path}, {"up", "--config", path}, {"run", "--config", path}, {"scenarios", "lint", "--config", path, "x"}} {
		w := newWorld(t)
		got := w.run(args...)
		got.want(t, ExitUsage, "error: …")
		golden.Assert(t, strings.ReplaceAll(got.errOut, path, "bad.yaml"), "config-problems.txt")
		if made := files(t, w.StateHome); len(made) > 0 {
			t.Errorf("%v made %v", args, made)
		}
	}
}

func TestConfigFromStandardInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.In = strings.NewReader(string(config.DefaultYAML()))
	w.run("config", "lint", "-").want(t, ExitOK, "no problems\n")
	w.In = strings.NewReader("apiVersion: eksemu/v1alpha1\nkind: Environment\nregoin: us-west-2\n")
	w.run("config", "lint", "-").want(t, ExitUsage, "error: 1 problem in environment file -, nothing was started:\n-:3: …")
}

// TestManifestFilesAreRelativeToTheFile reads one next to it.
func TestManifestFilesAreRelativeToTheFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "mine.yaml")
	write(t, filepath.Join(dir, "more.yaml"), "apiVersion: v1\nkind: Namespace\nmetadata: {name: more}\n")
	write(t, path, strings.Replace(string(config.DefaultYAML()), "# manifestFiles:", "manifestFiles:", 1))
	w := newWorld(t)
	w.run("config", "lint", path).want(t, ExitOK, "no problems\n")
	environment, err := w.loadConfig(path)
	if err != nil || !strings.Contains(strings.Join(environment.Clusters[0].AllManifests(), "\n---\n"), "name: more") {
		t.Errorf("manifests %v, %v", environment, err)
	}
	if err := os.Remove(filepath.Join(dir, "more.yaml")); err != nil {
		t.Fatal(err)
	}
	got := w.run("config", "lint", path)
	if got.code != ExitUsage || !strings.Contains(got.errOut, "more.yaml") {
		t.Errorf("without the manifest: %+v", got)
	}
}

func TestScenariosList(t *testing.T) {
	t.Parallel()
	list, err := scenarios.Loader{}.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	got := w.run("scenarios", "list")
	got.want(t, ExitOK, "")
	lines := strings.Split(strings.TrimSuffix(got.out, "\n"), "\n")
	if len(lines) != len(list)+1 || strings.Join(strings.Fields(lines[0]), " ") != "DECIDED BY SCENARIO OUTCOME TITLE" {
		t.Fatalf("%d lines of %d scenarios:\n%s", len(lines), len(list), got.out)
	}
	title := strings.Index(lines[0], "TITLE")
	var want []scenarios.Metadata
	for i, scenario := range list {
		want = append(want, scenario.Metadata)
		row := strings.Fields(lines[i+1][:title])
		if diff := cmp.Diff([]string{string(scenario.Hop()), scenario.Metadata.Name, string(scenario.Metadata.Outcome)}, row); diff != "" || lines[i+1][title:] != scenario.Metadata.Title {
			t.Errorf("line %q: %s", lines[i+1], diff)
		}
	}
	var metadata []scenarios.Metadata
	if err := json.Unmarshal([]byte(w.run("scenarios", "list", "-o", "json").out), &metadata); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, metadata); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}

const scenario = `apiVersion: eksemu/v1alpha1
kind: Scenario
metadata:
  name: bob-may-not
  title: bob may not list pods
  outcome: denied
lesson: |
  Nobody said what bob may do.
steps:
  - as: bob
    kubectl: auth can-i list pods
    expect: {outcome: denied, decidedBy: rbac}
`

func TestScenariosShow(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bob.yaml")
	write(t, path, scenario)
	w := newWorld(t)
	got := w.run("scenarios", "show", path)
	got.want(t, ExitOK, "")
	golden.Assert(t, strings.ReplaceAll(got.out, path, "bob.yaml"), "scenarios-show.txt")
	var shown []struct {
		Metadata scenarios.Metadata
		Lesson   string
	}
	if err := json.Unmarshal([]byte(w.run("scenarios", "show", path, "-o", "json").out), &shown); err != nil {
		t.Fatal(err)
	}
	if len(shown) != 1 || shown[0].Metadata.Name != "bob-may-not" || !strings.Contains(shown[0].Lesson, "what bob may do") {
		t.Errorf("JSON: %+v", shown)
	}
}

func TestScenariosLint(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good.yaml"), filepath.Join(dir, "bad.yaml")
	write(t, good, scenario)
	write(t, bad, strings.NewReplacer("as: bob", "as: carol", "decidedBy: rbac", "decidedBy: chance").Replace(scenario))
	w := newWorld(t)
	w.run("scenarios", "lint", good).want(t, ExitOK, "no problems\n")
	got := w.run("scenarios", "lint", good, bad)
	got.want(t, ExitUsage, "error: scenarios have problems:\n…")
	golden.Assert(t, strings.ReplaceAll(got.errOut, dir+"/", ""), "scenarios-lint.txt")
}

// TestShippedScenariosAreSound lints each by its name, as completion offers it.
func TestShippedScenariosAreSound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.run("__complete", "scenarios", "show", "")
	offered := strings.Split(strings.TrimSpace(got.out), "\n")
	args := []string{"scenarios", "lint"}
	for _, line := range offered[:len(offered)-1] {
		name, description, _ := strings.Cut(line, "\t")
		if description == "" {
			t.Errorf("%s is offered without its title", name)
		}
		args = append(args, name)
	}
	if len(args) < 5 {
		t.Fatalf("only %v are offered", args)
	}
	w.run(args...).want(t, ExitOK, "no problems\n")
}
