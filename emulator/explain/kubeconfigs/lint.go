package kubeconfigs

import (
	"fmt"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/eksemu/eksemu/emulator/explain"
	"github.com/eksemu/eksemu/emulator/explain/tokens"
	"github.com/eksemu/eksemu/emulator/strictyaml"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// Options are what a kubeconfig is held against.
type Options struct {
	File      string                                // as findings name it
	Context   string                                // to look at; "" is the current one
	Now       time.Time                             // for the age of tokens
	LookupEnv func(name string) (string, bool)      // the caller's environment; nil is an empty one
	LookPath  func(name string) (string, error)     // finds programs; nil finds all
	ReadFile  func(path string) ([]byte, error)     // reads files that the kubeconfig names, by the path in it; nil has none
	Profiles  func(lookup Lookup) (Profiles, error) // of the AWS configuration that these variables lead to; nil is not known
}

// Lookup finds an environment variable.
type Lookup func(name string) (string, bool)

// Profiles are those of the AWS CLI and SDKs.
type Profiles struct {
	Files    []string           // in which they stand
	Settings map[string]Profile // by name
}

// Report is what a context leads to, and what is wrong on the way.
type Report struct {
	File     string            `json:"file"`
	Context  string            `json:"context"`
	Findings []explain.Finding `json:"findings"`
	Server   string            `json:"server,omitempty"`
	Region   string            `json:"region,omitempty"` // of the cluster, by its server's host name or its ARN
	User     string            `json:"user,omitempty"`   // the entry's name
	Plugin   *Plugin           `json:"plugin,omitempty"` // the program that makes the token
	Token    *tokens.Report    `json:"token,omitempty"`  // the token that stands in the kubeconfig, or in its tokenFile

	token string // itself
}

// StaticToken is the token that stands in the kubeconfig, or in its tokenFile; "" if there is none. It is a secret.
func (r Report) StaticToken() string { return r.token }

// Plugin is a program that makes tokens, as it would be run.
type Plugin struct {
	Command     string `json:"command"`
	APIVersion  string `json:"apiVersion"`
	Cluster     string `json:"cluster,omitempty"`     // that the token is for
	Region      string `json:"region,omitempty"`      //
	Profile     string `json:"profile,omitempty"`     //
	Role        string `json:"role,omitempty"`        // that it assumes
	Credentials string `json:"credentials,omitempty"` // where they come from: "profile dev", "the keys in the environment"
}

// linter is a kubeconfig while it is being followed.
type linter struct {
	Options
	report   Report
	root     *yaml.Node
	findings []explain.Finding
}

// Lint finds what is wrong with a kubeconfig. The error is for a file that is none, or is no YAML.
func Lint(data []byte, o Options) (Report, error) {
	l := &linter{Options: o, report: Report{File: o.File}}
	if _, problems := strictyaml.Parse(o.File, data); len(problems) > 0 {
		return l.report, problems
	}
	document := &yaml.Node{}
	if err := yaml.Unmarshal(data, document); err != nil || len(document.Content) == 0 {
		return l.report, fmt.Errorf("%s: it is no YAML: %w", o.File, err)
	}
	l.root = document.Content[0]
	if kind := text(l.root, "kind"); kind != "Config" && strictyaml.Lookup(l.root, "contexts") == nil && strictyaml.Lookup(l.root, "clusters") == nil {
		return l.report, fmt.Errorf("%s: it is no kubeconfig: it has neither contexts nor clusters", o.File)
	}
	l.names()
	l.references()
	l.follow()
	l.report.Findings = explain.SortFindings(l.findings)
	l.clean()
	return l.report, nil
}

// clean takes out of a report what must not be shown: passwords stand in URLs, and anything may stand in the wrong field.
func (l *linter) clean() {
	r := &l.report
	for _, text := range []*string{&r.Context, &r.Server, &r.Region, &r.User} {
		*text = explain.Clean(*text)
	}
	if p := r.Plugin; p != nil {
		for _, text := range []*string{&p.Command, &p.APIVersion, &p.Cluster, &p.Region, &p.Profile, &p.Role, &p.Credentials} {
			*text = explain.Clean(*text)
		}
	}
}

func (l *linter) find(node *yaml.Node, severity explain.Severity, id, path, message, fix string) {
	line := 0
	if node != nil {
		line = node.Line
	}
	l.findings = append(l.findings, explain.Finding{File: l.File, Line: line, Severity: severity, ID: id, Path: path, Message: message, Fix: fix})
}

func (l *linter) fail(node *yaml.Node, id, path, message, fix string) {
	l.find(node, explain.SeverityError, id, path, message, fix)
}

func (l *linter) warn(node *yaml.Node, id, path, message, fix string) {
	l.find(node, explain.SeverityWarning, id, path, message, fix)
}

// names looks at the keys of the file: they count as they are written.
func (l *linter) names() {
	known := []string{"apiVersion", "kind", "clusters", "contexts", "current-context", "users", "preferences", "extensions"}
	for i := 0; l.root.Kind == yaml.MappingNode && i+1 < len(l.root.Content); i += 2 {
		key := l.root.Content[i]
		if strictyaml.Nearest(key.Value, known) != "" && !contains(known, key.Value) {
			l.fail(key, "unknown-key", key.Value, "kubectl does not know this key and ignores it", strictyaml.Nearest(key.Value, known))
		}
	}
	for _, list := range []string{"clusters", "contexts", "users"} {
		seen := map[string]bool{}
		for _, item := range items(l.root, list) {
			if name := text(item, "name"); seen[name] {
				l.fail(item, "duplicate-name", list, fmt.Sprintf("%q is there twice, and kubectl refuses the kubeconfig", name), "rename or remove one")
			} else {
				seen[name] = true
			}
		}
	}
}

// followed is the name of the context that is to be looked at.
func (l *linter) followed() string {
	if l.Context != "" {
		return l.Context
	}
	return text(l.root, "current-context")
}

// references looks for contexts that lead nowhere. kubectl validates the one that it uses alone (clientcmd's
// ConfirmUsable), so the others are worth no more than a warning.
func (l *linter) references() {
	for _, item := range items(l.root, "contexts") {
		name, context := text(item, "name"), strictyaml.Lookup(item, "context")
		severity := explain.SeverityWarning
		if name == l.followed() {
			severity = explain.SeverityError
		}
		for _, kind := range []struct{ key, list string }{{"cluster", "clusters"}, {"user", "users"}} {
			path := "contexts[" + name + "].context." + kind.key
			switch wanted := text(context, kind.key); {
			case wanted == "":
				l.find(item, severity, "no-"+kind.key, path, "the context names no "+kind.key, "add "+kind.key+", one of: "+strings.Join(namesIn(l.root, kind.list), ", "))
			case named(l.root, kind.list, wanted) == nil:
				l.find(strictyaml.Lookup(context, kind.key), severity, "dangling-"+kind.key, path, fmt.Sprintf("there is no %s called %q", kind.key, wanted), strictyaml.DidYouMean(wanted, namesIn(l.root, kind.list)))
			}
		}
	}
}

// follow follows the context that is to be looked at.
func (l *linter) follow() {
	at, path := strictyaml.Lookup(l.root, "current-context"), "current-context"
	if l.Context != "" { // which is asked for, and not written there
		at, path = nil, "contexts"
	}
	name := l.followed()
	l.report.Context = name
	if name == "" {
		l.fail(at, "no-current-context", "current-context", "no context is current, so kubectl asks localhost:8080", "kubectl config use-context NAME, of: "+strings.Join(namesIn(l.root, "contexts"), ", "))
		return
	}
	item := named(l.root, "contexts", name)
	if item == nil {
		l.fail(at, "dangling-context", path, fmt.Sprintf("there is no context called %q", name), strictyaml.DidYouMean(name, namesIn(l.root, "contexts")))
		return
	}
	context := strictyaml.Lookup(item, "context")
	clusterName, userName := text(context, "cluster"), text(context, "user")
	l.report.User = userName
	if cluster := named(l.root, "clusters", clusterName); cluster != nil {
		l.cluster(cluster, "clusters["+clusterName+"]")
	}
	arn := firstARN(clusterName, name, userName)
	if l.report.Region == "" {
		l.report.Region = arn.region
	} else if arn.region != "" && arn.region != l.report.Region {
		l.fail(item, "region-of-arn", "contexts["+name+"]", fmt.Sprintf("the name says %s, and the server is in %s", arn.region, l.report.Region), "aws eks update-kubeconfig --name "+arn.name+" --region "+l.report.Region)
	}
	if user := named(l.root, "users", userName); user != nil {
		l.user(user, "users["+userName+"].user", arn)
	}
}

// clusterARN is what the ARN of a cluster says, by which `aws eks update-kubeconfig` names everything.
type clusterARN struct{ partition, region, name string }

// firstARN reads the first of the names that is a cluster's ARN.
func firstARN(names ...string) clusterARN {
	for _, name := range names {
		arn, ok := iam.ParseARN(name)
		if cluster, is := strings.CutPrefix(arn.Resource, "cluster/"); ok && is && arn.Service == "eks" {
			return clusterARN{arn.Partition, arn.Region, cluster}
		}
	}
	return clusterARN{}
}
