package kindcluster

import (
	"context"
	"fmt"
	"net/url"
	"time"
)

// Bounds of finding out whether a node reaches the webhooks. Together with making a node they stay within 15 seconds.
const (
	reachPoll    = 200 * time.Millisecond
	reachSeconds = "2" // for one connection
	reachTries   = 3
)

// unreachable says that a node cannot connect to this machine.
type unreachable struct {
	host, port, bridge string
}

func (u *unreachable) Error() string {
	text := fmt.Sprintf("the node cannot reach this machine at %s, TCP port %s, where the API server asks the authenticator: a firewall is in the way. ", u.host, u.port)
	if u.bridge == "" {
		return text + "Let this machine's firewall accept connections to eksemu"
	}
	return text + fmt.Sprintf("Open it for the nodes, for example with `iptables -I INPUT -i %[1]s -p tcp -d %[2]s --dport %[3]s -j ACCEPT`, "+
		"or with ufw: `ufw allow in on %[1]s to %[2]s port %[3]s proto tcp`", u.bridge, u.host, u.port)
}

// reach returns an *unreachable error if the control-plane node cannot connect to a webhook, as soon as there is a node
// that can try. It returns nil if it can, or ctx ends.
func (b *Backend) reach(ctx context.Context, webhook string) error {
	target, err := url.Parse(webhook)
	if err != nil {
		return err
	}
	ticker := time.NewTicker(reachPoll)
	defer ticker.Stop()
	node := controlPlane(b.name)
	for tries := 0; ; {
		if b.docker.running(ctx, node) {
			// bash connects when it opens this path; it is in every node image, as kind's entrypoint is a script of it.
			_, err := b.docker.output(ctx, "exec", node, "timeout", reachSeconds, "bash", "-c",
				fmt.Sprintf("exec 3<>/dev/tcp/%s/%s", target.Hostname(), target.Port()))
			if err == nil {
				return nil
			}
			if tries++; tries == reachTries && ctx.Err() == nil {
				return &unreachable{target.Hostname(), target.Port(), b.site.bridge}
			}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}
