package kindcluster

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kind/pkg/apis/config/defaults"
	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"

	"github.com/eksemu/eksemu/emulator/cluster"
	"github.com/eksemu/eksemu/emulator/strictyaml"
)

// DefaultImage is kind's own default, of the Kubernetes minor version that kind was released for.
const DefaultImage = defaults.Image

// mountPoint is where a control-plane node, and the API server in it, sees the generated files. kubeadm mounts the folder
// above into the API server, so that no volume has to be patched in: such a patch would replace the user's.
const mountPoint = "/etc/kubernetes/pki/eksemu"

// kindName is kind's rule (sigs.k8s.io/kind pkg/internal/apis/config/validate.go).
var kindName = regexp.MustCompile(`^[a-z0-9.-]+$`)

// maxName leaves room for the suffixes of nodes in a host name, which has 63 characters at most.
const maxName = 45

// ValidName tells what is wrong with the name of a kind cluster.
func ValidName(name string) error {
	if !kindName.MatchString(name) || len(name) > maxName {
		return fmt.Errorf("kind cluster name %q: use 1 to %d lower-case letters, digits, dots and dashes", name, maxName)
	}
	return nil
}

var notInNames = regexp.MustCompile(`[^a-z0-9-]+`)

// Name is the kind cluster of an environment's cluster, if nobody chose another name: the same one each time, and hardly
// ever that of another one. Where a dash could belong to either name (a-b and c, a and b-c) the second to come is refused,
// as beside any cluster that is not its own.
func Name(environment, clusterName string) string {
	name := "eksemu-" + environment + "-" + clusterName
	plain := strings.Trim(notInNames.ReplaceAllString(strings.ToLower(name), "-"), "-")
	if plain == name && len(name) <= maxName {
		return name
	}
	sum := sha256.Sum256([]byte(environment + "/" + clusterName))
	const digits = 8
	return strings.TrimRight(plain[:min(len(plain), maxName-digits-1)], "-") + "-" + hex.EncodeToString(sum[:])[:digits]
}

// ParseConfig reads the user's own kind configuration (https://kind.sigs.k8s.io/docs/user/configuration/), of which
// everything counts but what eksemu needs otherwise. The problems are all there are.
func ParseConfig(file string, data []byte) (*v1alpha4.Cluster, strictyaml.Problems) {
	config := new(v1alpha4.Cluster)
	doc, problems := strictyaml.DecodePartly(file, data, config)
	if doc == nil {
		return nil, problems
	}
	refuse := func(message, fix string, path ...any) {
		problems = append(problems, doc.Problem(fix, message, path...))
	}
	if config.Kind != "Cluster" || config.APIVersion != "kind.x-k8s.io/v1alpha4" {
		refuse(fmt.Sprintf("this is %q of %q", config.Kind, config.APIVersion), "write kind: Cluster and apiVersion: kind.x-k8s.io/v1alpha4", "kind")
	}
	if config.Name != "" {
		refuse("the name is eksemu's business", "remove it, and use --kind-cluster", "name")
	}
	if address := config.Networking.APIServerAddress; address != "" && address != "127.0.0.1" {
		refuse(fmt.Sprintf("the API server shall listen on %s", address), "remove it: clients of eksemu reach the API server on 127.0.0.1", "networking", "apiServerAddress")
	}
	if family := config.Networking.IPFamily; family == v1alpha4.IPv6Family {
		refuse("nodes without IPv4", "remove it, or write dual: eksemu listens on IPv4", "networking", "ipFamily")
	}
	for i, node := range config.Nodes {
		for j, mount := range node.ExtraMounts {
			if within(mount.ContainerPath, mountPoint) || within(mount.ContainerPath, ownerFolder) {
				refuse(fmt.Sprintf("%s is where eksemu's own files are", mount.ContainerPath), "choose another path", "nodes", i, "extraMounts", j, "containerPath")
			}
		}
	}
	if len(problems) > 0 {
		return nil, problems.Sort()
	}
	return config, nil
}

// within tells whether a path is a folder, or in it.
func within(name, folder string) bool {
	name = path.Clean(name)
	return name == folder || strings.HasPrefix(name, folder+"/")
}

