package kubeconfigs

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/eksemu/eksemu/emulator/strictyaml"
)

// The versions of the protocol between kubectl and a plugin (client-go plugin/pkg/client/auth/exec).
const (
	group   = "client.authentication.k8s.io/"
	alpha   = group + "v1alpha1" // until kubectl 1.23
	beta    = group + "v1beta1"
	current = group + "v1"
)

// exec looks at the program that makes tokens, and at what it will do.
func (l *linter) exec(node *yaml.Node, at string, arn clusterARN) {
	version, command := text(node, "apiVersion"), text(node, "command")
	l.report.Plugin = &Plugin{Command: command, APIVersion: version}
	l.version(node, version, at)
	l.interactive(node, version, command, at)
	l.command(node, command, at)
	run := l.invocation(node, command)
	if run.kind == "" {
		return
	}
	l.settings(&run)
	l.forCluster(node, run, at, arn)
	l.inRegion(node, run, at)
	l.endpoint(node, run, at)
	l.asWhom(node, run, at)
}

// version looks at the version of the protocol.
func (l *linter) version(node *yaml.Node, version, at string) {
	place := strictyaml.Lookup(node, "apiVersion")
	if place == nil {
		place = node
	}
	at += ".apiVersion"
	switch version {
	case beta, current:
	case alpha:
		l.fail(place, "exec-version", at, `kubectl from 1.24 on does not know it: exec plugin: invalid apiVersion "`+alpha+`"`, beta+", and a current aws CLI")
	case "":
		l.fail(place, "exec-version", at, "is missing, and kubectl refuses the kubeconfig", beta)
	default:
		l.fail(place, "exec-version", at, fmt.Sprintf("kubectl does not know %q", version), strictyaml.DidYouMean(version, []string{beta, current}))
	}
}

// interactive looks at interactiveMode, which v1 needs (clientcmd's validateAuthInfo).
func (l *linter) interactive(node *yaml.Node, version, command, at string) {
	place, mode := strictyaml.Lookup(node, "interactiveMode"), text(node, "interactiveMode")
	at += ".interactiveMode"
	switch {
	case mode == "" && version == current:
		l.fail(node, "interactive-mode", at, fmt.Sprintf("is missing, and kubectl refuses %s without it in this version", command), "interactiveMode: IfAvailable")
	case mode != "" && !contains([]string{"Never", "IfAvailable", "Always"}, mode):
		l.fail(place, "interactive-mode", at, fmt.Sprintf("%q is none", mode), "Never, IfAvailable or Always")
	}
}

// command looks for the program. One with a slash in it is found from the kubeconfig's folder.
func (l *linter) command(node *yaml.Node, command, at string) {
	at += ".command"
	if command == "" {
		l.fail(node, "no-command", at, "is missing", "command: aws")
		return
	}
	if l.LookPath == nil {
		return
	}
	if _, err := l.LookPath(command); err != nil {
		l.fail(strictyaml.Lookup(node, "command"), "command-missing", at, fmt.Sprintf("%s is not on the PATH here: kubectl cannot get a token, which some clients show as Unauthorized", command), "install it, or write its whole path, for clients with another PATH (desktop programs, CI)")
	}
}

// invocation is how a plugin will be run.
type invocation struct {
	kind    string // "aws", "aws-iam-authenticator", "eksemu"; "" for any other program
	options map[string]string
	own     map[string]*yaml.Node // variables that the kubeconfig sets
	lookup  Lookup                // a variable as the plugin sees it

	profile  string // whose settings count, also where other credentials do
	selected string // the variable that says so; "" for an option or by default
	settings Profile
	profiles *Profiles // all of them; nil if they are not known
}

