package cli

import (
	"errors"

	"github.com/spf13/cobra"
)

// explainInput is what explain is given to explain, in place of the trace.
type explainInput struct {
	token, awsAuth, kubeconfig, kubeContext, cluster string
	fix                                              bool
}

func (in *explainInput) addFlags(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&in.token, "token", "", "take the EKS token in a `file` apart, or - for standard input")
	flags.StringVar(&in.awsAuth, "aws-auth", "", "find what is wrong with the aws-auth ConfigMap in a `file`, or - for standard input")
	flags.StringVar(&in.kubeconfig, "kubeconfig", "", "find what is wrong with the kubeconfig in a `file`, or - for standard input")
	flags.StringVar(&in.kubeContext, "context", "", "with --kubeconfig: `name` of the context to look at (default the current one)")
	flags.BoolVar(&in.fix, "fix", false, "with --aws-auth: print the ConfigMap with everything put right that can be without guessing")
	flags.StringVar(&in.cluster, "cluster", "", "with --token or --aws-auth: `name` or ARN of the cluster that it is for (default the environment's first)")
	for _, mine := range []string{"token", "aws-auth", "kubeconfig"} {
		command.MarkFlagsMutuallyExclusive(mine, "last")
		command.MarkFlagsMutuallyExclusive(mine, "all")
		_ = command.MarkFlagFilename(mine) // the flag exists
	}
	command.MarkFlagsMutuallyExclusive("token", "aws-auth", "kubeconfig")
}

func (in *explainInput) given() bool {
	return in.token != "" || in.awsAuth != "" || in.kubeconfig != "" || in.kubeContext != "" || in.fix || in.cluster != ""
}

func (in *explainInput) explain(cmd *cobra.Command, app *App, name *nameFlag, output *outputFlag) error {
	switch {
	case in.fix && (in.awsAuth == "" || output.json()):
		return errors.New("--fix prints the ConfigMap of --aws-auth as YAML: give it that flag, and no -o json")
	case in.kubeContext != "" && in.kubeconfig == "":
		return errors.New("--context is one of a kubeconfig: give it --kubeconfig, too")
	case in.kubeconfig != "" && in.cluster != "":
		return errors.New("--cluster is for --token and --aws-auth: a kubeconfig names its cluster")
	case in.kubeconfig != "":
		return app.explainKubeconfig(cmd.Context(), in.kubeconfig, in.kubeContext, name, output)
	case in.token != "":
		return app.explainToken(cmd.Context(), in.token, in.cluster, name, output)
	case in.awsAuth != "":
		return app.explainAWSAuth(cmd.Context(), in.awsAuth, in.cluster, in.fix, name, output)
	}
	return errors.New("--cluster says what a token or a ConfigMap is for: give it --token or --aws-auth, too")
}
