package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/eksemu/eksemu/emulator/strictyaml"
)

// action checks what the step's action says.
func (p at) action(step Step, action Action) {
	switch action {
	case ActionApply:
		p.manifest(step.Apply, action)
	case ActionDelete:
		p.manifest(step.Delete, action)
	case ActionClock:
		p.clock(step.Clock)
	case ActionCredentials:
		p.credentials(*step.Credentials)
	case ActionToken:
		p.token(*step.Token)
	case ActionFault:
		p.fault(*step.Fault)
	case ActionAuthenticator:
		p.oneOf("state of the authenticator", string(step.Authenticator), []string{string(AuthenticatorStopped), string(AuthenticatorRunning)}, p.in("authenticator")...)
	case ActionHTTP:
		p.request(*step.HTTP)
	case ActionKubectl:
		p.program(step.Kubectl, action)
	case ActionAWS:
		p.program(step.AWS, action)
	}
}

// manifest checks that every document names an object. What the object holds is the API server's business, and
// often wrong on purpose.
func (p at) manifest(text string, action Action) {
	field := p.in(string(action))
	docs, problems := strictyaml.Parse(p.doc.File, []byte(text))
	for _, doc := range docs {
		for _, path := range [][]any{{"apiVersion"}, {"kind"}, {"metadata", "name"}} {
			if doc.Value(path...) == "" {
				problems = append(problems, doc.Problem("write the object's apiVersion, kind and metadata.name",
					fmt.Sprintf("a manifest without %s", join(path))))
				break
			}
		}
	}
	p.problems = append(p.problems, p.doc.Embedded(problems, field...)...)
}

func join(path []any) string {
	words := make([]string, len(path))
	for i, word := range path {
		words[i] = fmt.Sprint(word)
	}
	return strings.Join(words, ".")
}

func (p at) clock(text string) {
	offset, err := time.ParseDuration(text)
	switch {
	case err != nil:
		p.add(`write an offset such as "-16m"`, fmt.Sprintf("the clock's offset is %q", text), p.in("clock")...)
	case offset < -maxClock || offset > maxClock:
		p.add("stay within 24h", fmt.Sprintf("the clock's offset is %q", text), p.in("clock")...)
	}
}

// secretLength is that of AWS's secret access keys.
const secretLength = 40

func (p at) credentials(c Credentials) {
	switch known := p.identities == nil || slices.Contains(p.identities, c.As); {
	case c.As == "":
		p.add("write as: and the name of an identity", "the credentials are nobody's", p.in("credentials")...)
	case !known && len(c.As) >= secretLength: // it may be the secret
		p.add("write the name of an identity", "unknown identity", p.in("credentials", "as")...)
	default:
		p.identity(c.As, "credentials", "as")
	}
	switch {
	case c.Own:
		if c.SecretAccessKey != "" || c.AccessKeyID != "" || c.Session != "" {
			p.add("leave out the others", "the credentials are the identity's own and others", p.in("credentials")...)
		}
	case c.Session != "":
		p.oneOf("session", string(c.Session), []string{string(SessionExpired)}, p.in("credentials", "session")...)
		if c.SecretAccessKey != "" || c.AccessKeyID != "" {
			p.add("leave out accessKeyID and secretAccessKey", "a session brings its own keys", p.in("credentials")...)
		}
	case c.SecretAccessKey == "":
		p.add("write secretAccessKey: and any text", "the credentials have no secret access key", p.in("credentials")...)
	}
}

func (p at) request(r Request) {
	if r.Method != "" && !slices.Contains(methods(), r.Method) {
		p.add("write GET, POST, PUT, PATCH or DELETE", fmt.Sprintf("the method is %q", r.Method), p.in("http", "method")...)
	}
	if !strings.HasPrefix(r.Path, "/") || strings.HasPrefix(r.Path, "//") {
		p.add("write a path of the API server, such as /api/v1/namespaces/default/pods", fmt.Sprintf("the path is %q", r.Path), p.in("http")...)
	}
}

// program checks that the command line doesn't repeat the program's own name, as people write it by habit.
func (p at) program(command Command, action Action) {
	if len(command) > 0 && command[0] == string(action) {
		p.add(fmt.Sprintf("leave %q out", action), fmt.Sprintf("the arguments start with %q", action), p.in(string(action))...)
	}
}
