package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/eksemu/eksemu/emulator"
	"github.com/eksemu/eksemu/emulator/explain"
	"github.com/eksemu/eksemu/emulator/explain/tokens"
	"github.com/eksemu/eksemu/emulator/strictyaml"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// tokenExplanation is the answer of explain --token -o json.
type tokenExplanation struct {
	tokens.Report
	// Environment is what every hop of a running environment says. Null if none runs, or if it has no cluster of the
	// given name.
	Environment *environmentAnswer `json:"environment"`
}

// environmentAnswer is what a running environment says about an identity.
type environmentAnswer struct {
	Name    string          `json:"name"`
	Cluster string          `json:"cluster"`
	Verdict explain.Verdict `json:"verdict"` // of the question "who am I?" (SelfSubjectReview)
}

// maxInput bounds what is read of a file, in bytes: one more than what parsers take, so that they say what is too large.
const maxInput = strictyaml.MaxSize + 1

// readInput reads a file, or standard input for "-", and how to call it in texts.
func (app *App) readInput(path string) (name string, data []byte, err error) {
	name, source := path, app.In
	if path == "-" {
		name = "standard input"
	} else {
		data, err = readBounded(path)
		return name, data, err // which names the file
	}
	if data, err = io.ReadAll(io.LimitReader(source, maxInput)); err != nil {
		return name, nil, fmt.Errorf("read %s: %w", name, err)
	}
	return name, data, nil
}

// readBounded reads at most maxInput bytes of a file.
func readBounded(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	return io.ReadAll(io.LimitReader(file, maxInput))
}

// explainToken takes the token in a file apart and, if an environment runs, lets its hops answer it.
func (app *App) explainToken(ctx context.Context, path, cluster string, name *nameFlag, output *outputFlag) error {
	file, data, err := app.readInput(path)
	if err != nil {
		return err
	}
	token, note := tokens.Unwrap(string(data))
	if strings.TrimSpace(token) == "" {
		return fmt.Errorf("%s is empty: give it a token, as from `eksemu token -i CLUSTER --token-only`", file)
	}
	client, at, err := app.clusterFor(ctx, name, cluster)
	if err != nil {
		return err
	}
	answer, err := app.tokenAnswer(ctx, token, cluster, client, at)
	if err != nil {
		return err
	}
	if note != "" {
		answer.Remarks = append([]string{note}, answer.Remarks...)
	}
	if err := app.printTokenExplanation(answer, output); err != nil {
		return err
	}
	if at == nil { // otherwise the remarks say why it was not asked
		fmt.Fprintln(app.ErrOut, whyOffline(name, cluster, client))
	}
	if answer.refused() {
		return exitWith(ExitMismatch, errSilent)
	}
	return nil
}

// tokenAnswer explains a token by itself, then by a running environment's cluster, if there is one.
func (app *App) tokenAnswer(ctx context.Context, token, cluster string, client *emulator.Client, at *emulator.RuntimeCluster) (tokenExplanation, error) {
	options := tokens.Options{Now: app.Now(), Cluster: cluster}
	if arn, ok := iam.ParseARN(cluster); ok { // which tells more
		options.Partition, options.Region, options.Cluster = arn.Partition, arn.Region, strings.TrimPrefix(arn.Resource, "cluster/")
	}
	if at != nil {
		options.Cluster, options.Region = at.Name, client.Runtime.Region
		options.Partition = iam.PartitionOfRegion(options.Region).ID
	}
	answer := tokenExplanation{Report: tokens.Dissect(token, options)} //nolint:contextcheck // the SDK's endpoint rules take a context and ask nobody
	if at == nil {
		return answer, nil
	}
	verdict, err := app.whoAmI(ctx, client, *at, token)
	if errors.Is(err, errUnsendable) {
		answer.Remarks = append(answer.Remarks, "the environment's API server was not asked: with its blanks, line breaks or control characters the token cannot be sent")
		return answer, nil
	}
	if err != nil {
		return answer, exitWith(ExitStart, err)
	}
	if verdict.NeedsMappings() {
		verdict = app.nearMiss(ctx, client, verdict)
	}
	answer.Environment = &environmentAnswer{client.Runtime.Name, at.Name, verdict}
	return answer, nil
}

// refused tells whether a token is refused, by itself or by the environment that was asked.
func (a tokenExplanation) refused() bool {
	if a.Environment != nil {
		return a.Environment.Verdict.Outcome == explain.Unauthorized
	}
	return a.Outcome == explain.Unauthorized
}

// printTokenExplanation prints what the token says, then what the environment says.
func (app *App) printTokenExplanation(answer tokenExplanation, output *outputFlag) error {
	if output.json() {
		return app.printJSON(answer)
	}
	options := explain.TextOptions{Color: app.color(app.OutTerminal)}
	if err := explain.WriteSheet(app.Out, answer.Sheet(), options); err != nil {
		return err
	}
	if answer.Environment == nil {
		return nil
	}
	fmt.Fprintf(app.Out, "\nAnd the environment %s, cluster %s, asked with this token just now:\n\n", answer.Environment.Name, answer.Environment.Cluster)
	return explain.Write(app.Out, answer.Environment.Verdict, options)
}

// clusterFor finds the running environment and its cluster of a name; of no name, its first. Neither is there if no
// environment runs or it has no such cluster, which is no error: what needs no environment is explained without.
func (app *App) clusterFor(ctx context.Context, name *nameFlag, cluster string) (*emulator.Client, *emulator.RuntimeCluster, error) {
	client, err := app.running(ctx, name)
	if client == nil || err != nil {
		return nil, nil, err
	}
	for _, at := range client.Runtime.Clusters {
		if cluster == "" || cluster == at.Name || cluster == at.ARN {
			return client, &at, nil
		}
	}
	return client, nil, nil
}

// whyOffline says why nothing but the input itself was looked at.
func whyOffline(name *nameFlag, cluster string, client *emulator.Client) string {
	switch {
	case client == nil:
		return "environment " + name.name + " is not running: this is what can be told without one"
	case cluster == "":
		return "environment " + name.name + " has no cluster to ask: this is what can be told without one"
	}
	return "environment " + name.name + " has no cluster " + cluster + " to ask: this is what can be told without one"
}
