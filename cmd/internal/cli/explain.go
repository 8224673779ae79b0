package cli

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/spf13/cobra"

	"github.com/eksemu/eksemu/emulator"
	"github.com/eksemu/eksemu/emulator/authn"
	"github.com/eksemu/eksemu/emulator/explain"
	"github.com/eksemu/eksemu/emulator/trace"
)

func newExplainCommand(app *App) *cobra.Command {
	var last int
	var all bool
	in := &explainInput{}
	command := &cobra.Command{
		Use:   "explain",
		Short: "Explain the last answers: which hop decided, in whose words, and what to do",
		Long: `Explain the last answers of a running environment: which hop decided, in whose words, and what to do.

With one of the flags below it explains something else, from this or from any other cluster, and needs no environment.
If one runs, its hops are asked, too. Then the exit code is 0 if nothing is wrong or there are only warnings, 1 if
something is, and 2 if the file cannot be read. Neither tokens nor signatures are printed.

  aws eks get-token --cluster-name prod | eksemu explain --token - --cluster prod
  kubectl get -n kube-system configmap/aws-auth -o yaml | eksemu explain --aws-auth -
  eksemu explain --kubeconfig ~/.kube/config`,
		Args: cobra.NoArgs,
	}
	name := addNameFlag(app, command)
	output := addOutputFlag(command)
	command.Flags().IntVarP(&last, "last", "n", 1, "how many of the newest answers to explain")
	command.Flags().BoolVar(&all, "all", false, "also requests that only prepare others, such as discovery, and AWS calls that were answered")
	in.addFlags(command)
	command.RunE = func(cmd *cobra.Command, _ []string) error {
		if in.given() {
			return in.explain(cmd, app, name, output)
		}
		if last < 1 {
			return fmt.Errorf("--last %d: ask for at least 1", last)
		}
		events, err := app.events(cmd.Context(), name)
		if err != nil {
			return err
		}
		verdicts := verdicts(events, all)
		verdicts = verdicts[max(0, len(verdicts)-last):]
		if len(verdicts) == 0 && !output.json() {
			return exitWith(ExitMismatch, nothingToExplain(name))
		}
		return app.printVerdicts(app.nearMisses(cmd.Context(), name, verdicts), output)
	}
	return command
}

// preparatory matches the questions of discovery, which kubectl asks before what it was told to ask.
var preparatory = regexp.MustCompile(`^get /(api|apis|openapi|version)(/\S*)?$`)

// verdicts explains the requests to the API server and the AWS calls of clients, in the order in which they were
// answered. Unless all are asked for, it leaves out what nobody asks about: discovery, and AWS calls that succeeded.
func verdicts(events []trace.Event, all bool) []explain.Verdict {
	list := explain.Explain(events)
	for _, event := range events {
		if event.Kind == trace.KindAWS && event.AWS.Client != authn.Component {
			list = append(list, explain.ExplainAWS(event))
		}
	}
	slices.SortStableFunc(list, func(a, b explain.Verdict) int { return a.Time.Compare(b.Time) })
	if all {
		return list
	}
	return slices.DeleteFunc(list, func(v explain.Verdict) bool {
		return v.Outcome == explain.Allowed && (v.AuditID == "" || preparatory.MatchString(v.Question))
	})
}

// nothingToExplain says what to do first. In an environment without a cluster that is another thing: AWS calls that
// were answered are explained only if all are asked for.
func nothingToExplain(name *nameFlag) error {
	dir, err := name.dir()
	if err != nil {
		return err
	}
	if r, err := emulator.ReadRuntime(dir); err == nil && len(r.Clusters) == 0 {
		return fmt.Errorf("nothing to explain yet: no AWS call was refused; `eksemu explain%s --all` also explains those that were answered, such as `aws sts get-caller-identity`", name.flag())
	}
	return errors.New("nothing to explain yet: ask something first, such as `kubectl auth can-i get pods`")
}

func (app *App) printVerdicts(list []explain.Verdict, output *outputFlag) error {
	if output.json() {
		if list == nil {
			list = []explain.Verdict{}
		}
		return app.printJSON(list)
	}
	for i, verdict := range list {
		if i > 0 {
			fmt.Fprintln(app.Out)
		}
		if err := explain.Write(app.Out, verdict, explain.TextOptions{Color: app.color(app.OutTerminal)}); err != nil {
			return err
		}
	}
	return nil
}
