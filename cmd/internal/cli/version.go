package cli

import (
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// linked are the upstream modules whose versions say what eksemu's answers stand for.
var linked = map[string]string{
	"k8s.io/kubernetes":                 "kubernetes",
	"sigs.k8s.io/aws-iam-authenticator": "aws-iam-authenticator",
	"go.etcd.io/etcd/server/v3":         "etcd",
	"github.com/aws/aws-sdk-go-v2":      "aws-sdk-go-v2",
}

func newVersionCommand(app *App) *cobra.Command {
	command := &cobra.Command{Use: "version", Short: "Print the versions of eksemu and of what it links", Args: cobra.NoArgs}
	output := addOutputFlag(command)
	command.RunE = func(*cobra.Command, []string) error {
		versions := linkedVersions()
		if output.json() {
			versions["eksemu"] = app.version()
			return app.printJSON(versions)
		}
		fmt.Fprintf(app.Out, "eksemu %s\n", app.version())
		for _, name := range []string{"kubernetes", "aws-iam-authenticator", "etcd", "aws-sdk-go-v2"} {
			fmt.Fprintf(app.Out, "  %s %s\n", name, versions[name])
		}
		return nil
	}
	return command
}

// version is the module version that `go install` recorded, or "devel".
func (app *App) version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return strings.TrimPrefix(info.Main.Version, "v")
}

func linkedVersions() map[string]string {
	versions := map[string]string{}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return versions
	}
	for _, module := range info.Deps {
		if name := linked[module.Path]; name != "" {
			versions[name] = module.Version
		}
	}
	return versions
}
