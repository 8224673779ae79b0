package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/eksemu/eksemu/emulator"
	"github.com/eksemu/eksemu/emulator/config"
)

// stsVerb is the verb that starts the AWS side alone, and the name of the environment unless it is given one.
const stsVerb = "sts"

func newSTSCommand(app *App) *cobra.Command {
	f := &upFlags{verb: stsVerb}
	command := &cobra.Command{
		Use:   stsVerb,
		Short: "Start the AWS side alone: STS without Kubernetes, in milliseconds",
		Long: `Start an environment without a cluster: STS and whatever else of AWS is emulated, behind the same gateway, with the
same identities and the same state folder as those of ` + "`eksemu up`" + `, but without Kubernetes. The clusters of the
environment file are ignored; one that is made with the EKS API runs. env, status, trace, explain, fault, clock, mfa, logs and down work on it with --name sts.

Clients reach it in two ways:

  eval "$(eksemu env --name sts)"                         # real host names, by HTTPS_PROXY and AWS_CA_BUNDLE
  export AWS_ENDPOINT_URL_STS=http://127.0.0.1:PORT       # the direct endpoint, in plain HTTP

Tokens for EKS need the real host names, so ` + "`eksemu token`" + ` is for a shell with the first way.`,
		Args: cobra.NoArgs,
	}
	name := addNameFlag(app, command)
	flag := command.Flags().Lookup("name")
	if app.env("EKSEMU_NAME") == "" {
		name.name, flag.DefValue = stsVerb, stsVerb
	}
	f.add(command)
	command.Flags().DurationVar(&f.ahead, "clock-offset", 0, "`duration` by which the clock of STS is ahead of the real one; negative: behind")
	f.runWith(app, command, name)
	run := command.RunE
	command.RunE = func(cmd *cobra.Command, args []string) error {
		if _, err := emulator.AddClockOffset(0, f.ahead); err != nil {
			return fmt.Errorf("--clock-offset: %w", err)
		}
		return run(cmd, args)
	}
	return command
}

// loadIdentities reads the environment file without its clusters.
func (app *App) loadIdentities(path string) (*config.Environment, error) {
	environment, err := app.readConfig(path)
	if err != nil {
		return nil, err
	}
	return environment.WithoutClusters(), nil
}

// needsCluster refuses an environment that is the AWS side alone, for verbs that are about Kubernetes.
func needsCluster(r emulator.Runtime) error {
	if len(r.Clusters) > 0 {
		return nil
	}
	return fmt.Errorf("environment %s has no cluster, it is the AWS side alone: start one that has with `eksemu up`, under another --name", r.Name)
}

// printSTSReady tells how clients reach an environment that is the AWS side alone.
func (app *App) printSTSReady(name *nameFlag, r emulator.Runtime, detached bool) {
	where := "In another shell:"
	if detached {
		where = "Now:"
	}
	fmt.Fprintf(app.ErrOut, `
Environment %s is ready: STS at %s. %s

  eval "$(eksemu env%s)"        # real host names, through HTTPS_PROXY
  aws sts get-caller-identity
`, r.Name, r.Gateway, where, name.flag())
	if r.Has("some-other-role") {
		fmt.Fprintln(app.ErrOut, "  aws sts get-caller-identity --profile some-other-role")
	}
	dir, _ := name.dir() // the environment has been started in it
	files := emulator.Layout{Dir: dir}
	fmt.Fprintf(app.ErrOut, `  eksemu trace%[1]s

Or without the proxy:

  export AWS_ENDPOINT_URL_STS=%[2]s AWS_REGION=%[3]s
  export AWS_CONFIG_FILE=%[4]s AWS_SHARED_CREDENTIALS_FILE=%[5]s

`, name.flag(), r.Gateway, r.Region, shellQuote(files.AWSConfig()), shellQuote(files.AWSCredentials()))
	app.printHowToStop(name, detached)
}
