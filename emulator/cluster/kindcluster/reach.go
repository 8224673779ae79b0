package kindcluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/eksemu/eksemu/emulator/cluster"
	"github.com/eksemu/eksemu/emulator/internal/process"
)

// Bounds of finding out whether a node reaches this machine. A node is there within a few seconds; what then is blocked
// is told after about two connections that time out, so that all of it stays within 15 seconds.
const (
	reachPoll     = 200 * time.Millisecond
	reachSeconds  = "2"              // for one connection
	reachSpan     = 3 * time.Second  // for which connections must fail: a moment without a route is no firewall
	reachPatience = 15 * time.Second // for nodes that run, in which nothing can be tried
)

// unreachable says that a node cannot connect to this machine.
type unreachable struct {
	host   string
	ports  []string // that the node cannot connect to
	all    []string // that it must be able to connect to
	bridge string
	said   string // by who tried
}

func (u *unreachable) Error() string {
	text := fmt.Sprintf("the node cannot reach this machine at %s, TCP port %s (%s), where the API server asks the authenticator, and nodes and pods ask AWS: a firewall is in the way. ",
		u.host, strings.Join(u.ports, " and "), u.said)
	if u.bridge == "" {
		return text + "Let this machine's firewall accept connections to eksemu"
	}
	return text + fmt.Sprintf("Open it for the nodes, for example with `iptables -I INPUT -i %[1]s -p tcp -d %[2]s -m multiport --dports %[3]s -j ACCEPT`, "+
		"or with ufw: `ufw allow in on %[1]s to %[2]s port %[3]s proto tcp`", u.bridge, u.host, strings.Join(u.all, ","))
}

// errNotTried is why it is not known whether nodes reach this machine.
var errNotTried = fmt.Errorf("nothing could be tried in the node for %s", reachPatience)

// reach returns nil once a node has connected to everything of this machine that nodes call, and an *unreachable error if it
// cannot connect. It waits until the node can try, or ctx ends.
func (b *Backend) reach(ctx context.Context, node string, spec cluster.Spec) error {
	webhook, err := url.Parse(spec.TokenWebhook.URL)
	if err != nil {
		return err
	}
	ports := []string{webhook.Port()}
	if spec.AWS != "" {
		_, port, err := net.SplitHostPort(spec.AWS)
		if err != nil {
			return err
		}
		ports = append(ports, port)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	failures := make([]error, len(ports))
	var tries sync.WaitGroup
	for i, port := range ports {
		tries.Go(func() {
			failures[i] = b.connect(ctx, node, webhook.Hostname(), port)
			if errors.As(failures[i], new(*blocked)) { // the others have had as much time
				time.AfterFunc(reachSpan, cancel)
			}
		})
	}
	tries.Wait()
	found := &unreachable{host: webhook.Hostname(), all: ports, bridge: b.site.bridge}
	for i, port := range ports {
		var b *blocked
		if errors.As(failures[i], &b) {
			found.ports, found.said = append(found.ports, port), b.said
		}
	}
	if len(found.ports) > 0 {
		return found
	}
	return errors.Join(failures...)
}

// blocked says that connections fail, and how.
type blocked struct{ said string }

func (b *blocked) Error() string { return b.said }

// connect connects from a node to this machine.
func (b *Backend) connect(ctx context.Context, node, host, port string) error {
	last := errors.New("there is none yet")
	var failing time.Time
	for tries := 0; ; {
		// bash connects when it opens this path; it is in every node image, as kind's entrypoint is a script of it.
		_, err := b.docker.output(ctx, "exec", node, "timeout", reachSeconds, "bash", "-c", fmt.Sprintf("exec 3<>/dev/tcp/%s/%s", host, port))
		if err == nil {
			return nil
		}
		if ctx.Err() == nil {
			last = err
		}
		if said := connectionFailed(err); said != "" {
			if tries++; tries == 1 {
				failing = b.cfg.Now()
			} else if b.cfg.Now().Sub(failing) >= reachSpan {
				return &blocked{said}
			}
		}
		if !process.Sleep(ctx, reachPoll) {
			return fmt.Errorf("find out whether the node %s reaches this machine at %s: %w: %w", node, net.JoinHostPort(host, port), context.Cause(ctx), last)
		}
	}
}

// connectionFailed says how a connection failed, "" if none was tried: docker could not run anything in the node, or the
// node does not know the name yet.
func connectionFailed(err error) string {
	var failed *exec.ExitError
	if !errors.As(err, &failed) {
		return ""
	}
	const timedOut = 124 // the exit code of timeout
	if failed.ExitCode() == timedOut {
		return "no answer within " + reachSeconds + "s"
	}
	words := strings.Split(err.Error(), "\n")
	said := slices.IndexFunc(words, func(line string) bool { return strings.Contains(line, "bash: connect: ") })
	if said < 0 {
		return ""
	}
	_, reason, _ := strings.Cut(words[said], "bash: connect: ")
	return reason
}
