package controlplane

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // auth providers of kubectl
	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	_ "k8s.io/component-base/logs/json/register"          // --logging-format=json
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // client-go metrics on /metrics
	_ "k8s.io/component-base/metrics/prometheus/version"  // build_info on /metrics
	kubectlcmd "k8s.io/kubectl/pkg/cmd"
	kubectlutil "k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

func kubeAPIServer(args []string) int { return run(apiserver.NewAPIServerCommand(), args) }

func kubeControllerManager(args []string) int {
	return run(controllermanager.NewControllerManagerCommand(), args)
}

func run(command *cobra.Command, args []string) int {
	command.SetArgs(args)
	return cli.Run(command)
}

// kubectl runs upstream's kubectl. The User-Agent that it sends starts with the base name of os.Args[0];
// a caller that needs to find its requests in the audit log chooses that name (see scenarios).
func kubectl(args []string) int {
	name := os.Args[0]
	if !strings.HasPrefix(filepath.Base(name), "step-") {
		name = "kubectl"
	}
	os.Args = append([]string{name}, args...)
	if _, err := logs.GlogSetter(kubectlcmd.GetLogVerbosity(os.Args)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := cli.RunNoErrOutput(kubectlcmd.NewDefaultKubectlCommand()); err != nil {
		kubectlutil.CheckErr(err) // prints as kubectl does and exits with its code
	}
	return 0
}
