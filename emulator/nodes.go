package emulator

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/eksemu/eksemu/emulator/cluster"
	"github.com/eksemu/eksemu/emulator/internal/port"
	"github.com/eksemu/eksemu/emulator/kube"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// Names of what is put into a cluster with nodes.
const (
	namesService = "eksemu-aws" // Service and EndpointSlice in kube-system
	caConfigMap  = "eksemu-ca"  // ConfigMap in default and kube-public
	caKey        = "ca.pem"     // its key
)

// emulatedServices are the services whose names lead nodes and pods here.
func (a *awsSide) emulatedServices() []string {
	var names []string
	for name := range a.services {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// leadNodes lets the names of the emulated AWS APIs lead the nodes and pods of the cluster here, without a proxy. A
// Service has the emulator's address as its endpoint; CoreDNS and the nodes' /etc/hosts have the Service's address
// for the names. The emulator's certificate authority is in a ConfigMap.
func (e *Environment) leadNodes(ctx context.Context, c *runningCluster) error {
	namer, ok := c.backend.(cluster.Namer)
	if !ok {
		return nil
	}
	address, err := namer.Address(ctx)
	if err != nil {
		return err
	}
	manifest, err := namesManifest(address, port.Of(e.names), e.ca.CertPEM())
	if err != nil {
		return err
	}
	if err := c.applyOnceReady(ctx, manifest); err != nil {
		return err
	}
	service, err := c.kube.Get(ctx, object("v1", "Service", namesService))
	if err != nil {
		return err
	}
	clusterIP, _, _ := unstructured.NestedString(service.Object, "spec", "clusterIP")
	if net.ParseIP(clusterIP) == nil {
		return fmt.Errorf("the Service %s in kube-system has no address, but %q", namesService, clusterIP)
	}
	if err := e.leadPods(ctx, c, clusterIP); err != nil {
		return err
	}
	return namer.SetHosts(ctx, clusterIP, e.nodeNames())
}

// openNames opens the AWS endpoint for nodes and pods, which all clusters share, and returns where those of a cluster call
// it: nowhere, if it has none.
func (e *Environment) openNames(ctx context.Context, c *runningCluster) (string, error) {
	if !c.site.Nodes {
		return "", nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	at := func() string { return net.JoinHostPort(c.site.Dial, strconv.Itoa(port.Of(e.names))) }
	if e.names != nil {
		return at(), nil
	}
	var err error
	if e.names, err = port.Listen(ctx, c.site.Listen, e.state.read().NodesPort); err != nil {
		return "", fmt.Errorf("listen for AWS calls of nodes and pods: %w", err)
	}
	go func() { // until the environment ends, not until the start's context does
		if err := e.gateway.ServeNames(e.names); err != nil {
			e.finish(fmt.Errorf("the AWS endpoint for nodes and pods broke: %w", err))
		}
	}()
	return at(), e.state.update(func(s *state) { s.NodesPort = port.Of(e.names) })
}

// nodeNames are the host names of the emulated APIs in the environment's region, and the global ones.
func (e *Environment) nodeNames() []string {
	region, suffix := e.opts.Config.Region, iam.PartitionOfRegion(e.opts.Config.Region).DNSSuffix
	var names []string
	for _, service := range e.aws.emulatedServices() {
		names = append(names, service+"."+region+"."+suffix)
	}
	names = append(names, "oidc.eks."+region+"."+suffix)
	for _, global := range []string{"sts", "iam", "ec2"} {
		names = append(names, global+".amazonaws.com")
	}
	return slices.DeleteFunc(names, func(name string) bool { return e.aws.handler(name) == nil })
}

func object(apiVersion, kind, name string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": apiVersion, "kind": kind,
		"metadata": map[string]any{"name": name, "namespace": "kube-system"},
	}}
}

// namesManifest has a Service with an address outside of the cluster as its endpoint, and the certificate authority.
func namesManifest(address string, number int, caPEM []byte) ([]byte, error) {
	ports := []any{map[string]any{"name": "https", "port": number, "protocol": "TCP"}}
	service := object("v1", "Service", namesService)
	service.Object["spec"] = map[string]any{
		"ports": []any{map[string]any{"name": "https", "port": 443, "targetPort": number, "protocol": "TCP"}},
	}
	slice := object("discovery.k8s.io/v1", "EndpointSlice", namesService)
	slice.SetLabels(map[string]string{
		"kubernetes.io/service-name":             namesService,
		"endpointslice.kubernetes.io/managed-by": kube.FieldManager,
	})
	slice.Object["addressType"] = "IPv4"
	slice.Object["ports"] = ports
	slice.Object["endpoints"] = []any{map[string]any{"addresses": []any{address}, "conditions": map[string]any{"ready": true}}}
	objects := []*unstructured.Unstructured{service, slice}
	for _, namespace := range []string{"default", "kube-public"} {
		ca := object("v1", "ConfigMap", caConfigMap)
		ca.SetNamespace(namespace)
		ca.Object["data"] = map[string]any{caKey: string(caPEM)}
		objects = append(objects, ca)
	}
	var manifest []byte
	for _, o := range objects {
		raw, err := json.Marshal(o.Object)
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", o.GetKind(), err)
		}
		manifest = append(append(manifest, "---\n"...), raw...)
		manifest = append(manifest, '\n')
	}
	return manifest, nil
}