// invocation reads arguments and variables of a plugin.
func (l *linter) invocation(node *yaml.Node, command string) invocation {
	run := invocation{options: options(texts(node, "args")), own: map[string]*yaml.Node{}}
	args := texts(node, "args")
	switch base := strings.TrimSuffix(path.Base(strings.ReplaceAll(command, `\`, "/")), ".exe"); {
	case base == "aws" && contains(args, "get-token"):
		run.kind = base
	case (base == "aws-iam-authenticator" || base == "heptio-authenticator-aws" || base == "eksemu") && contains(args, "token"):
		run.kind = base
	}
	for _, item := range items(node, "env") {
		if name := text(item, "name"); name != "" {
			run.own[name] = strictyaml.Lookup(item, "value")
		}
	}
	run.lookup = func(name string) (string, bool) {
		if own, ok := run.own[name]; ok {
			if own == nil {
				return "", true
			}
			return own.Value, true
		}
		if l.LookupEnv == nil {
			return "", false
		}
		return l.LookupEnv(name)
	}
	return run
}

// settings finds the profile whose settings count: of --profile, of AWS_PROFILE, or else "default".
func (l *linter) settings(run *invocation) {
	if run.profile = run.option("--profile"); run.profile == "" {
		run.profile, run.selected = run.variable("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
	}
	if run.profile == "" {
		run.profile = "default"
	}
	if l.Profiles == nil {
		return
	}
	if profiles, err := l.Profiles(run.lookup); err == nil { // that files cannot be read is no finding
		run.profiles, run.settings = &profiles, profiles.Settings[run.profile]
	}
}

// options are the values of a command line's options: --name value, --name=value and -n value.
func options(args []string) map[string]string {
	found := map[string]string{}
	for i, arg := range args {
		name, after, equals := strings.Cut(arg, "=")
		switch {
		case !strings.HasPrefix(arg, "-"):
		case equals:
			found[name] = after
		case i+1 < len(args) && !strings.HasPrefix(args[i+1], "-"):
			found[arg] = args[i+1]
		}
	}
	return found
}

// option is the first of some options that is given.
func (run invocation) option(names ...string) string {
	for _, name := range names {
		if found := run.options[name]; found != "" {
			return found
		}
	}
	return ""
}

// variable is the first of some environment variables that is set and not empty.
func (run invocation) variable(names ...string) (found, name string) {
	for _, name := range names {
		if found, _ := run.lookup(name); found != "" {
			return found, name
		}
	}
	return "", ""
}

// whose says who sets a variable.
func (run invocation) whose(name string) string {
	if run.own[name] != nil {
		return "the kubeconfig"
	}
	return "the environment"
}

// place is where a variable is set, or else the plugin.
func (run invocation) place(name string, node *yaml.Node) *yaml.Node {
	if own := run.own[name]; own != nil {
		return own
	}
	return node
}

// forCluster looks at the cluster that the token is for: STS answers SignatureDoesNotMatch to the authenticator of any
// other.
func (l *linter) forCluster(node *yaml.Node, run invocation, at string, arn clusterARN) {
	name := run.option("--cluster-name", "--cluster-id", "-i")
	if name == "" && run.kind != "aws" {
		name, _ = run.variable("KUBERNETES_AWS_AUTHENTICATOR_CLUSTER_ID")
	}
	l.report.Plugin.Cluster = name
	switch {
	case name == "":
		l.fail(node, "no-cluster-name", at+".args", "do not say for which cluster the token is", "--cluster-name "+nameOr(arn.name))
	case arn.name != "" && name != arn.name && (run.kind != "aws" || run.option("--cluster-id") == ""): // the aws CLI's is an Outposts cluster's
		l.fail(argument(node, name), "other-cluster", at+".args", fmt.Sprintf("make a token for %s, and the context is for %s: STS answers its authenticator SignatureDoesNotMatch", name, arn.name), arn.name)
	}
}

// argument is the node of an argument, or that of the plugin.
func argument(node *yaml.Node, text string) *yaml.Node {
	for _, item := range items(node, "args") {
		if item.Value == text || strings.HasSuffix(item.Value, "="+text) {
			return item
		}
	}
	return node
}

// asWhom finds out whose credentials sign: --profile, then keys in the environment, then AWS_PROFILE, then the default
// profile (botocore's resolver of credentials; the AWS SDK for Go v2 has the same order).
func (l *linter) asWhom(node *yaml.Node, run invocation, at string) {
	p := l.report.Plugin
	p.Role = run.option("--role-arn", "--role", "-r")
	if strings.Contains(p.Role, ":assumed-role/") {
		l.fail(argument(node, p.Role), "role-session", at+".args", "name a session and not a role, which nobody can assume", "the role's ARN, with its path: arn:aws:iam::ACCOUNT:role/NAME")
	}
	_, keys := run.variable("AWS_ACCESS_KEY_ID")
	profile, variable := run.option("--profile"), run.selected
	if variable != "" {
		profile = run.profile
	}
	switch {
	case keys != "" && variable != "":
		p.Credentials = "the keys in " + run.whose(keys)
		l.warn(run.place(variable, node), "keys-beat-profile", at, fmt.Sprintf("%s sets AWS_ACCESS_KEY_ID, which beats %s=%s of %s: it acts as the owner of that key", run.whose(keys), variable, profile, run.whose(variable)), "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN, or add --profile "+profile+" to args")
		return
	case keys != "" && profile == "":
		p.Credentials = "the keys in " + run.whose(keys)
		return
	case profile != "":
		p.Profile, p.Credentials = profile, "profile "+profile
		l.profile(node, run, at, profile, variable)
	default:
		p.Credentials = "profile default, or the instance's or container's role"
	}
}

// profile looks a profile up in the AWS configuration.
func (l *linter) profile(node *yaml.Node, run invocation, at, profile, variable string) {
	if run.profiles == nil {
		return
	}
	if _, found := run.profiles.Settings[profile]; found {
		return
	}
	l.fail(run.place(variable, argument(node, profile)), "profile", at, fmt.Sprintf("there is no profile %q in %s: the plugin fails, and kubectl says getting credentials: exec", profile, strings.Join(run.profiles.Files, " and ")), strictyaml.DidYouMean(profile, slices.Collect(maps.Keys(run.profiles.Settings))))
}
