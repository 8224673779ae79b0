package strictyaml_test

import (
	"testing"

	"github.com/eksemu/eksemu/emulator/strictyaml"
)

type password string

func (password) Confidential() {}

type safe struct {
	Label string    `yaml:"label"`
	Code  password  `yaml:"code"`
	Doors int8      `yaml:"doors"`
	Inner []*safe   `yaml:"inner"`
	Spare *[]string `yaml:"spare"`
}

// TestConfidential has values in the wrong places around a secret one. None is repeated.
func TestConfidential(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"hunter2":                      "f:1: expected a mapping, found text",
		"[hunter2]":                    "f:1: expected a mapping, found a list",
		"inner: hunter2":               `f:1: inner: expected a list, found text (start each item with "- ")`,
		"inner: [hunter2]":             "f:1: inner[0]: expected a mapping, found text",
		"inner: [23]":                  "f:1: inner[0]: expected a mapping, found a number",
		"inner: [true]":                "f:1: inner[0]: expected a mapping, found a boolean",
		"label: 23":                    "f:1: label: expected text, found a number (put it in quotes)",
		"doors: 2323":                  "f:1: doors: a number does not fit a whole number (write a whole number)",
		"spare: [1]":                   "f:1: spare[0]: expected text, found a number (put it in quotes)",
		"{code:hunter2}":               "f:1: unknown field (known: code, doors, inner, label, spare)",
		"{code:hunter2, code:hunter2}": "f:1: unknown field (known: code, doors, inner, label, spare)\nf:1: written twice, first on line 1 (remove one of them)",
		"cod: hunter2":                 `f:1: cod: unknown field (did you mean "code"?)`,
	} {
		var out safe
		if _, problems := strictyaml.Decode("f", []byte(text), &out); problems.Error() != want {
			t.Errorf("%s:\n%v, want\n%s", text, problems, want)
		}
	}
}
