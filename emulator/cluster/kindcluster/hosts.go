package kindcluster

import (
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/eksemu/eksemu/emulator/cluster"
)

var _ cluster.Namer = (*Backend)(nil)

// Address implements [cluster.Namer].
func (b *Backend) Address(ctx context.Context) (string, error) {
	if net.ParseIP(b.site.dial) != nil {
		return b.site.dial, nil
	}
	out, err := b.docker.line(ctx, "exec", controlPlane(b.cfg.Name), "getent", "ahostsv4", b.site.dial)
	if err != nil {
		return "", fmt.Errorf("find the address of %s in the node: %w", b.site.dial, err)
	}
	address, _, _ := strings.Cut(out, " ")
	if net.ParseIP(address) == nil {
		return "", fmt.Errorf("%s has no IPv4 address in the node", b.site.dial)
	}
	return address, nil
}

// hostsMark ends the line of /etc/hosts that is eksemu's.
const hostsMark = "# eksemu"

// SetHosts implements [cluster.Namer], by a line in the nodes' /etc/hosts. Docker makes that file anew when a node starts.
func (b *Backend) SetHosts(ctx context.Context, address string, names []string) error {
	nodes, err := b.docker.containers(ctx, b.cfg.Name)
	if err != nil {
		return err
	}
	// The file is a mount, which cannot be replaced, only written.
	script := `hosts=$(grep -v "$1$" /etc/hosts); printf '%s\n%s\n' "$hosts" "$2 $1" > /etc/hosts`
	line := address + " " + strings.Join(names, " ")
	for _, node := range nodes {
		if strings.HasSuffix(node, "-external-load-balancer") {
			continue // which has no shell
		}
		if _, err := b.docker.output(ctx, "exec", node, "sh", "-c", script, "sh", hostsMark, line); err != nil {
			return fmt.Errorf("write the AWS names into /etc/hosts of %s: %w", node, err)
		}
	}
	return nil
}
