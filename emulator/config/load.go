package config

import (
	_ "embed"

	"github.com/eksemu/eksemu/emulator/strictyaml"
)

// Options is what a file cannot know by itself.
type Options struct {
	// KubernetesVersion is the one minor version that can be run, such as "1.37": the linked one. A cluster
	// without a version gets it, and another version is a problem. When it is empty any version is accepted,
	// and a cluster without one keeps none.
	KubernetesVersion string

	// ReadFile reads a file of manifests or keys, by the path that the Environment file names, which is meant to be
	// relative to the file. When it is nil, manifestFiles and keysFile are problems.
	ReadFile func(path string) ([]byte, error)
}

// Load reads an Environment file. file is its name in problems; only Options.ReadFile opens anything. With
// problems there is no Environment. The problems are all there are, sorted by line.
func Load(file string, data []byte, opts Options) (*Environment, strictyaml.Problems) {
	env := new(Environment)
	doc, form := strictyaml.DecodePartly(file, data, env)
	if doc == nil {
		return nil, form
	}
	v := &validator{doc: doc, form: form, opts: opts}
	v.complete(env)
	v.environment(env)
	if problems := v.all(); len(problems) > 0 {
		return nil, problems
	}
	return env, nil
}

//go:embed default.yaml
var defaultYAML string

// DefaultYAML is the text of the built-in environment, with a comment on every field: a file to start from.
func DefaultYAML() []byte { return []byte(defaultYAML) }

// Default is the built-in environment: the cluster my-cluster with an identity for each answer that a request
// can get. Its cluster has no Version: it runs the linked one.
func Default() *Environment {
	env, _ := Load("default.yaml", DefaultYAML(), Options{}) // a test shows that it has no problems
	return env
}
