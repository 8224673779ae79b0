package kindcluster

import (
	"flag"
	"fmt"
	"io"
	"regexp"
	"strings"

	kind "sigs.k8s.io/kind/pkg/cluster"
	"sigs.k8s.io/kind/pkg/exec"
	"sigs.k8s.io/kind/pkg/log"
)

// Names of the programs that use kind's library.
const (
	CreateProgram = "kind-create" // makes a cluster
	LogsProgram   = "kind-logs"   // exports the logs of its nodes
)

// Programs are the programs that use kind's library, by name. Each does what its arguments say, prints kind's progress
// and returns an exit code. They are for processes of their own: kind's library cannot be interrupted, and its docker
// processes inherit the environment.
func Programs() map[string]func(args []string, out io.Writer) int {
	return map[string]func([]string, io.Writer) int{CreateProgram: create, LogsProgram: exportLogs}
}

// exportLogs exports the logs of a cluster's nodes, as `kind export logs` does.
func exportLogs(args []string, out io.Writer) int {
	flags := flag.NewFlagSet(LogsProgram, flag.ContinueOnError)
	flags.SetOutput(out)
	name := flags.String("name", "", "")
	dir := flags.String("dir", "", "")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if err := kind.NewProvider(kind.ProviderWithDocker()).CollectLogs(*name, *dir); err != nil {
		fmt.Fprintln(out, err)
		return 1
	}
	return 0
}

// create makes a kind cluster. What could not be made is left for the parent to look at and delete.
func create(args []string, out io.Writer) int {
	flags := flag.NewFlagSet(CreateProgram, flag.ContinueOnError)
	flags.SetOutput(out)
	name := flags.String("name", "", "")
	config := flags.String("config", "", "")
	kubeconfig := flags.String("kubeconfig", "", "")
	image := flags.String("image", "", "")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	provider := kind.NewProvider(kind.ProviderWithDocker(), kind.ProviderWithLogger(logger{out}))
	err := provider.Create(*name,
		kind.CreateWithConfigFile(*config), kind.CreateWithKubeconfigPath(*kubeconfig), kind.CreateWithNodeImage(*image),
		kind.CreateWithRetain(true), kind.CreateWithDisplayUsage(false), kind.CreateWithDisplaySalutation(false))
	if err == nil {
		return 0
	}
	if failed := exec.RunErrorForError(err); failed != nil { // what the command in the node printed
		fmt.Fprintln(out, essence(string(failed.Output)))
	}
	fmt.Fprintln(out, err)
	return 1
}

// klog begins a line of Kubernetes' log (https://kubernetes.io/docs/concepts/cluster-administration/system-logs/).
var klog = regexp.MustCompile(`^[IWEF]\d{4} `)

// essence is what kubeadm printed, without its log and without the traces of its stack, which are pairs of a function and
// an indented file: the end of it is what the parent's error has.
func essence(output string) string {
	lines := strings.Split(output, "\n")
	var kept []string
	for i, line := range lines {
		file := strings.HasPrefix(line, "\t/")
		function := i+1 < len(lines) && strings.HasPrefix(lines[i+1], "\t/")
		if !file && !function && !klog.MatchString(line) && strings.TrimSpace(line) != "" && (len(kept) == 0 || kept[len(kept)-1] != line) {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// logger prints what kind tells a user who did not ask for more.
type logger struct{ out io.Writer }

var _ log.Logger = logger{}

func (l logger) print(message string) {
	fmt.Fprint(l.out, strings.TrimSuffix(message, "\n")+"\n")
}

// Warn implements log.Logger.
func (l logger) Warn(message string) { l.print(message) }

// Warnf implements log.Logger.
func (l logger) Warnf(format string, args ...any) { l.print(fmt.Sprintf(format, args...)) }

// Error implements log.Logger.
func (l logger) Error(message string) { l.print(message) }

// Errorf implements log.Logger.
func (l logger) Errorf(format string, args ...any) { l.print(fmt.Sprintf(format, args...)) }

// V implements log.Logger.
func (l logger) V(level log.Level) log.InfoLogger { return infoLogger{l, level == 0} }

type infoLogger struct {
	logger
	enabled bool
}

// Info implements log.InfoLogger.
func (l infoLogger) Info(message string) {
	if l.enabled {
		l.print(message)
	}
}

// Infof implements log.InfoLogger.
func (l infoLogger) Infof(format string, args ...any) { l.Info(fmt.Sprintf(format, args...)) }

// Enabled implements log.InfoLogger.
func (l infoLogger) Enabled() bool { return l.enabled }
