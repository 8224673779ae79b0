package kindcluster

import (
	"context"
	"crypto/sha1" //nolint:gosec // what kind takes
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

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
	failed := d.createNetwork(ctx, name)
	found, err = d.inspectNetwork(ctx, name)
	if errors.Is(err, errNoNetwork) && failed != nil {
		return network{}, fmt.Errorf("make the Docker network %s: %w", name, failed)
	}
	return found, err // somebody else may have made it meanwhile
}

var errNoNetwork = errors.New("no such network")

func (d docker) inspectNetwork(ctx context.Context, name string) (network, error) {
	raw, err := d.output(ctx, "network", "ls", "--filter", "name=^"+regexp.QuoteMeta(name)+"$", "--format", "{{.ID}}")
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

// subnetTries is how many IPv6 ranges are tried for a network, as by kind.
const subnetTries = 5

// createNetwork makes a network with the properties that kind gives it, because kind's other clusters use it, too: with
// IPv6 unless Docker cannot (sigs.k8s.io/kind pkg/cluster/internal/providers/docker/network.go).
func (d docker) createNetwork(ctx context.Context, name string) error {
	args := []string{"network", "create", "--driver=bridge", "--opt", "com.docker.network.bridge.enable_ip_masquerade=true"}
	if mtu, err := d.line(ctx, "network", "inspect", "bridge", "--format", `{{index .Options "com.docker.network.driver.mtu"}}`); err == nil && mtu != "" {
		args = append(args, "--opt", "com.docker.network.driver.mtu="+mtu)
	}
	var err error
	for try := range int32(subnetTries) {
		_, err = d.output(ctx, append(slices.Clip(args), "--ipv6", "--subnet", subnet(name, try).String(), name)...)
		if err == nil || !says(err, overlapping) {
			break
		}
		if _, there := d.inspectNetwork(ctx, name); there == nil { // the other network may be the one that is wanted
			return nil
		}
	}
	if says(err, withoutIPv6) {
		_, err = d.output(ctx, append(args, name)...)
	}
	return err
}

// Words of the Docker daemon, as kind knows them.
var (
	withoutIPv6 = []string{
		"Cannot read IPv6 setup for bridge",
		"Failed to Setup IP tables: Unable to enable NAT rule:  (iptables failed: ip6tables",
		"setting default policy to DROP in FORWARD chain failed:  (iptables failed: ip6tables",
	}
	overlapping = []string{"Pool overlaps with other one on this address space", "networks have overlapping"}
)

// says tells whether an error has one of some texts.
func says(err error, texts []string) bool {
	return err != nil && slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(err.Error(), text) })
}

// subnet is the IPv6 range that kind derives from the name of a network, at its n-th try: a unique local one (RFC 4193).
func subnet(name string, try int32) netip.Prefix {
	const bits, fixed = 64, 2
	hash := sha1.New() //nolint:gosec // what kind takes; it protects nothing
	hash.Write([]byte(name))
	_ = binary.Write(hash, binary.LittleEndian, try)
	address := [16]byte{0xfc}
	copy(address[fixed:bits/8], hash.Sum(nil)[fixed:])
	return netip.PrefixFrom(netip.AddrFrom16(address), bits)
}