// render is the configuration that kind makes the cluster with: the user's, and what eksemu needs.
func render(user *v1alpha4.Cluster, mark marker, spec cluster.Spec, files folder, cgroup1 bool) ([]byte, error) {
	var config v1alpha4.Cluster
	if user != nil {
		config = *user
	}
	config.Kind, config.APIVersion, config.Name = "Cluster", "kind.x-k8s.io/v1alpha4", mark.Cluster
	config.Networking.APIServerAddress = "127.0.0.1"
	if config.Networking.ServiceSubnet == "" && config.Networking.IPFamily != v1alpha4.DualStackFamily {
		config.Networking.ServiceSubnet = cluster.ServiceCIDR
	}
	config.Nodes = nodes(user)
	for i := range config.Nodes {
		node := &config.Nodes[i]
		node.ExtraMounts = append(slices.Clip(node.ExtraMounts), v1alpha4.Mount{HostPath: files.owner(), ContainerPath: ownerMount(mark.ID), Readonly: true})
		if node.Role != v1alpha4.WorkerRole {
			node.ExtraMounts = append(node.ExtraMounts, v1alpha4.Mount{HostPath: files.config(), ContainerPath: mountPoint, Readonly: true})
		}
	}
	wishes, err := texts(versioned("controllerManager", cluster.ControllerManagerFlags()))
	if err != nil {
		return nil, err
	}
	needs, err := kubeadmPatches(spec, cgroup1)
	if err != nil {
		return nil, err
	}
	config.KubeadmConfigPatches = slices.Concat(wishes, config.KubeadmConfigPatches, needs) // the last one counts
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(config); err != nil {
		return nil, fmt.Errorf("encode the kind configuration: %w", err)
	}
	return out.Bytes(), nil
}

// nodes are those of a configuration; kind's default is one.
func nodes(user *v1alpha4.Cluster) []v1alpha4.Node {
	if user == nil || len(user.Nodes) == 0 {
		return []v1alpha4.Node{{Role: v1alpha4.ControlPlaneRole}}
	}
	return slices.Clone(user.Nodes)
}

// argument is an element of extraArgs in kubeadm's v1beta4 configuration.
type argument struct {
	Name  string `yaml:"name"`
	Value string `yaml:"value"`
}

// kubeadmPatches are the merge patches of what kind generates for kubeadm that eksemu needs.
func kubeadmPatches(spec cluster.Spec, cgroup1 bool) ([]string, error) {
	patches := versioned("apiServer", cluster.Flags(spec, mountPoint))
	if cgroup1 { // which kubelet refuses otherwise, since Kubernetes 1.35
		patches = append(patches, map[string]any{"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration", "failCgroupV1": false})
	}
	return texts(patches)
}

// versioned are patches that give a component flags. kind takes the newer form of kubeadm's configuration for Kubernetes 1.36
// and later, so that there is one in each form.
func versioned(component string, flags []cluster.Flag) []any {
	var list []argument
	byName := map[string]string{}
	for _, flag := range flags {
		list, byName[flag.Name] = append(list, argument{flag.Name, flag.Value}), flag.Value
	}
	patch := func(version string, extraArgs any) any {
		return map[string]any{"apiVersion": "kubeadm.k8s.io/" + version, "kind": "ClusterConfiguration", component: map[string]any{"extraArgs": extraArgs}}
	}
	return []any{patch("v1beta4", list), patch("v1beta3", byName)}
}

// texts are patches as kind's configuration has them.
func texts(patches []any) ([]string, error) {
	texts := make([]string, len(patches))
	for i, patch := range patches {
		raw, err := yaml.Marshal(patch)
		if err != nil {
			return nil, fmt.Errorf("encode a kubeadm patch: %w", err)
		}
		texts[i] = string(raw)
	}
	return texts, nil
}

// controlPlaneRole is the role of a node with an API server.
const controlPlaneRole = string(v1alpha4.ControlPlaneRole)

// controlPlane is the name of a cluster's first control-plane node, which has its certificate authority.
func controlPlane(name string) string { return name + "-control-plane" }

// nodeNames are the names that kind gives the nodes of a configuration.
func nodeNames(name string, user *v1alpha4.Cluster) []string {
	var names []string
	count := map[v1alpha4.NodeRole]int{}
	for _, node := range nodes(user) {
		role := node.Role
		if role == "" {
			role = v1alpha4.ControlPlaneRole
		}
		count[role]++
		suffix := ""
		if count[role] > 1 {
			suffix = strconv.Itoa(count[role])
		}
		names = append(names, name+"-"+string(role)+suffix)
	}
	return names
}

// machinery are the Kubernetes users of what kind brings: its nodes, and what runs on every one of them.
func machinery(name string, user *v1alpha4.Cluster) []string {
	users := []string{
		"system:serviceaccount:kube-system:coredns",
		"system:serviceaccount:kube-system:kindnet",
		"system:serviceaccount:kube-system:kube-proxy",
		"system:serviceaccount:local-path-storage:local-path-provisioner-service-account",
	}
	for _, node := range nodeNames(name, user) {
		users = append(users, "system:node:"+node)
	}
	return users
}
