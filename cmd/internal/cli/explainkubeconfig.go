package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/eksemu/eksemu/emulator"
	"github.com/eksemu/eksemu/emulator/explain"
	"github.com/eksemu/eksemu/emulator/explain/kubeconfigs"
)

// kubeconfigExplanation is the answer of explain --kubeconfig -o json.
type kubeconfigExplanation struct {
	kubeconfigs.Report
	Identity    *emulator.Identity `json:"identity,omitempty"` // of the running environment that the context acts as
	Environment *environmentAnswer `json:"environment"`        // what it says; null if it is not asked
}

// explainKubeconfig finds what is wrong with a kubeconfig and, if its server is a running environment's cluster, asks it.
func (app *App) explainKubeconfig(ctx context.Context, path, kubeContext string, name *nameFlag, output *outputFlag) error {
	file, data, err := app.readInput(path)
	if err != nil {
		return err
	}
	folder := filepath.Dir(path)
	report, err := kubeconfigs.Lint(data, kubeconfigs.Options{
		File: file, Context: kubeContext, Now: app.Now(), LookupEnv: app.LookupEnv,
		LookPath: func(command string) (string, error) { return app.LookPath(from(folder, command, true)) },
		ReadFile: func(name string) ([]byte, error) { return readBounded(from(folder, name, false)) },
		Profiles: profilesOf,
	})
	if err != nil {
		return err
	}
	answer := kubeconfigExplanation{Report: report}
	asking := app.askAsContext(ctx, name, &answer)
	if asking != nil {
		fmt.Fprintf(app.ErrOut, "the running environment was not asked: %v\n", asking)
	}
	if output.json() {
		err = app.printJSON(answer)
	} else {
		err = app.printKubeconfig(answer)
	}
	refused := answer.Environment != nil && answer.Environment.Verdict.Outcome == explain.Unauthorized
	if err == nil && (explain.HasErrors(report.Findings) || refused || asking != nil) {
		return exitWith(ExitMismatch, errSilent)
	}
	return err
}

// from is a path in a kubeconfig: it counts from the kubeconfig's folder. A command without a slash is looked for on the
// PATH.
func from(folder, path string, command bool) string {
	if filepath.IsAbs(path) || command && !strings.ContainsRune(path, filepath.Separator) {
		return path
	}
	return filepath.Join(folder, path)
}

// profilesOf reads the profiles of the AWS configuration that some variables lead to.
func profilesOf(lookup kubeconfigs.Lookup) (kubeconfigs.Profiles, error) {
	var contents [2][]byte
	var files []string
	for i, file := range []struct{ variable, name string }{{"AWS_CONFIG_FILE", "config"}, {"AWS_SHARED_CREDENTIALS_FILE", "credentials"}} {
		path, _ := lookup(file.variable)
		home, _ := lookup("HOME")
		if path == "" {
			path = filepath.Join(home, ".aws", file.name)
		} else if rest, ok := strings.CutPrefix(path, "~/"); ok { // as botocore does (configloader.raw_config_parse)
			path = filepath.Join(home, rest)
		}
		raw, err := readBounded(path)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return kubeconfigs.Profiles{}, err
		}
		contents[i], files = raw, append(files, path)
	}
	return kubeconfigs.Profiles{Files: files, Settings: kubeconfigs.SettingsIn(contents[0], contents[1])}, nil
}

// askAsContext asks the environment's API server who a context is, if it is the context's server.
func (app *App) askAsContext(ctx context.Context, name *nameFlag, answer *kubeconfigExplanation) error {
	client, err := app.running(ctx, name)
	if client == nil || err != nil {
		return err
	}
	for _, at := range client.Runtime.Clusters {
		if at.Endpoint != strings.TrimSuffix(answer.Server, "/") {
			continue
		}
		token, err := app.tokenOfContext(ctx, client, answer)
		if err != nil || token == "" {
			return err
		}
		verdict, err := app.whoAmI(ctx, client, at, token)
		if err != nil {
			return err
		}
		if verdict.NeedsMappings() {
			verdict = app.nearMiss(ctx, client, verdict)
		}
		answer.Environment = &environmentAnswer{client.Runtime.Name, at.Name, verdict}
		return nil
	}
	return nil
}

// tokenOfContext is the token that a context leads to. No program that the kubeconfig names is run for it: it may come from
// anybody. Where the plugin would act as an identity of the environment, eksemu makes the token that it would make.
func (app *App) tokenOfContext(ctx context.Context, client *emulator.Client, answer *kubeconfigExplanation) (string, error) {
	if token := answer.StaticToken(); token != "" {
		return token, nil
	}
	plugin := answer.Plugin
	if plugin == nil || plugin.Profile == "" || plugin.Cluster == "" {
		return "", nil
	}
	for _, identity := range client.Runtime.Identities {
		if identity.Name == plugin.Profile {
			answer.Identity = &identity
		}
	}
	if answer.Identity == nil {
		return "", fmt.Errorf("its profile %s is none of its identities", plugin.Profile)
	}
	args := []string{"token", "--token-only", "--profile", plugin.Profile, "-i", plugin.Cluster}
	if plugin.Region != "" {
		args = append(args, "--region", plugin.Region)
	}
	if plugin.Role != "" {
		args = append(args, "--role", plugin.Role)
	}
	command := exec.CommandContext(ctx, app.Executable, args...)
	for _, v := range app.Environ { // without what would act as somebody else
		if !strings.HasPrefix(v, "AWS_") {
			command.Env = append(command.Env, v)
		}
	}
	for _, v := range emulator.AWSVariables(client.Dir, client.Runtime) {
		command.Env = append(command.Env, v.Name+"="+v.Value)
	}
	out, err := command.Output()
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		return "", fmt.Errorf("make a token as %s: %s", plugin.Profile, explain.Clean(string(failed.Stderr)))
	}
	if err != nil {
		return "", fmt.Errorf("make a token as %s: %w", plugin.Profile, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// printKubeconfig prints the findings, where the context leads, and what the environment says.
func (app *App) printKubeconfig(answer kubeconfigExplanation) error {
	options := explain.TextOptions{Color: app.color(app.OutTerminal)}
	if err := explain.WriteFindings(app.Out, answer.Findings, options); err != nil {
		return err
	}
	if len(answer.Findings) > 0 {
		fmt.Fprintln(app.Out)
	}
	if err := explain.WriteSheet(app.Out, answer.Sheet(), options); err != nil {
		return err
	}
	if answer.Token != nil {
		fmt.Fprintln(app.Out)
		if err := explain.WriteSheet(app.Out, answer.Token.Sheet(), options); err != nil {
			return err
		}
	}
	if answer.Environment == nil {
		return nil
	}
	fmt.Fprintf(app.Out, "\nAnd the environment %s, cluster %s, asked as this context just now:\n\n", answer.Environment.Name, answer.Environment.Cluster)
	return explain.Write(app.Out, answer.Environment.Verdict, options)
}
