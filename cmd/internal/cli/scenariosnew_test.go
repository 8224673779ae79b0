package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/golden"

	"github.com/eksemu/eksemu/scenarios"
)

func TestScenariosNew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := filepath.Join(t.TempDir(), "my scenarios")
	got := w.run("scenarios", "new", "mine", "--dir", dir)
	got.want(t, ExitOK, dir+"/mine.yaml is written. …")
	golden.Assert(t, strings.ReplaceAll(got.errOut, dir, "/home/me/my scenarios"), "scenarios-new.txt")
	path := filepath.Join(dir, "mine.yaml")
	golden.Assert(t, read(t, path), "scenarios-new.yaml")
	w.run("scenarios", "lint", path).want(t, ExitOK, "no problems\n")
	write(t, path, "precious")
	w.run("scenarios", "new", "mine", "--dir", dir).want(t, ExitUsage, "error: "+path+" exists and is left as it is: choose another name\n")
	if read(t, path) != "precious" {
		t.Error("the file was overwritten")
	}
	w.run("scenarios", "new", "mine", "--dir", filepath.Join(path, "below")).want(t, ExitUsage, "error: make the folder of the scenario (choose another with --dir): …")
	w.run("scenarios", "new", "../mine", "--dir", dir).want(t, ExitUsage, "error: name a scenario \"../mine\": use lower-case letters, digits and hyphens, at most 63\n")
	if found := files(t, dir); len(found) != 2 {
		t.Errorf("left: %v", found)
	}
}

// TestScenariosNewHere: the folder that one is in needs no flag.
func TestScenariosNewHere(t *testing.T) {
	t.Chdir(t.TempDir())
	newWorld(t).run("scenarios", "new", "mine").want(t, ExitOK, "mine.yaml is written. …")
	newWorld(t).run("scenarios", "lint", "mine.yaml").want(t, ExitOK, "no problems\n")
}

func TestScenariosSchema(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		args []string
		want []byte
	}{{nil, scenarios.Schema()}, {[]string{"scenario"}, scenarios.Schema()}, {[]string{"report"}, scenarios.ReportSchema()}} {
		got := w.run(append([]string{"scenarios", "schema"}, c.args...)...)
		got.want(t, ExitOK, "")
		if got.out != string(c.want) {
			t.Errorf("%v: %.100s", c.args, got.out)
		}
	}
	w.run("scenarios", "schema", "junit").want(t, ExitUsage, "error: invalid argument \"junit\" for \"eksemu scenarios schema\"…")
}

// TestFiveMistakes: a file with several mistakes is refused with all of them, each with its line and what to write, and
// nothing is started for it.
func TestFiveMistakes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := filepath.Join("testdata", "five-mistakes.yaml")
	got := w.run("scenarios", "lint", file)
	got.want(t, ExitUsage, "error: scenarios have problems:\n…")
	golden.Assert(t, got.errOut, "five-mistakes.txt")
	_, problems, _ := strings.Cut(got.errOut, "\n")
	lines := strings.Split(strings.TrimSpace(problems), "\n")
	if len(lines) != 5 {
		t.Errorf("%d problems, want 5:\n%s", len(lines), problems)
	}
	for i, want := range []string{":6: metadata.outcome: ", ":9: steps[0].clock: ", ":10: steps[1].as: ", ":12: steps[1].expect.cause: ", ":16: steps[3].expects: "} {
		if i < len(lines) && !strings.HasPrefix(lines[i], file+want) || i < len(lines) && !strings.HasSuffix(lines[i], ")") {
			t.Errorf("problem %d is %q, want %q and what to do about it", i+1, lines[i], want)
		}
	}
	report := filepath.Join(t.TempDir(), "report.xml")
	ran := w.run("run", file, "--report", "junit="+report)
	ran.want(t, ExitUsage, "error: nothing was run:\n"+problems)
	if ran.out != "" {
		t.Errorf("it printed\n%s", ran.out)
	}
	for _, made := range []string{w.StateHome, report} {
		if _, err := os.Stat(made); err == nil {
			t.Errorf("%s was made", made)
		}
	}
}
