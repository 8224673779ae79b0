package cli

import (
	"context"
	"fmt"

	"github.com/eksemu/eksemu/emulator"
	"github.com/eksemu/eksemu/emulator/explain"
	"github.com/eksemu/eksemu/emulator/explain/awsauth"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// explainAWSAuth finds what is wrong with an aws-auth ConfigMap, or prints it as it should be.
func (app *App) explainAWSAuth(ctx context.Context, path, cluster string, fix bool, name *nameFlag, output *outputFlag) error {
	file, data, err := app.readInput(path)
	if err != nil {
		return err
	}
	client, at, err := app.clusterFor(ctx, name, cluster)
	if err != nil {
		return err
	}
	options := awsauth.Options{File: file}
	if arn, ok := iam.ParseARN(cluster); ok {
		options.Partition = arn.Partition
	}
	if at != nil {
		options.Partition, options.Known = iam.PartitionOfRegion(client.Runtime.Region).ID, principals(client.Runtime)
	}
	report, err := awsauth.Lint(data, options)
	if err != nil {
		return err
	}
	if at == nil && cluster != "" {
		fmt.Fprintln(app.ErrOut, whyOffline(name, cluster, client))
	}
	if fix {
		return app.printFixed(report)
	}
	if output.json() {
		err = app.printJSON(report)
	} else {
		err = app.printAWSAuth(report)
	}
	if err == nil && explain.HasErrors(report.Findings) {
		return exitWith(ExitMismatch, errSilent)
	}
	return err
}

// principals are those that a running environment knows by name.
func principals(r emulator.Runtime) []explain.Mapping {
	var known []explain.Mapping
	for _, identity := range r.Identities {
		known = append(known, explain.Mapping{ARN: identity.ARN, Where: "identity " + identity.Name})
	}
	return known
}

// printFixed prints the corrected ConfigMap, and on standard error what is left for people to decide.
func (app *App) printFixed(report awsauth.Report) error {
	fmt.Fprint(app.Out, report.Fixed)
	if err := explain.WriteFindings(app.ErrOut, report.Left, explain.TextOptions{Color: app.color(app.Terminal)}); err != nil {
		return err
	}
	if explain.HasErrors(report.Left) {
		return exitWith(ExitMismatch, errSilent)
	}
	return nil
}

// printAWSAuth prints the findings, and how many mappings count as they are.
func (app *App) printAWSAuth(report awsauth.Report) error {
	if err := explain.WriteFindings(app.Out, report.Findings, explain.TextOptions{Color: app.color(app.OutTerminal)}); err != nil {
		return err
	}
	fmt.Fprintf(app.Out, "%s: %s; the authenticator takes %d mappings and %d accounts from it\n", report.File, explain.CountFindings(report.Findings), len(report.Mappings), len(report.Accounts))
	if len(report.Findings) > len(report.Left) {
		fmt.Fprintln(app.Out, "--fix prints it with what can be put right without guessing")
	}
	return nil
}