// corefileKey is the key of CoreDNS's configuration in its ConfigMap, as kubeadm makes it.
const corefileKey = "Corefile"

// leadPods lets CoreDNS answer for the names of the emulated APIs with an address. A cluster without CoreDNS is left alone,
// and the user is told.
func (e *Environment) leadPods(ctx context.Context, c *runningCluster, address string) error {
	there, err := c.kube.Get(ctx, object("v1", "ConfigMap", "coredns"))
	if err != nil {
		return err
	}
	corefile, _, _ := unstructured.NestedString(dataOf(there), "data", corefileKey)
	changed, ok := withNames(corefile, e.aws.emulatedServices(), address)
	if !ok {
		e.note(fmt.Sprintf("cluster %s has no CoreDNS with a server block for all names (.:53), so that pods find no AWS names; "+
			"give them hostAliases with the address %s", c.name, address))
		return nil
	}
	if changed == corefile {
		return nil
	}
	config := object("v1", "ConfigMap", "coredns")
	config.Object["data"] = map[string]any{corefileKey: changed}
	// CoreDNS reads its configuration again within a minute; new pods have it at once.
	restart := object("apps/v1", "Deployment", "coredns")
	restart.Object["spec"] = map[string]any{"template": map[string]any{"metadata": map[string]any{
		"annotations": map[string]any{"eksemu/names": address},
	}}}
	for _, o := range []*unstructured.Unstructured{config, restart} {
		raw, err := json.Marshal(o.Object)
		if err != nil {
			return err
		}
		if _, err := c.kube.Apply(ctx, raw); err != nil {
			return fmt.Errorf("lead the pods' AWS names here: %w", err)
		}
	}
	return nil
}

func dataOf(object *unstructured.Unstructured) map[string]any {
	if object == nil {
		return nil
	}
	return object.Object
}

// Marks of what eksemu writes into a Corefile.
const (
	beginNames = "    # eksemu begins\n"
	endNames   = "    # eksemu ends\n"
)

// serverBlock is the beginning of the server block for all names in kubeadm's Corefile.
var serverBlock = regexp.MustCompile(`(?m)^\.:53 \{\n`)

// withNames is a Corefile that answers for the names of AWS services with an address, and says that they have none of
// IPv6, in every region and partition. It is false if the Corefile has no server block for all names.
func withNames(corefile string, services []string, address string) (string, bool) {
	if before, rest, found := strings.Cut(corefile, beginNames); found {
		if _, after, found := strings.Cut(rest, endNames); found {
			corefile = before + after
		}
	}
	place := serverBlock.FindStringIndex(corefile)
	if place == nil {
		return corefile, false
	}
	var zones []string
	for _, partition := range iam.Partitions() {
		for _, zone := range []string{partition.DNSSuffix, partition.DualStackDNSSuffix} {
			if !slices.Contains(zones, zone) {
				zones = append(zones, zone)
			}
		}
	}
	// The names of endpoints, as stsfake.ParseEndpoint and eks.IsIssuerHost read them: sts.us-west-2.…,
	// sts-fips.us-west-2.…, fips.eks.us-west-2.…, oidc.eks.us-west-2.…, sts.amazonaws.com. What of them is not emulated
	// is refused at the other end.
	match := fmt.Sprintf(`^((oidc\.|fips\.)?eks|(%s)(-fips)?)(\.[a-z0-9-]+)?\.(%s)\.$`,
		strings.Join(services, "|"), strings.ReplaceAll(strings.Join(zones, "|"), ".", `\.`))
	block := fmt.Sprintf("%[1]s    template IN A %[2]s {\n        match %[3]s\n        answer \"{{ .Name }} 30 IN A %[4]s\"\n        fallthrough\n    }\n"+
		"    template IN AAAA %[2]s {\n        match %[3]s\n        rcode NOERROR\n        fallthrough\n    }\n%[5]s",
		beginNames, strings.Join(zones, " "), match, address, endNames)
	return corefile[:place[1]] + block + corefile[place[1]:], true
}
