package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/eksemu/eksemu/emulator/strictyaml"
)

// clusterNamePattern is the rule of EKS API reference, CreateCluster.
var (
	clusterNamePattern = regexp.MustCompile(`^[0-9A-Za-z][A-Za-z0-9\-_]{0,99}$`)
	versionPattern     = regexp.MustCompile(`^1\.[0-9]+$`)
)

// clusters checks a list of clusters whose identities env has. before are those that were there already.
func (v *validator) clusters(env *Environment, list, before []Cluster) {
	lines := map[string]int{}
	for _, cluster := range before {
		lines[cluster.Name] = 0
	}
	for i := range list {
		cluster := &list[i]
		at := []any{"clusters", i}
		v.clusterName(cluster.Name, lines, sub(at, "name"))
		v.version(cluster.Version, sub(at, "version"))
		v.reference(cluster.Creator, []IdentityKind{KindUser, KindRole}, sub(at, "creator")...)
		v.reference(cluster.Role, []IdentityKind{KindRole}, sub(at, "role")...)
		v.authenticationMode(cluster.AuthenticationMode, sub(at, "authenticationMode"))
		if cluster.TokenCacheTTL < 0 {
			v.report(`write 0s or more`, fmt.Sprintf("%s is no time to keep a token", cluster.TokenCacheTTL), sub(at, "tokenCacheTTL")...)
		}
		v.accessEntries(env, cluster, at)
		v.manifests(cluster, at)
	}
}

func (v *validator) clusterName(name string, lines map[string]int, at []any) {
	line, taken := lines[name]
	switch {
	case name == "":
		v.report("write one", "no name", at...)
	case !clusterNamePattern.MatchString(name):
		v.report("begin with a letter or digit and use at most 100 letters, digits, - and _", fmt.Sprintf("%q is not the name of a cluster", name), at...)
	case taken:
		other := fmt.Sprintf("the cluster on line %d", line)
		if line == 0 {
			other = "a cluster of the environment"
		}
		v.report("choose another", fmt.Sprintf("%s is named %q too", other, name), at...)
	default:
		lines[name] = v.doc.Line(v.at(at)...)
	}
}

func (v *validator) version(version string, at []any) {
	linked := v.opts.KubernetesVersion
	switch {
	case linked != "" && version != linked:
		v.report(fmt.Sprintf("write %q, or leave it out", linked), fmt.Sprintf("Kubernetes %s is not the version that this build runs", version), at...)
	case linked == "" && version != "" && !versionPattern.MatchString(version):
		v.report(`write a minor version such as "1.37"`, fmt.Sprintf("%q is not a version of Kubernetes", version), at...)
	}
}

func (v *validator) authenticationMode(mode string, at []any) {
	modes := []string{AuthenticationModeConfigMap, AuthenticationModeAPIAndConfigMap, AuthenticationModeAPI}
	if !slices.Contains(modes, mode) {
		v.report("write "+strings.Join(modes[:2], ", ")+" or "+modes[2], fmt.Sprintf("%q is not an authentication mode of EKS", mode), at...)
	}
}

// manifests checks that what is to be applied is made of Kubernetes objects, and reads the files.
func (v *validator) manifests(cluster *Cluster, at []any) {
	for i, text := range cluster.Manifests {
		path := sub(at, "manifests", i)
		v.relay(v.doc.Embedded(objectProblems("", []byte(text)), v.at(path)...), path)
	}
	cluster.Files = nil
	for i, file := range cluster.ManifestFiles {
		path := sub(at, "manifestFiles", i)
		switch {
		case file == "":
			v.report("write the path of a file", "no path", path...)
		case v.opts.ReadFile == nil:
			v.report("put the manifest into manifests", "manifest files cannot be read here", path...)
		default:
			v.manifestFile(cluster, file, path)
		}
	}
}

func (v *validator) manifestFile(cluster *Cluster, file string, path []any) {
	data, err := v.opts.ReadFile(file)
	if err != nil {
		v.report("paths are relative to the Environment file", fmt.Sprintf("read the manifest file: %v", err), path...)
		return
	}
	v.relay(objectProblems(file, data), path) // at their lines of that file
	cluster.Files = append(cluster.Files, string(data))
}

// relay adds problems of a manifest, unless the file has a problem of form at path.
func (v *validator) relay(problems strictyaml.Problems, path []any) {
	around := v.doc.Problem("", "", v.at(path)...).Path
	for _, form := range v.form {
		if within(around, form.Path) {
			return
		}
	}
	v.problems = append(v.problems, problems...)
}

// objectProblems reports what keeps a text from being Kubernetes objects. What the objects say is for the API
// server to judge, and for aws-iam-authenticator: a broken aws-auth is a lesson, not a mistake.
func objectProblems(file string, data []byte) strictyaml.Problems {
	docs, problems := strictyaml.Parse(file, data)
	for _, doc := range docs {
		problems = append(problems, doc.Decode(new(map[string]any))...)
		required := []string{"apiVersion", "kind"}
		if !strings.HasSuffix(doc.Value("kind"), "List") {
			required = append(required, "metadata.name")
		}
		for _, field := range required {
			if doc.Value(policyPath(field)...) == "" {
				problems = append(problems, doc.Problem("is this a Kubernetes object?", "no "+field))
			}
		}
	}
	return problems.Sort()
}
