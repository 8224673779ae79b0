package cli

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/eksemu/eksemu/emulator"
	"github.com/eksemu/eksemu/emulator/cluster/kindcluster"
)

// defaultWait is how long an environment may take to get ready. A node image that is pulled for a kind cluster takes
// most of it.
const defaultWait = 5 * time.Minute

// backendFlags are the flags that say what runs the clusters. Each has its default in an environment variable, so that
// a shell or a CI job can choose for every command in it.
type backendFlags struct {
	backend string
	cluster string
	config  string
	image   string
	retain  bool

	chosen bool // by a flag
}

// The environment variables of the flags.
const (
	backendVariable = "EKSEMU_BACKEND"
	clusterVariable = "EKSEMU_KIND_CLUSTER"
	imageVariable   = "EKSEMU_KIND_IMAGE"
	configVariable  = "EKSEMU_KIND_CONFIG"
)

func (f *backendFlags) add(app *App, command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&f.backend, "backend", app.env(backendVariable), "what runs the cluster: embedded, or kind for one with nodes in Docker (default from "+backendVariable+", else that of the kept state, else embedded)")
	flags.StringVar(&f.cluster, "kind-cluster", app.env(clusterVariable), "`name` of the kind cluster (default from "+clusterVariable+", else eksemu-ENVIRONMENT-CLUSTER)")
	flags.StringVar(&f.config, "kind-config", app.env(configVariable), "kind configuration `file` to merge in (default from "+configVariable+")")
	flags.StringVar(&f.image, "kind-image", app.env(imageVariable), "node `image` (default from "+imageVariable+", else kind's)")
	flags.BoolVar(&f.retain, "retain", false, "keep the nodes of a kind cluster that cannot be made, to look at them")
	_ = command.RegisterFlagCompletionFunc("backend", cobra.FixedCompletions(emulator.Backends(), cobra.ShellCompDirectiveNoFileComp)) // the flag exists
	command.PreRun = func(cmd *cobra.Command, _ []string) {
		for _, name := range []string{"backend", "kind-cluster", "kind-config", "kind-image", "retain"} {
			f.chosen = f.chosen || cmd.Flags().Changed(name)
		}
	}
}

// backendOptions are what the flags say.
type backendOptions struct {
	name emulator.Backend
	kind kindcluster.Options
}

// options checks the flags. Flags of kind that are given without it are wrong; variables that are set for it are not.
func (f *backendFlags) options(app *App) (backendOptions, error) {
	if f.backend != "" && !slices.Contains(emulator.Backends(), f.backend) {
		return backendOptions{}, fmt.Errorf("--backend %q: use one of %s", f.backend, strings.Join(emulator.Backends(), ", "))
	}
	name := emulator.Backend(f.backend)
	if name == emulator.BackendEmbedded && (f.retain || f.cluster != "" && f.cluster != app.env(clusterVariable)) {
		return backendOptions{}, fmt.Errorf("--kind-cluster and --retain are for --backend %s", emulator.BackendKind)
	}
	if f.cluster != "" {
		if err := kindcluster.ValidName(f.cluster); err != nil {
			return backendOptions{}, fmt.Errorf("--kind-cluster: %w", err)
		}
	}
	options := backendOptions{name: name, kind: kindcluster.Options{Image: f.image, Retain: f.retain}}
	if f.config == "" || name == emulator.BackendEmbedded {
		return options, nil
	}
	raw, err := os.ReadFile(f.config)
	if err != nil {
		return backendOptions{}, fmt.Errorf("read the kind configuration: %w", err)
	}
	config, problems := kindcluster.ParseConfig(f.config, raw)
	if len(problems) > 0 {
		return backendOptions{}, fmt.Errorf("%s in kind configuration %s, nothing was started:\n%w", count(len(problems), "problem"), f.config, problems)
	}
	options.kind.Config = config
	return options, nil
}

// arguments are the flags for the background process.
func (f *backendFlags) arguments() []string {
	var args []string
	for _, flag := range [][2]string{{"--backend", f.backend}, {"--kind-cluster", f.cluster}, {"--kind-config", f.config}, {"--kind-image", f.image}} {
		if flag[1] != "" {
			args = append(args, flag[0], flag[1])
		}
	}
	if f.retain {
		args = append(args, "--retain")
	}
	return args
}

// toolEnviron is the environment of docker and kind: the user's, without what leads clients of AWS and Kubernetes
// here. kind hands proxies on to the nodes, where the gateway's loopback address is their own.
func (app *App) toolEnviron() []string {
	environ := slices.DeleteFunc(slices.Clone(app.Environ), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		upper := strings.ToUpper(name)
		return upper == "HTTPS_PROXY" || upper == "NO_PROXY" || upper == "KUBECONFIG" || strings.HasPrefix(upper, "AWS_")
	})
	proxy, noProxy := app.machineProxy()
	for _, v := range []emulator.Variable{{Name: "HTTPS_PROXY", Value: proxy}, {Name: "NO_PROXY", Value: noProxy}} {
		if v.Value != "" {
			environ = append(environ, v.Name+"="+v.Value)
		}
	}
	return environ
}
