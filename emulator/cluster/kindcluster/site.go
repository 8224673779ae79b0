package kindcluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
)

// site is where nodes run, as Docker tells.
type site struct {
	listen, dial string // as of cluster.Site
	bridge       string // the network's interface on this machine, "" where there is none
	cgroup1      bool   // nodes have control groups of version 1
	daemon       string // its ID
}

// desktopHost is the name by which containers of Docker Desktop call the machine that it runs on
// (https://docs.docker.com/desktop/features/networking/).
const desktopHost = "host.docker.internal"

// dockerInfo is the part of `docker info` that matters here.
type dockerInfo struct {
	ID              string // of the daemon, which keeps it
	OperatingSystem string
	CgroupVersion   string
	ServerErrors    []string
}

// info asks the Docker daemon what it is.
func (d docker) info(ctx context.Context) (dockerInfo, error) {
	var info dockerInfo
	raw, err := d.output(ctx, "info", "--format", "{{json .}}")
	if err != nil {
		return info, err
	}
	if err := json.Unmarshal(raw, &info); err != nil {
		return info, fmt.Errorf("read the answer of `docker info`: %w", err)
	}
	if len(info.ServerErrors) > 0 {
		return info, fmt.Errorf("docker does not answer, start it first: %s", strings.Join(info.ServerErrors, "; "))
	}
	return info, nil
}

// site finds out where nodes run and how they reach this machine.
func (d docker) site(ctx context.Context) (site, error) {
	info, err := d.info(ctx)
	if err != nil {
		return site{}, err
	}
	s := site{cgroup1: info.CgroupVersion == "1", daemon: info.ID}
	if strings.Contains(info.OperatingSystem, "Docker Desktop") {
		// What connects to that name arrives on the loopback address.
		s.listen, s.dial = "127.0.0.1", desktopHost
		return s, nil
	}
	network, err := d.network(ctx)
	if err != nil {
		return site{}, err
	}
	s.listen, s.dial, s.bridge = network.gateway, network.gateway, network.bridge
	if !isOwn(s.listen) {
		return site{}, fmt.Errorf("the gateway %s of Docker's network %s is no address of this machine, so that nodes cannot reach it: "+
			"rootless Docker and Docker on another machine are not supported", s.listen, d.networkName())
	}
	return s, nil
}

// isOwn tells whether this machine has an address.
func isOwn(address string) bool {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, own := range addresses {
		if ip, _, err := net.ParseCIDR(own.String()); err == nil && ip.Equal(net.ParseIP(address)) {
			return true
		}
	}
	return false
}

// network is a Docker network that nodes are in.
type network struct {
	gateway string // IPv4 address of this machine in it
	bridge  string // interface
}

// networkName is the network that kind puts nodes into; its experimental variable counts here, too.
func (d docker) networkName() string {
	for _, variable := range d.env {
		if name, ok := strings.CutPrefix(variable, "KIND_EXPERIMENTAL_DOCKER_NETWORK="); ok && name != "" {
			return name
		}
	}
	return "kind"
}

// network finds the network, or makes it as kind would.
func (d docker) network(ctx context.Context) (network, error) {
	name := d.networkName()
	found, err := d.inspectNetwork(ctx, name)
	if !errors.Is(err, errNoNetwork) {
		return found, err
	}
	if err := d.createNetwork(ctx, name); err != nil {
		return network{}, err
	}
	return d.inspectNetwork(ctx, name)
}

var errNoNetwork = errors.New("no such network")

func (d docker) inspectNetwork(ctx context.Context, name string) (network, error) {
	raw, err := d.output(ctx, "network", "ls", "--filter", "name=^"+name+"$", "--format", "{{.ID}}")
	if err != nil {
		return network{}, err
	}
	ids := strings.Fields(string(raw))
	if len(ids) == 0 {
		return network{}, errNoNetwork
	}
	if raw, err = d.output(ctx, "network", "inspect", ids[0]); err != nil {
		return network{}, err
	}
	return parseNetwork(raw)
}

// parseNetwork reads the answer of `docker network inspect`.
func parseNetwork(raw []byte) (network, error) {
	var networks []struct {
		ID   string `json:"Id"`
		Name string
		IPAM struct {
			Config []struct{ Gateway string }
		}
		Options map[string]string
	}
	if err := json.Unmarshal(raw, &networks); err != nil || len(networks) == 0 {
		return network{}, errors.Join(errors.New("read the answer of `docker network inspect`"), err)
	}
	found := networks[0]
	n := network{bridge: found.Options["com.docker.network.bridge.name"]}
	if n.bridge == "" && len(found.ID) >= 12 {
		n.bridge = "br-" + found.ID[:12]
	}
	for _, config := range found.IPAM.Config {
		address, _, _ := strings.Cut(config.Gateway, "/")
		if ip := net.ParseIP(address); ip != nil && ip.To4() != nil {
			n.gateway = address
		}
	}
	if n.gateway == "" {
		return network{}, fmt.Errorf("the Docker network %s has no IPv4 gateway: remove it with `docker network rm %s` to have another made", found.Name, found.Name)
	}
	return n, nil
}

// kindSubnet is the IPv6 range that kind derives from the name of its network, kind
// (sigs.k8s.io/kind pkg/cluster/internal/providers/docker/network.go).
const kindSubnet = "fc00:f853:ccd:e793::/64"

// createNetwork makes a network with the properties that kind gives it, because kind's other clusters use it, too: with
// IPv6 where Docker can.
func (d docker) createNetwork(ctx context.Context, name string) error {
	args := []string{"network", "create", "--driver=bridge", "--opt", "com.docker.network.bridge.enable_ip_masquerade=true"}
	if mtu, err := d.line(ctx, "network", "inspect", "bridge", "--format", `{{index .Options "com.docker.network.driver.mtu"}}`); err == nil && mtu != "" {
		args = append(args, "--opt", "com.docker.network.driver.mtu="+mtu)
	}
	var err error
	if name == "kind" {
		if _, err = d.output(ctx, append(args, "--ipv6", "--subnet", kindSubnet, name)...); err == nil {
			return nil
		}
	}
	if _, plain := d.output(ctx, append(args, name)...); plain != nil {
		return errors.Join(plain, err)
	}
	return nil
}
