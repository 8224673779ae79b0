package kindcluster

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	kind "sigs.k8s.io/kind/pkg/cluster"
)

// exportLogs exports the logs of a kind cluster's nodes, as `kind export logs` does.
func exportLogs(cluster, dir string) error {
	return kind.NewProvider(kind.ProviderWithDocker()).CollectLogs(cluster, dir)
}

// maxAPIServerSaid is how many lines of the API server's log are quoted.
const maxAPIServerSaid = 3

// criPrefix begins the lines of a container's log (k8s.io/cri-client pkg/logs).
var criPrefix = regexp.MustCompile(`^\S+ std(out|err) [FP] `)

// apiServerSaid is the end of the API server's log among exported logs, worded as the end of an error: why it does not
// run is nowhere else. It is empty if there is none.
func apiServerSaid(dir, node string) string {
	logs, err := filepath.Glob(filepath.Join(dir, node, "containers", "kube-apiserver-*.log"))
	if err != nil || len(logs) == 0 {
		return ""
	}
	raw, err := os.ReadFile(logs[len(logs)-1])
	if err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	said := ""
	for _, line := range lines[max(len(lines)-maxAPIServerSaid, 0):] {
		said += "\n    " + criPrefix.ReplaceAllString(line, "")
	}
	return fmt.Sprintf("\nkube-apiserver's last words:%s", said)
}
