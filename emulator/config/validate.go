package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/eksemu/eksemu/emulator/strictyaml"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// validator checks the meaning of an Environment or of an Overlay and collects what is wrong.
type validator struct {
	doc    *strictyaml.Document // where it was written; nil if it was not read from a file
	prefix []any                // path of it in doc
	form   strictyaml.Problems  // what is wrong with the form of the file
	opts   Options

	problems  strictyaml.Problems
	names     nameIndex
	partition string // of the ARNs

	defaultAccount string // of identities that name none
}

// all is every problem, of form and of meaning.
func (v *validator) all() strictyaml.Problems {
	return append(append(strictyaml.Problems{}, v.form...), v.problems...).Sort()
}

// report adds a problem, unless a problem of form is its cause.
func (v *validator) report(fix, message string, path ...any) {
	problem := v.doc.Problem(fix, message, v.at(path)...)
	for _, form := range v.form {
		missing := !v.written(path...) && parent(form.Path) == parent(problem.Path)
		if missing || within(problem.Path, form.Path) {
			return
		}
	}
	v.problems = append(v.problems, problem)
}

// written reports whether the file has a field at path.
func (v *validator) written(path ...any) bool { return v.doc.Has(v.at(path)...) }

func (v *validator) at(path []any) []any {
	return append(v.prefix[:len(v.prefix):len(v.prefix)], path...)
}

// parent is the path without its last element.
func parent(path string) string { return path[:max(strings.LastIndexAny(path, ".["), 0)] }

// within reports whether path is at or below around.
func within(path, around string) bool {
	rest, found := strings.CutPrefix(path, around)
	return found && (around == "" || rest == "" || rest[0] == '.' || rest[0] == '[')
}

var (
	accountPattern = regexp.MustCompile(`^[0-9]{12}$`)
	// The shape of every region in the partitions file that AWS SDKs share.
	regionPattern = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$`)
)

func (v *validator) environment(env *Environment) {
	v.header(env)
	v.account(env.Account, "account")
	if !regionPattern.MatchString(env.Region) {
		v.report(`write one such as "us-west-2"`, fmt.Sprintf("%q is not a region", env.Region), "region")
	}
	v.identities(env, Overlay{}, env.identities())
	v.clusters(env, env.Clusters, nil)
	v.inactiveRegions(env.InactiveSTSRegions)
}

// inactiveRegions checks regions of the environment's partition: an account is in one partition only.
func (v *validator) inactiveRegions(regions []string) {
	for i, region := range regions {
		at := []any{"inactiveStsRegions", i}
		switch {
		case !regionPattern.MatchString(region):
			v.report(`write one such as "eu-west-3"`, fmt.Sprintf("%q is not a region", region), at...)
		case iam.PartitionOfRegion(region).ID != v.partition:
			v.report("write a region of the partition "+v.partition, fmt.Sprintf("%s is in another partition than the environment's account", region), at...)
		case slices.Contains(regions[:i], region):
			v.report("remove one", region+" is there twice", at...)
		}
	}
}

func (v *validator) header(env *Environment) {
	if env.APIVersion != APIVersion {
		v.report("write apiVersion: "+APIVersion, notOrMissing("apiVersion", env.APIVersion, APIVersion), "apiVersion")
	}
	if env.Kind != Kind {
		v.report("write kind: "+Kind, notOrMissing("kind", env.Kind, Kind), "kind")
	}
}

func notOrMissing(field, value, want string) string {
	if value == "" {
		return "no " + field
	}
	return fmt.Sprintf("%q is not %s", value, want)
}

func (v *validator) account(account string, path ...any) {
	if !accountPattern.MatchString(account) {
		v.report(`write one such as "`+DefaultAccount+`"`, fmt.Sprintf("the account %q is not 12 digits", account), path...)
	}
}

// sub is path with more elements; it never shares memory with another extension of path.
func sub(path []any, more ...any) []any { return append(path[:len(path):len(path)], more...) }
