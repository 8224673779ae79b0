package kindcluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
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
	SecurityOptions []string
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
	if err := d.checkLocal(ctx, info); err != nil {
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
		return site{}, fmt.Errorf("the gateway %s of Docker's network %s is no address of this machine, so that nodes cannot reach it: %s", s.listen, d.networkName(), notSupported)
	}
	return s, nil
}

// notSupported is where nodes cannot call this machine, and what helps.
const notSupported = "rootless Docker and Docker on another machine are not supported, use this machine's own (DOCKER_HOST, `docker context use`) or the embedded backend"

// checkLocal refuses a Docker whose nodes cannot call this machine as far as that can be known before there is a network,
// which would be left behind there.
func (d docker) checkLocal(ctx context.Context, info dockerInfo) error {
	// The daemon's own word for it (https://docs.docker.com/engine/security/rootless/).
	if slices.ContainsFunc(info.SecurityOptions, func(option string) bool { return strings.Split(option, ",")[0] == "name=rootless" }) {
		return errors.New("this Docker is rootless: " + notSupported)
	}
	endpoint, err := d.line(ctx, "context", "inspect", "--format", "{{.Endpoints.docker.Host}}") // DOCKER_HOST counts in it
	if err != nil {
		return err
	}
	if isRemote(ctx, endpoint) {
		return fmt.Errorf("docker is on another machine, %s: %s", endpoint, notSupported)
	}
	return nil
}

// isRemote tells whether the address of a Docker daemon is certainly another machine's.
func isRemote(ctx context.Context, endpoint string) bool {
	parsed, err := url.Parse(endpoint)
	if err != nil || parsed.Hostname() == "" || !slices.Contains([]string{"tcp", "http", "https", "ssh"}, parsed.Scheme) {
		return false // a socket
	}
	addresses, err := net.DefaultResolver.LookupHost(ctx, parsed.Hostname())
	return err == nil && !slices.ContainsFunc(addresses, isOwn)
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
