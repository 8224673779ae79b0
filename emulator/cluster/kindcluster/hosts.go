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
	out, err := b.docker.line(ctx, "exec", b.first(b.there), "getent", "ahostsv4", b.site.dial)
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

// SetHosts implements [cluster.Namer], by a line in the nodes' /etc/hosts. Docker makes that file anew when a node
// starts, so that the line is written again then.
func (b *Backend) SetHosts(ctx context.Context, address string, names []string) error {
	b.hosts.Store(new(address + " " + strings.Join(names, " ")))
	nodes, err := b.docker.nodes(ctx, b.name, b.mark.ID)
	if err != nil {
		return err
	}
	for _, n := range own(nodes) {
		if err := b.setHosts(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// setHosts writes the line that SetHosts was given into a node's /etc/hosts.
func (b *Backend) setHosts(ctx context.Context, n node) error {
	line := b.hosts.Load()
	if line == nil || n.role == loadBalancer { // which has no shell
		return nil
	}
	// The file is a mount, which cannot be replaced, only written.
	const script = `hosts=$(grep -v "$1$" /etc/hosts); printf '%s\n%s\n' "$hosts" "$2 $1" > /etc/hosts`
	if _, err := b.docker.output(ctx, "exec", n.name, "sh", "-c", script, "sh", hostsMark, *line); err != nil {
		return fmt.Errorf("write the AWS names into /etc/hosts of %s: %w", n.name, err)
	}
	return nil
}
