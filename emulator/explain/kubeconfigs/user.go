package kubeconfigs

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/eksemu/eksemu/emulator/explain"
	"github.com/eksemu/eksemu/emulator/explain/tokens"
	"github.com/eksemu/eksemu/emulator/strictyaml"
)

// user looks at how a request is authenticated.
func (l *linter) user(item *yaml.Node, path string, arn clusterARN) {
	user := strictyaml.Lookup(item, "user")
	if user == nil {
		l.fail(item, "no-credentials", path, "has no credentials, so requests are anonymous", "aws eks update-kubeconfig --name "+nameOr(arn.name))
		return
	}
	exec, token, file := strictyaml.Lookup(user, "exec"), strictyaml.Lookup(user, "token"), strictyaml.Lookup(user, "tokenFile")
	l.removed(user, path)
	if as := strictyaml.Lookup(user, "as"); as != nil {
		l.warn(as, "impersonation", path+".as", "requests are made as "+as.Value+": EKS's access policies do not count then, only RBAC", "remove it unless it is meant")
	}
	static := token != nil && token.Value != "" || file != nil && file.Value != ""
	switch {
	case exec != nil && static:
		// Inferred from client-go: transport.HTTPWrappersForConfig sets the header, and the plugin's round tripper leaves
		// requests alone that have one (plugin/pkg/client/auth/exec).
		l.warn(user, "token-and-exec", path, "has a token and a plugin that makes tokens: the token counts, also when it has expired", "remove the token")
	case exec == nil && !static && strictyaml.Lookup(user, "client-certificate-data") == nil && strictyaml.Lookup(user, "client-certificate") == nil &&
		strictyaml.Lookup(user, "auth-provider") == nil && strictyaml.Lookup(user, "username") == nil:
		l.fail(item, "no-credentials", path, "has no credentials, so requests are anonymous", "aws eks update-kubeconfig --name "+nameOr(arn.name))
	}
	switch {
	case file != nil && file.Value != "": // it takes precedence over token (clientcmd's getUserIdentificationPartialConfig)
		l.tokenFile(file, path+".tokenFile", arn)
	case token != nil && token.Value != "":
		l.staticToken(token, path+".token", token.Value, arn)
	}
	if exec != nil {
		l.exec(exec, path+".exec", arn)
	}
}

// removed looks for ways to authenticate that are no more.
func (l *linter) removed(user *yaml.Node, path string) {
	if provider := strictyaml.Lookup(user, "auth-provider"); provider != nil {
		l.fail(provider, "auth-provider", path+".auth-provider", "kubectl has had no cloud providers of its own since 1.26", "use exec: aws eks update-kubeconfig writes it")
	}
	if name := strictyaml.Lookup(user, "username"); name != nil {
		l.fail(name, "basic-auth", path+".username", "API servers have taken no passwords since 1.19, EKS's never did", "use exec: aws eks update-kubeconfig writes it")
	}
	certificate := strictyaml.Lookup(user, "client-certificate-data")
	if certificate == nil {
		certificate = strictyaml.Lookup(user, "client-certificate")
	}
	if certificate != nil && l.report.Region != "" {
		l.warn(certificate, "client-certificate", path, "has a client certificate, and EKS gives nobody one: its API servers do not know who signed it", "use exec: aws eks update-kubeconfig writes it")
	}
}

func nameOr(name string) string {
	if name == "" {
		return "NAME"
	}
	return name
}

// tokenFile reads the file of a token.
func (l *linter) tokenFile(node *yaml.Node, path string, arn clusterARN) {
	if l.ReadFile == nil {
		return
	}
	raw, err := l.ReadFile(node.Value)
	if err != nil {
		l.fail(node, "token-file-missing", path, fmt.Sprintf("the file %s cannot be read", node.Value), "correct the path")
		return
	}
	l.staticToken(node, path, strings.TrimSpace(string(raw)), arn) // as client-go's fileTokenSource trims it
}

// staticToken takes a token apart that stands in a kubeconfig.
func (l *linter) staticToken(node *yaml.Node, path, token string, arn clusterARN) {
	if strings.HasPrefix(token, "eyJ") && strings.Count(token, ".") == 2 {
		return // of a service account, which the API server verifies itself
	}
	report := tokens.Dissect(token, tokens.Options{Now: l.Now, Cluster: arn.name, Partition: arn.partition, Region: l.report.Region})
	l.report.Token, l.report.token = &report, token
	const fix = "use exec, which makes a new token whenever one is needed: aws eks update-kubeconfig writes it"
	if report.Outcome == explain.Unauthorized {
		l.fail(node, report.Cause, path, report.Summary, fix)
		return
	}
	l.warn(node, "static-token", path, "is an EKS token, which lives 15 minutes and is never renewed here", fix)
}
