package cli

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
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

	given []string // by flags
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
		for _, name := range append([]string{backendFlag}, kindFlags()...) {
			if cmd.Flags().Changed(name) {
				f.given = append(f.given, name)
			}
		}
	}
}

const backendFlag = "backend"

// kindFlags are the flags that only a kind cluster has a use for.
func kindFlags() []string { return []string{"kind-cluster", "kind-config", "kind-image", "retain"} }

// backendOptions are what the flags say.
type backendOptions struct {
	name     emulator.Backend
	variable string // that the name is from; "" for the flag
	cluster  string
	kind     kindcluster.Options
}

// options checks the flags. Flags of kind that are given without it are wrong; variables that are set for it are not. kept is
// the backend of the kept state, which counts if nobody chooses.
func (f *backendFlags) options(kept emulator.Backend) (backendOptions, error) {
	options := backendOptions{name: emulator.Backend(f.backend)}
	asked := "--" + backendFlag
	if !slices.Contains(f.given, backendFlag) && f.backend != "" {
		asked, options.variable = backendVariable, backendVariable
	}
	if f.backend != "" && !slices.Contains(emulator.Backends(), f.backend) {
		return options, fmt.Errorf("%s %q: use one of %s", asked, f.backend, strings.Join(emulator.Backends(), ", "))
	}
	if backend := cmp.Or(options.name, kept, emulator.BackendEmbedded); backend != emulator.BackendKind {
		return options, f.refuseKindFlags(backend)
	}
	if f.cluster != "" {
		if err := kindcluster.ValidName(f.cluster); err != nil {
			return options, fmt.Errorf("--kind-cluster: %w", err)
		}
	}
	options.cluster, options.kind = f.cluster, kindcluster.Options{Image: f.image, Retain: f.retain}
	if f.config == "" {
		return options, nil
	}
	raw, err := os.ReadFile(f.config)
	if err != nil {
		return options, fmt.Errorf("read the kind configuration: %w", err)
	}
	config, problems := kindcluster.ParseConfig(f.config, raw)
	if len(problems) > 0 {
		return options, fmt.Errorf("%s in kind configuration %s, nothing was started:\n%w", count(len(problems), "problem"), f.config, problems)
	}
	options.kind.Config = config
	return options, nil
}

// refuseKindFlags refuses flags that would not do anything.
func (f *backendFlags) refuseKindFlags(backend emulator.Backend) error {
	var flags []string
	for _, name := range kindFlags() {
		if slices.Contains(f.given, name) {
			flags = append(flags, "--"+name)
		}
	}
	if len(flags) == 0 {
		return nil
	}
	return fmt.Errorf("%s: only kind clusters have that, and this one is on the %s backend: leave it out, or use --backend %s", strings.Join(flags, ", "), backend, emulator.BackendKind)
}

// arguments are the flags for the background process, which has the variables, too.
func (f *backendFlags) arguments() []string {
	values := map[string]string{backendFlag: f.backend, "kind-cluster": f.cluster, "kind-config": f.config, "kind-image": f.image, "retain": strconv.FormatBool(f.retain)}
	var args []string
	for _, name := range f.given {
		args = append(args, "--"+name+"="+values[name])
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
	if proxy != "" { // which does not know the name by which nodes call this machine from Docker Desktop
		noProxy = strings.Trim(noProxy+",host.docker.internal", ",")
	}
	for _, v := range []emulator.Variable{{Name: "HTTPS_PROXY", Value: proxy}, {Name: "NO_PROXY", Value: noProxy}} {
		if v.Value != "" {
			environ = append(environ, v.Name+"="+v.Value)
		}
	}
	return environ
}
