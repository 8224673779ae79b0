package scenarios

import (
	"strings"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/strictyaml"
)

// Decode reads one scenario and validates it. file names the data in problems and becomes the scenario's File; it
// is not opened. env is the environment that the scenario is for: it has the identities that the scenario may
// name, besides its own; nil means that it is not known, and then any name is accepted. With problems, which are
// complete and in the order of the lines, there is no scenario.
func Decode(file string, data []byte, env *config.Environment) (*Scenario, strictyaml.Problems) {
	scenario, _, problems := decode(file, data, env)
	return scenario, problems
}

func decode(file string, data []byte, env *config.Environment) (*Scenario, *strictyaml.Document, strictyaml.Problems) {
	scenario := new(Scenario)
	doc, form := strictyaml.DecodePartly(file, data, scenario)
	if doc == nil {
		return nil, nil, form
	}
	meaning := newValidator(doc, scenario, env).validate()
	scenario.File = file // decoding replaced it
	for i := range scenario.Steps {
		scenario.Steps[i].Line = doc.Line("steps", i)
	}
	for i := range scenario.Fixed {
		scenario.Fixed[i].Line = doc.Line("fixed", i)
	}
	if problems := append(form, unexplained(meaning, form)...).Sort(); len(problems) > 0 {
		return nil, doc, problems
	}
	return scenario, doc, nil
}

// unexplained leaves out the problems of meaning that a problem of form already explains: where a key is
// misspelt, the right one is missing too.
func unexplained(meaning, form strictyaml.Problems) strictyaml.Problems {
	var rest strictyaml.Problems
	for _, m := range meaning {
		explained := false
		for _, f := range form {
			explained = explained || f.Path == m.Path ||
				strings.HasPrefix(f.Path, m.Path+".") || strings.HasPrefix(f.Path, m.Path+"[")
		}
		if !explained {
			rest = append(rest, m)
		}
	}
	return rest
}
