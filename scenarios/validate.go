package scenarios

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/strictyaml"
)

var (
	// nameForm is that of a scenario's name: a DNS label (RFC 1123), so that it can be a file name, a JUnit
	// suite and a command line argument.
	nameForm = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)

	// serviceAccountForm is namespace/name, both with the characters of Kubernetes object names.
	serviceAccountForm = regexp.MustCompile(`^[a-z0-9][-a-z0-9]*/[a-z0-9][-a-z0-9.]*$`)
)

// maxClock bounds the clock's offset: tokens are refused after 15 minutes, and STS refuses a signature that is
// more than 15 minutes ahead, so a day is more than any scenario needs and less than a typing error.
const maxClock = 24 * time.Hour

// validator checks what a scenario means, once its form is right.
type validator struct {
	doc        *strictyaml.Document
	scenario   *Scenario
	identities []string // nil: not known
	problems   strictyaml.Problems
}

func newValidator(doc *strictyaml.Document, scenario *Scenario, env *config.Environment) *validator {
	v := &validator{doc: doc, scenario: scenario}
	if env == nil {
		return v
	}
	if overlay := scenario.Environment; overlay != nil {
		_, v.problems = env.Merge(*overlay, doc, "environment")
	}
	v.identities = append(namesOf(config.Overlay{Users: env.Users, Roles: env.Roles, Instances: env.Instances}),
		overlayNames(scenario)...)
	return v
}

func (v *validator) validate() strictyaml.Problems {
	v.header()
	v.metadata()
	switch only := v.scenario.Metadata.DocumentationOnly != ""; {
	case only && len(v.scenario.AllSteps()) > 0:
		v.add("remove the steps, or documentationOnly", "a scenario that is documentation only has no steps", "metadata", "documentationOnly")
	case !only && len(v.scenario.Steps) == 0:
		v.add("write at least one step that acts", "a scenario needs steps")
	}
	for i, step := range v.scenario.Steps {
		v.step(step, at{v, []any{"steps", i}})
	}
	for i, step := range v.scenario.Fixed {
		v.step(step, at{v, []any{"fixed", i}})
	}
	v.ending()
	v.cure()
	return v.problems
}

func (v *validator) header() {
	if got := v.scenario.APIVersion; got != APIVersion {
		v.add("write apiVersion: "+APIVersion, fmt.Sprintf("the apiVersion is %q", got), "apiVersion")
	}
	if got := v.scenario.Kind; got != Kind {
		v.add("write kind: "+Kind, fmt.Sprintf("the kind is %q", got), "kind")
	}
}

func (v *validator) metadata() {
	m := v.scenario.Metadata
	switch {
	case m.Name == "":
		v.add("write name: and a short name", "the scenario has no name", "metadata")
	case !nameForm.MatchString(m.Name):
		v.add("use lower-case letters, digits and hyphens, at most 63", fmt.Sprintf("the name is %q", m.Name), "metadata", "name")
	}
	if m.Title == "" {
		v.add("write title: and one line that says what happens", "the scenario has no title", "metadata")
	}
	if m.Outcome == "" {
		v.add("write outcome: and that of the last step that acts", "the scenario has no outcome", "metadata")
	} else {
		v.oneOf("outcome", string(m.Outcome), outcomes(), "metadata", "outcome")
	}
	v.sources()
	for i, tag := range m.Tags {
		if !nameForm.MatchString(tag) {
			v.add("use lower-case letters, digits and hyphens", fmt.Sprintf("the tag is %q", tag), "metadata", "tags", i)
		}
	}
}

// ending checks that the scenario's outcome is that of its last step that acts.
func (v *validator) ending() {
	i := v.scenario.Deciding()
	if i < 0 {
		if len(v.scenario.Steps) > 0 {
			v.add("add a step with kubectl, aws or http", "no step acts, so the scenario has no outcome", "steps")
		}
		return
	}
	want, expect := v.scenario.Metadata.Outcome, v.scenario.Steps[i].Expect
	if !slices.Contains(outcomes(), string(want)) || expect == nil || expect.Outcome == "" || expect.Outcome == want {
		return
	}
	v.add(fmt.Sprintf("write outcome: %s, or correct steps[%d].expect", expect.Outcome, i),
		fmt.Sprintf("the scenario's outcome is %q, but its last step that acts expects %q", want, expect.Outcome), "metadata", "outcome")
}

