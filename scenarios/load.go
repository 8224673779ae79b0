package scenarios

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/strictyaml"
)

//go:embed catalogue/*.yaml
var catalogue embed.FS

// Loader finds and reads scenarios.
type Loader struct {
	// Environment is what the scenarios are for; nil means that it is not known, see [Decode].
	Environment *config.Environment
}

// Catalogue returns the shipped scenarios, ordered by the hop that decides and by name.
func (l Loader) Catalogue() ([]*Scenario, error) {
	list, err := l.directory(catalogue, "catalogue", "catalogue")
	for _, scenario := range list {
		scenario.Shipped = true
	}
	slices.SortStableFunc(list, byHop)
	return list, err
}

// Load reads scenarios by reference: the name of a shipped one, a file, or a directory, of which every .yaml and
// .yml file is read, not those of directories below. Without references it is the catalogue. The error lists
// every problem of every file: it is, or wraps, [strictyaml.Problems] where files have problems.
func (l Loader) Load(references ...string) ([]*Scenario, error) {
	if len(references) == 0 {
		return l.Catalogue()
	}
	var loaded []*Scenario
	var errs []error
	for _, reference := range references {
		some, err := l.load(reference)
		loaded = append(loaded, some...)
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return loaded, nil
}

// Lint reads scenarios like [Loader.Load] and only says what is wrong with them.
func (l Loader) Lint(references ...string) error {
	_, err := l.Load(references...)
	return err
}

func (l Loader) load(reference string) ([]*Scenario, error) {
	if !strings.ContainsAny(reference, `./\`) {
		return l.shipped(reference)
	}
	info, err := os.Stat(reference)
	if err != nil {
		return nil, fmt.Errorf("read scenario %q: %w", reference, err)
	}
	if info.IsDir() {
		return l.directory(os.DirFS(reference), ".", reference)
	}
	data, err := os.ReadFile(reference)
	if err != nil {
		return nil, fmt.Errorf("read scenario %q: %w", reference, err)
	}
	scenario, problems := Decode(reference, data, l.Environment)
	if len(problems) > 0 {
		return nil, problems
	}
	return []*Scenario{scenario}, nil
}

// shipped reads a file of the catalogue, which is named like its scenario.
func (l Loader) shipped(name string) ([]*Scenario, error) {
	file := path.Join("catalogue", name+".yaml")
	data, err := catalogue.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("no shipped scenario is called %q (%s; a file or directory is written with a dot or a slash: ./%s)",
			name, strictyaml.DidYouMean(name, shippedNames()), name)
	}
	scenario, problems := Decode(file, data, l.Environment)
	if len(problems) > 0 {
		return nil, problems
	}
	scenario.Shipped = true
	return []*Scenario{scenario}, nil
}

func shippedNames() []string {
	files, _ := fs.Glob(catalogue, "catalogue/*.yaml") // only a malformed pattern is an error
	names := make([]string, len(files))
	for i, file := range files {
		names[i] = strings.TrimSuffix(path.Base(file), ".yaml")
	}
	return names
}

// directory reads the scenarios of dir in files. shown is what the directory is called in problems.
func (l Loader) directory(files fs.FS, dir, shown string) ([]*Scenario, error) {
	entries, err := fs.ReadDir(files, dir)
	if err != nil {
		return nil, fmt.Errorf("read the scenarios of %q: %w", shown, err)
	}
	var loaded []*Scenario
	var problems strictyaml.Problems
	first := map[string]string{}
	for _, entry := range entries {
		if entry.IsDir() || !slices.Contains([]string{".yaml", ".yml"}, path.Ext(entry.Name())) {
			continue
		}
		data, err := fs.ReadFile(files, path.Join(dir, entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("read scenario %q: %w", filepath.Join(shown, entry.Name()), err)
		}
		scenario, doc, found := decode(filepath.Join(shown, entry.Name()), data, l.Environment)
		problems = append(problems, found...)
		if scenario != nil {
			problems = append(problems, twice(first, scenario, doc)...)
			loaded = append(loaded, scenario)
		}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	if len(loaded) == 0 {
		return nil, fmt.Errorf("the directory %q has no scenarios (files that end in .yaml)", shown)
	}
	return loaded, nil
}

// twice reports a name that an earlier file of the directory has too.
func twice(first map[string]string, scenario *Scenario, doc *strictyaml.Document) strictyaml.Problems {
	name := scenario.Metadata.Name
	if other, ok := first[name]; ok {
		return strictyaml.Problems{doc.Problem("give one of them another name", fmt.Sprintf("the name %q is taken by %s", name, other), "metadata", "name")}
	}
	first[name] = scenario.File
	return nil
}
