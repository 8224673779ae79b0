package kubeconfigs

import (
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/eksemu/eksemu/emulator/strictyaml"
)

// eksHost is the name of an EKS API server: ID, a label or none, and the region before a suffix of AWS.
var eksHost = regexp.MustCompile(`^[0-9A-Za-z]{32}\.(?:[0-9a-z-]+\.)?([a-z]+(?:-[a-z]+)+-[0-9]+)\.(?:eks\.amazonaws\.com(?:\.cn)?|api\.aws|eks\.[a-z.-]+)$`)

// cluster looks at where the API server is and how it is trusted (clientcmd's validateClusterInfo).
func (l *linter) cluster(item *yaml.Node, path string) {
	cluster := strictyaml.Lookup(item, "cluster")
	if cluster == nil {
		l.fail(item, "no-cluster", path, "has no cluster in it", "add cluster, with server and certificate-authority-data")
		return
	}
	path += ".cluster"
	server := withScheme(cluster)
	l.report.Server = server
	parsed, err := url.Parse(server)
	switch {
	case server == "":
		l.fail(item, "no-server", path+".server", "names no server, so kubectl asks localhost", "aws eks describe-cluster --name NAME --query cluster.endpoint")
	case err != nil || parsed.Host == "":
		l.fail(strictyaml.Lookup(cluster, "server"), "server-form", path+".server", "is no URL", "write it like https://ID.gr7.REGION.eks.amazonaws.com")
	case parsed.Scheme == "http":
		l.fail(strictyaml.Lookup(cluster, "server"), "server-http", path+".server", "is plain HTTP, and kubectl sends no token over that", "write https://")
	}
	if parsed != nil {
		if match := eksHost.FindStringSubmatch(parsed.Hostname()); match != nil {
			l.report.Region = match[1]
		}
	}
	l.trust(cluster, path)
	if proxy := strictyaml.Lookup(cluster, "proxy-url"); proxy != nil && proxy.Value != "" {
		l.proxy(proxy, path+".proxy-url")
	}
}

// withScheme is a cluster's server as a URL. One without a scheme is HTTPS where TLS is set up, and HTTP otherwise (client-go
// rest.DefaultServerURL and defaultServerUrlFor).
func withScheme(cluster *yaml.Node) string {
	server := text(cluster, "server")
	if parsed, err := url.Parse(server); server == "" || err == nil && parsed.Scheme != "" && parsed.Host != "" {
		return server
	}
	scheme := "http://"
	for _, key := range []string{"certificate-authority-data", "certificate-authority"} {
		if text(cluster, key) != "" {
			scheme = "https://"
		}
	}
	if text(cluster, "insecure-skip-tls-verify") == "true" {
		scheme = "https://"
	}
	return scheme + server
}

// trust looks at what the server's certificate is verified by.
func (l *linter) trust(cluster *yaml.Node, path string) {
	data, file := strictyaml.Lookup(cluster, "certificate-authority-data"), strictyaml.Lookup(cluster, "certificate-authority")
	insecure := strictyaml.Lookup(cluster, "insecure-skip-tls-verify")
	switch {
	case insecure != nil && insecure.Value == "true" && (data != nil || file != nil):
		l.fail(insecure, "insecure-with-authority", path+".insecure-skip-tls-verify", "kubectl refuses a certificate authority along with this", "remove insecure-skip-tls-verify")
	case insecure != nil && insecure.Value == "true":
		l.warn(insecure, "insecure", path+".insecure-skip-tls-verify", "anybody between here and the server can read the token and use it for 15 minutes", "remove it, and add certificate-authority-data")
	case data == nil && file == nil && l.report.Region != "" && strings.HasPrefix(l.report.Server, "https://"):
		l.fail(cluster, "no-authority", path, "has no certificate authority, and EKS API servers have certificates of their cluster's own: x509: certificate signed by unknown authority", "aws eks update-kubeconfig writes certificate-authority-data")
	case data != nil:
		raw, err := base64.StdEncoding.DecodeString(data.Value)
		if block, _ := pem.Decode(raw); err != nil || block == nil || block.Type != "CERTIFICATE" {
			l.fail(data, "authority-form", path+".certificate-authority-data", "is not a certificate in PEM, encoded in base64 once", "aws eks describe-cluster --name NAME --query cluster.certificateAuthority.data --output text")
		}
	case file != nil && l.ReadFile != nil:
		if _, err := l.ReadFile(file.Value); err != nil {
			l.fail(file, "authority-missing", path+".certificate-authority", fmt.Sprintf("the file %s cannot be read", file.Value), "correct the path: it counts from the kubeconfig's folder")
		}
	}
}

// proxy looks at the proxy to the API server. client-go takes http, https and socks5.
func (l *linter) proxy(node *yaml.Node, path string) {
	parsed, err := url.Parse(node.Value)
	if err != nil || parsed.Host == "" || !contains([]string{"http", "https", "socks5"}, parsed.Scheme) {
		l.fail(node, "proxy-form", path, "is no URL of a proxy that kubectl can use", "write http://, https:// or socks5:// and HOST:PORT")
		return
	}
	l.warn(node, "proxy", path, "requests go through the proxy "+parsed.Host+": if it is not there, kubectl gets no answer, and a token is made all the same", "remove it unless it is needed")
}