func (v *validator) add(fix, message string, path ...any) {
	v.problems = append(v.problems, v.doc.Problem(fix, message, path...))
}

// oneOf reports a value that is none of the known ones.
func (v *validator) oneOf(what, value string, known []string, path ...any) {
	if !slices.Contains(known, value) {
		v.add(strictyaml.DidYouMean(value, known), fmt.Sprintf("unknown %s %q", what, value), path...)
	}
}

// at is a place in the file from which problems are reported.
type at struct {
	*validator
	path []any
}

func (p at) in(path ...any) []any { return append(slices.Clone(p.path), path...) }

func (v *validator) step(step Step, p at) {
	actions := step.actions()
	switch len(actions) {
	case 0:
		v.add("write one of "+strings.Join(actionNames(), ", "), "the step does nothing", p.path...)
		return
	case 1:
	default:
		names := make([]string, len(actions))
		for i, action := range actions {
			names[i] = string(action)
		}
		v.add("make it several steps", "the step has more than one action: "+strings.Join(names, ", "), p.path...)
		return
	}
	if actions[0].Acts() {
		p.actor(step, actions[0])
		p.expectation(step, actions[0])
	} else {
		p.passive(step, actions[0])
	}
	p.action(step, actions[0])
	p.client(step, actions[0])
}

// actor checks who acts.
func (p at) actor(step Step, action Action) {
	switch {
	case step.As == "" && step.ServiceAccount == "":
		p.add("write as: and the name of an identity", fmt.Sprintf("nobody runs the step's %s", action), p.path...)
	case step.As != "" && step.ServiceAccount != "":
		p.add("keep one of them", "the step has both as and serviceAccount", p.path...)
	case step.ServiceAccount != "" && action == ActionAWS:
		p.add("write as: and the name of an identity", "a service account has no AWS credentials", p.in("serviceAccount")...)
	case step.ServiceAccount != "" && !serviceAccountForm.MatchString(step.ServiceAccount):
		p.add("write namespace/name, such as default/default", fmt.Sprintf("the service account is %q", step.ServiceAccount), p.in("serviceAccount")...)
	case step.As != "":
		p.identity(step.As, "as")
	}
}

func (p at) identity(name string, path ...any) {
	if p.identities != nil {
		p.oneOf("identity", name, p.identities, p.in(path...)...)
	}
}

// passive checks that a step that only changes state has nothing that acting steps have.
func (p at) passive(step Step, action Action) {
	for field, set := range map[string]bool{"as": step.As != "", "serviceAccount": step.ServiceAccount != "", "expect": step.Expect != nil} {
		if set {
			p.add("remove it, or make it a step of its own with kubectl, aws or http",
				fmt.Sprintf("%s changes state and takes no %s", action, field), p.in(field)...)
		}
	}
}

func (p at) expectation(step Step, action Action) {
	expect := step.Expect
	if expect == nil {
		p.add("write expect: {outcome: unauthorized, denied or allowed}", "the step expects nothing", p.path...)
		return
	}
	if expect.Outcome == "" {
		p.add("write outcome: unauthorized, denied or allowed", "the expectation has no outcome", p.in("expect")...)
	} else {
		p.oneOf("outcome", string(expect.Outcome), outcomes(), p.in("expect", "outcome")...)
	}
	p.within(expect.Within)
	if expect.DecidedBy != "" {
		p.oneOf("hop", string(expect.DecidedBy), hops(), p.in("expect", "decidedBy")...)
	}
	if expect.Cause != "" {
		p.oneOf("cause", expect.Cause, causes(), p.in("expect", "cause")...)
	}
	switch {
	case expect.Status != 0 && action != ActionHTTP:
		p.add("remove it, or make it an http step", fmt.Sprintf("%s has no HTTP status of its own", action), p.in("expect", "status")...)
	case expect.Status != 0 && (expect.Status < 100 || expect.Status > 599):
		p.add("write a status between 100 and 599", "the HTTP status is "+strconv.Itoa(expect.Status), p.in("expect", "status")...)
	}
}
