package scenarios

import (
	"strings"
	"testing"

	"github.com/eksemu/eksemu/emulator/config"
)

// A new scenario has no problems, and shows everything that a scenario can have: every action is named in it.
func TestTemplate(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"my-scenario", "x", "a-name-of-my-own"} {
		text, err := Template(name)
		if err != nil {
			t.Fatal(err)
		}
		scenario, problems := Decode(name+".yaml", text, config.Default())
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		if err := compiled(t, Schema()).Validate(instance(t, text)); err != nil {
			t.Error(err)
		}
		if scenario.Metadata.Name != name || scenario.Lesson == "" || len(scenario.Fixed) == 0 || len(overlayNames(scenario)) == 0 {
			t.Errorf("%s: %+v", name, scenario)
		}
		for _, action := range actionNames() {
			if !strings.Contains(string(text), action) {
				t.Errorf("%s: nothing about %s", name, action)
			}
		}
		if !strings.HasPrefix(string(text), "# yaml-language-server: $schema="+SchemaFile+"\n") {
			t.Errorf("%s begins with %.80q", name, text)
		}
	}
	for _, name := range []string{"", "My", "a b", "../x", "a.yaml", strings.Repeat("a", 64)} {
		if _, err := Template(name); err == nil {
			t.Errorf("a scenario can be called %q", name)
		}
	}
}

// Names in the comments of a new scenario are those of the default environment.
func TestTemplateNamesIdentities(t *testing.T) {
	t.Parallel()
	text, err := Template("x")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"trurl", "other-user", "alice", "bob", "mallory"} {
		if _, there := config.Default().Identity(name); !there || !strings.Contains(string(text), name) {
			t.Errorf("%s: in the environment %t", name, there)
		}
	}
}
