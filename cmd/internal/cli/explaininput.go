package cli

import (
	"github.com/spf13/cobra"
)

// explainInput is what explain is given to explain, in place of the trace.
type explainInput struct {
	token, cluster string
}

func (in *explainInput) addFlags(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&in.token, "token", "", "take the EKS token in a `file` apart, or - for standard input")
	flags.StringVar(&in.cluster, "cluster", "", "with --token: `name` or ARN of the cluster that it is for (default the environment's first)")
	command.MarkFlagsMutuallyExclusive("token", "last")
	command.MarkFlagsMutuallyExclusive("token", "all")
	_ = command.MarkFlagFilename("token") // the flag exists
}

func (in *explainInput) given() bool { return in.token != "" }

func (in *explainInput) explain(cmd *cobra.Command, app *App, name *nameFlag, output *outputFlag) error {
	return app.explainToken(cmd.Context(), in.token, in.cluster, name, output)
}
