package mutants

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// The modules that mutants are made of.
const (
	own           = "github.com/eksemu/eksemu"
	authenticator = "sigs.k8s.io/aws-iam-authenticator"
)

// build makes a binary of eksemu in a folder, with all mutants in it.
func build(dir, ldflags string, list []mutant) (binary string, err error) {
	s := sources{dir: dir, overlay: map[string]string{}}
	if err := s.locate(); err != nil {
		return "", err
	}
	if err := s.mutate(list); err != nil {
		return "", err
	}
	overlay, err := s.writeOverlay()
	if err != nil {
		return "", err
	}
	modfile, err := s.writeModfile()
	if err != nil {
		return "", err
	}
	binary = filepath.Join(dir, "eksemu")
	command := exec.Command("go", "build", "-buildvcs=false", "-overlay", overlay, "-modfile", modfile, "-ldflags", ldflags, "-o", binary, "./cmd/eksemu")
	command.Dir = s.own
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the mutants: %w: mend what they are replaced by, in e2e/mutants:\n%s", err, out)
	}
	return binary, nil
}

// sources are the source texts that mutants are made of, and where their copies are.
type sources struct {
	dir                string            // of the copies
	own, authenticator string            // folders of the modules; the second a copy
	overlay            map[string]string // copies by the originals of this module, which need not be there
}

// locate finds the modules and copies the authenticator's: files of the module cache may not be overlaid.
func (s *sources) locate() error {
	for _, module := range []struct {
		path string
		dir  *string
	}{{own, &s.own}, {authenticator, &s.authenticator}} {
		out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module.path).Output()
		if err != nil {
			return fmt.Errorf("find the module %s: %w: run `go mod download`", module.path, err)
		}
		*module.dir = strings.TrimSpace(string(out))
	}
	original := s.authenticator
	s.authenticator = filepath.Join(s.dir, "aws-iam-authenticator")
	if err := os.CopyFS(s.authenticator, os.DirFS(original)); err != nil {
		return fmt.Errorf("copy the module %s: %w", authenticator, err)
	}
	return nil
}

// mutate writes the mutated files, and into each of their packages a file with the selector. The error lists all edits
// that do not fit.
func (s *sources) mutate(list []mutant) error {
	edits := map[string][]edit{}
	for _, m := range list {
		for _, e := range m.edits {
			e.new = strings.ReplaceAll(e.new, "MUTANT", fmt.Sprintf("eksemuMutant(%q)", m.name))
			edits[e.file] = append(edits[e.file], e)
		}
	}
	var problems []error
	for _, file := range slices.Sorted(maps.Keys(edits)) {
		problems = append(problems, s.mutateFile(file, edits[file]))
	}
	return errors.Join(problems...)
}

func (s *sources) mutateFile(file string, edits []edit) error {
	original := filepath.Join(s.own, file)
	within, foreign := strings.CutPrefix(file, authenticator+"/")
	if foreign {
		original = filepath.Join(s.authenticator, within)
	}
	text, err := os.ReadFile(original)
	if err != nil {
		return fmt.Errorf("read what mutants are made of: %w", err)
	}
	syntax, err := parser.ParseFile(token.NewFileSet(), original, text, parser.PackageClauseOnly)
	if err != nil {
		return fmt.Errorf("read what mutants are made of: %w", err)
	}
	changed, err := apply(file, string(text), edits)
	if err != nil {
		return err
	}
	if err := s.write(original, file, foreign, changed); err != nil {
		return err
	}
	const selector = "eksemu_mutant.go"
	return s.write(filepath.Join(filepath.Dir(original), selector), path.Join(path.Dir(file), selector), foreign, fmt.Sprintf(selectorSource, syntax.Name.Name))
}

// write writes a file of the copied module in its place, and one of this module beside, for the overlay.
func (s *sources) write(original, file string, foreign bool, text string) error {
	target := original
	if !foreign {
		target = filepath.Join(s.dir, "overlay", file)
		s.overlay[original] = target
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
		return fmt.Errorf("write a mutated file: %w", err)
	}
	if err := os.WriteFile(target, []byte(text), 0o600); err != nil {
		return fmt.Errorf("write a mutated file: %w", err)
	}
	return nil
}

// apply replaces texts of a file, each of which must be in it exactly once and may not overlap with others.
func apply(file, text string, edits []edit) (string, error) {
	var problems []error
	for _, e := range edits {
		if n := strings.Count(text, e.old); n != 1 {
			problems = append(problems, fmt.Errorf("%s: the text is in it %d times, not once: change it in e2e/mutants as the file has changed:\n%s\nits mutant:\n%s", file, n, e.old, e.new))
		}
	}
	if err := errors.Join(problems...); err != nil {
		return "", err
	}
	slices.SortFunc(edits, func(a, b edit) int { return cmp.Compare(strings.Index(text, a.old), strings.Index(text, b.old)) })
	var out bytes.Buffer
	end := 0
	for _, e := range edits {
		at := strings.Index(text, e.old)
		if at < end {
			return "", fmt.Errorf("%s: two mutants replace the same text, choose another place for one:\n%s", file, e.old)
		}
		out.WriteString(text[end:at] + e.new)
		end = at + len(e.old)
	}
	return out.String() + text[end:], nil
}

// selectorSource tells a package which mutant the process is.
const selectorSource = `package %s

import (
	"os"
	"strings"
	"sync"
)

func eksemuMutant(name string) bool { return eksemuMutantName() == name }

var eksemuMutantName = sync.OnceValue(func() string {
	executable, err := os.Executable()
	if err != nil {
		return ""
	}
	name, _ := os.ReadFile(executable + ".mutant")
	return strings.TrimSpace(string(name))
})
`

// writeOverlay writes the file that the go command takes for -overlay.
func (s *sources) writeOverlay() (string, error) {
	raw, err := json.Marshal(map[string]any{"Replace": s.overlay})
	if err != nil {
		return "", fmt.Errorf("encode the overlay: %w", err)
	}
	name := filepath.Join(s.dir, "overlay.json")
	return name, os.WriteFile(name, raw, 0o600)
}

// writeModfile writes a go.mod that takes the copy of the authenticator, and the go.sum that the go command wants beside.
func (s *sources) writeModfile() (string, error) {
	name := filepath.Join(s.dir, "mutants.mod")
	mod, err := os.ReadFile(filepath.Join(s.own, "go.mod"))
	if err != nil {
		return "", fmt.Errorf("read the module's requirements: %w", err)
	}
	sum, err := os.ReadFile(filepath.Join(s.own, "go.sum"))
	if err != nil {
		return "", fmt.Errorf("read the module's check sums: %w", err)
	}
	mod = fmt.Appendf(mod, "\nreplace %s => %s\n", authenticator, s.authenticator)
	return name, errors.Join(os.WriteFile(name, mod, 0o600), os.WriteFile(filepath.Join(s.dir, "mutants.sum"), sum, 0o600))
}
