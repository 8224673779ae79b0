package kindcluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/eksemu/eksemu/emulator/internal/process"
)

// logsPatience is how long exporting the logs of nodes may take: nodes that hang must not hold up the error.
const logsPatience = 30 * time.Second

// withLogs saves the logs of the environment's nodes, and adds to an error where they are and what the API server said last.
func (b *Backend) withLogs(ctx context.Context, reason error) error {
	nodes, err := b.docker.nodes(ctx, b.name, b.mark.ID)
	if err != nil || len(own(nodes)) == 0 {
		return reason
	}
	dir := filepath.Join(b.cfg.LogDir, "kind")
	if err := b.exportLogs(ctx, dir); err != nil {
		return fmt.Errorf("%w\nwhat could be saved of the logs of its nodes is in %s: %w", reason, dir, err)
	}
	return fmt.Errorf("%w%s\nthe logs of its nodes are in %s", reason, apiServerSaid(dir, b.first(nodes)), dir)
}

// exportLogs exports the logs of the nodes, in place of those of an earlier failure.
func (b *Backend) exportLogs(ctx context.Context, dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, logsPatience, fmt.Errorf("the nodes did not give them within %s", logsPatience))
	defer cancel()
	return process.Run(ctx, process.Spec{
		Name: "kind", Path: b.cfg.Executable, Args: b.cfg.Command(LogsProgram, []string{"--name", b.name, "--dir", dir}), Env: b.cfg.Env,
		LogFile: filepath.Join(b.cfg.LogDir, "kind.log"), StopTimeout: time.Second,
	})
}

// maxAPIServerSaid is how many lines of the API server's log are quoted.
const maxAPIServerSaid = 3

// criPrefix begins the lines of a container's log (k8s.io/cri-client pkg/logs).
var criPrefix = regexp.MustCompile(`^(\S+) std(out|err) [FP] `)

// apiServerSaid is the end of the API server's log among exported logs, worded as the end of an error: why it does not
// run is nowhere else. It is empty if there is none. kubelet has a log for each container that it has started: that which
// was written last counts.
func apiServerSaid(dir, node string) string {
	logs, err := filepath.Glob(filepath.Join(dir, node, "containers", "kube-apiserver-*.log"))
	if err != nil {
		return ""
	}
	var last []string
	var newest time.Time
	for _, log := range logs {
		raw, err := os.ReadFile(log)
		if err != nil {
			continue
		}
		lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
		prefix := criPrefix.FindStringSubmatch(lines[len(lines)-1])
		if prefix == nil {
			continue
		}
		if written, err := time.Parse(time.RFC3339Nano, prefix[1]); err == nil && written.After(newest) {
			newest, last = written, lines
		}
	}
	if len(last) == 0 {
		return ""
	}
	said := "\nkube-apiserver's last words:"
	for _, line := range last[max(len(last)-maxAPIServerSaid, 0):] {
		said += "\n    " + criPrefix.ReplaceAllString(line, "")
	}
	return said
}
