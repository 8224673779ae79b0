package scenarios

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/eksemu/eksemu/emulator/strictyaml"
	stsfake "github.com/eksemu/eksemu/sts-fake"
)

// maxWithin bounds how long a step may be tried.
const maxWithin = 5 * time.Minute

// variableName is that of an environment variable (POSIX.1-2017, 8.1, and lower-case letters).
var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (p at) token(t Token) {
	if t.Scheme != "" {
		p.oneOf("scheme", t.Scheme, []string{"http", "https"}, p.in("token", "scheme")...)
	}
	if t.Encoding != "" {
		p.oneOf("encoding", string(t.Encoding), tokenEncodings(), p.in("token", "encoding")...)
	}
	if strings.ContainsAny(t.Host, "/?#@") {
		p.add("write a host name such as sts.us-west-2.amazonaws.com", fmt.Sprintf("the token's host is %q", t.Host), p.in("token", "host")...)
	}
}

func (p at) fault(f Fault) {
	if f == (Fault{}) {
		return // none any more
	}
	delay, err := f.Wait()
	if err != nil {
		p.add("write a duration such as 11s", fmt.Sprintf("the delay is %q", f.Delay), p.in("fault", "delay")...)
		return
	}
	err = stsfake.Fault{
		Operation: f.Operation, Times: f.Times, Status: f.Status, Code: f.Code, Message: f.Message, Delay: delay, Drop: f.Drop,
	}.Validate()
	if err != nil {
		p.add("write code: Throttling, status: 503, delay: 11s or drop: true", err.Error(), p.in("fault")...)
	}
}

// client checks what a step says about its client: variables, input, kubeconfig.
func (p at) client(step Step, action Action) {
	ran := action == ActionKubectl || action == ActionAWS
	for _, field := range []struct {
		name    string
		set, ok bool
	}{
		{"env", len(step.Env) > 0, ran}, {"stdin", step.Stdin != "", ran}, {"kubeconfig", step.Kubeconfig != nil, action == ActionKubectl && step.As != ""},
	} {
		if field.set && !field.ok {
			p.add("remove it", fmt.Sprintf("%s takes no %s", action, field.name), p.in(field.name)...)
		}
	}
	for name := range step.Env {
		if !variableName.MatchString(name) {
			p.add("use letters, digits and underscores", fmt.Sprintf("the variable is %q", name), p.in("env", name)...)
		}
	}
	if k := step.Kubeconfig; k != nil && k.Plugin != "" {
		p.oneOf("plugin", k.Plugin, []string{pluginAWS}, p.in("kubeconfig", "plugin")...)
	}
	p.variables(step, action)
}

// variables checks the ${NAME} of a step.
func (p at) variables(step Step, action Action) {
	for _, match := range step.used() {
		name, identity := match[1], match[2]
		switch {
		case !slices.Contains(Variables(), name):
			p.add(strictyaml.DidYouMean(name, Variables()), "unknown variable "+match[0], p.in(string(action))...)
		case ofUser(name) && identity == "":
			p.add("write ${"+name+":USER}", "nobody's "+name, p.in(string(action))...)
		case !ofUser(name) && identity != "":
			p.add("write ${"+name+"}", name+" is nobody's", p.in(string(action))...)
		case ofUser(name):
			p.identity(identity, string(action))
		}
	}
}

// within checks how long a step may be tried.
func (p at) within(text string) {
	if text == "" {
		return
	}
	within, err := time.ParseDuration(text)
	if err != nil || within <= 0 || within > maxWithin {
		p.add("write a duration up to 5m, such as 15s", fmt.Sprintf("within is %q", text), p.in("expect", "within")...)
	}
}

// sources checks the links of a scenario.
func (v *validator) sources() {
	for i, source := range v.scenario.Metadata.Sources {
		if u, err := url.Parse(source); err != nil || u.Scheme != "https" || u.Host == "" {
			v.add("write a link that begins with https://", fmt.Sprintf("the source is %q", source), "metadata", "sources", i)
		}
	}
}

// cure checks that what is fixed is allowed in the end.
func (v *validator) cure() {
	if len(v.scenario.Fixed) == 0 {
		return
	}
	i := lastActing(v.scenario.Fixed)
	if i < 0 {
		v.add("end with a step with kubectl, aws or http that is allowed", "no step shows that it is fixed", "fixed")
		return
	}
	if expect := v.scenario.Fixed[i].Expect; expect != nil && expect.Outcome != "" && expect.Outcome != "allowed" && slices.Contains(outcomes(), string(expect.Outcome)) {
		v.add("let it be allowed, or move the step to steps", fmt.Sprintf("what is fixed ends %s", expect.Outcome), "fixed", i, "expect", "outcome")
	}
}
