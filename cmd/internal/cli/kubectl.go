package cli

import (
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/eksemu/eksemu/emulator"
)

func newKubectlCommand(app *App) *cobra.Command {
	return &cobra.Command{
		Use:   "kubectl [--name NAME] ARGUMENTS…",
		Short: "Run the kubectl that is linked into this binary",
		Long: `Run the real kubectl that is linked into this binary, with all its commands and flags. Without --kubeconfig and
KUBECONFIG, or with --name, it uses the kubeconfig of the running environment.`,
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			name := &nameFlag{app: app, name: app.defaultName()}
			args, named := name.take(args)
			if _, set := app.LookupEnv("KUBECONFIG"); (named || !set) && !names(args, "--kubeconfig") && !asksForHelp(args) {
				client, err := name.attach(cmd.Context())
				if err != nil {
					return err
				}
				if err := needsCluster(client.Runtime); err != nil {
					return exitWith(ExitStart, err)
				}
				// kubectl reads its process's environment, and so do the exec plugins that it starts.
				if err := os.Setenv("KUBECONFIG", (emulator.Layout{Dir: client.Dir}).Kubeconfig("")); err != nil {
					return err
				}
			}
			code := app.Programs["kubectl"](args)
			return exitWith(code, silent(code))
		},
	}
}

// asksForHelp tells whether arguments of kubectl concern no cluster. It looks at the first alone: a -h further on may
// belong to a program in a container.
func asksForHelp(args []string) bool {
	return len(args) == 0 || slices.Contains([]string{"help", "--help", "-h", "options", "completion"}, args[0])
}

// take takes a leading --name off arguments that are otherwise kubectl's.
func (f *nameFlag) take(args []string) (rest []string, named bool) {
	switch {
	case len(args) >= 2 && args[0] == "--name":
		f.name = args[1]
		return args[2:], true
	case len(args) >= 1 && strings.HasPrefix(args[0], "--name="):
		f.name = strings.TrimPrefix(args[0], "--name=")
		return args[1:], true
	}
	return args, false
}

// names tells whether arguments have a flag, in either of its forms.
func names(args []string, flag string) bool {
	for _, arg := range args {
		if arg == flag || strings.HasPrefix(arg, flag+"=") {
			return true
		}
	}
	return false
}
