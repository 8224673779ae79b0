package kindcluster

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/gofrs/flock"
	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
)

// fakeDir is the variable that makes the test binary play docker or eksemu's kind programs, by the name it is called by,
// in the world of that folder.
const fakeDir = "EKSEMU_FAKE_WORLD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(fakeDir); dir != "" {
		play := map[string]func(*fakeWorld, []string) int{"docker": (*fakeWorld).docker, "eksemu": (*fakeWorld).kind}[filepath.Base(os.Args[0])]
		os.Exit(inWorld(dir, play))
	}
	os.Exit(m.Run())
}

// fakeWorld is a Docker with its containers, as far as this package can tell it from a real one.
type fakeWorld struct {
	out, errOut bytes.Buffer

	Info       map[string]any // what `docker info` says
	Endpoint   string         // of Docker's context
	Networks   []fakeNetwork
	Containers []*fakeContainer
	Late       []fakeLate // containers that a killed `docker run` still makes
	Rules      []fakeRule // what comes out otherwise
	Calls      []string
	Servers    int    // API servers that have been started
	CAKey      string // of the cluster's certificate authority
	Kubeconfig string // that kind writes
	KindFails  string // what kind prints when it has made the nodes and gives up
	KindHangs  bool
	KindNodes  int // that kind makes before it gives up or hangs; 0 is all, -1 none
	LateNode   int // after how many listings another of kind's nodes appears; 0 for none
	APILog     string
	LogsHang   bool
	Ports      map[string]fakeRule // how connections to a port of this machine fail
}

type fakeNetwork struct {
	ID, Name, Gateway string
}

type fakeContainer struct {
	Name     string
	Labels   map[string]string
	Mounts   []fakeMount
	Running  bool
	Hosts    string // eksemu's line of /etc/hosts
	Server   int    // which API server it runs; 0 for none
	Read     string // digest of the files that the API server has read
	StartsIn int    // questions until the next API server runs
}

type fakeMount struct{ Source, Destination string }

// fakeLate is a container that appears after some listings.
type fakeLate struct {
	Listings  int
	Container *fakeContainer
}

// fakeRule answers the commands that contain Match, the next Times of them, or all if that is 0.
type fakeRule struct {
	Match    string
	Times    int
	Out, Err string
	Code     int
	Hang     bool // until it is killed

	Networks []fakeNetwork // that somebody else makes meanwhile
}

// inWorld plays a program in a world, which then has it all to itself. What hangs is asked again and again. Nothing is
// printed before the world has changed: who reads it may kill the program.
func inWorld(dir string, play func(*fakeWorld, []string) int) int {
	args := os.Args[1:]
	for {
		var code int
		var out, errOut string
		changeWorld(dir, func(w *fakeWorld) {
			code = play(w, args)
			out, errOut = w.out.String(), w.errOut.String()
		})
		fmt.Fprint(os.Stdout, out)
		fmt.Fprint(os.Stderr, errOut)
		if code != again {
			return code
		}
		if args[0] != repeated {
			args = append([]string{repeated}, args...)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// again says that a command has not ended yet, and repeated that it was called before.
const (
	again    = -1
	repeated = "…"
)

func changeWorld(dir string, change func(*fakeWorld)) {
	lock := flock.New(filepath.Join(dir, "lock"))
	if err := lock.Lock(); err != nil {
		panic(err)
	}
	defer lock.Unlock() //nolint:errcheck // the process ends, or the test does
	file := filepath.Join(dir, "world.json")
	w := &fakeWorld{}
	raw, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(raw, w)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		panic(err)
	}
	change(w)
	if raw, err = json.Marshal(w); err == nil { // and whoever does it may be killed at any time
		if err = os.WriteFile(file+".new", raw, 0o600); err == nil {
			err = os.Rename(file+".new", file)
		}
	}
	if err != nil {
		panic(err)
	}
}

func (w *fakeWorld) fail(code int, text string, args ...any) int {
	fmt.Fprintf(&w.errOut, text+"\n", args...)
	return code
}

func (w *fakeWorld) println(args ...any) { fmt.Fprintln(&w.out, args...) }

// docker plays the command line of Docker.
func (w *fakeWorld) docker(args []string) int {
	first := len(args) > 0 && args[0] != repeated
	if !first {
		args = args[1:]
	}
	line := strings.Join(args, " ")
	if first {
		w.Calls = append(w.Calls, line)
	}
	for i := range w.Rules {
		rule := &w.Rules[i]
		if !strings.Contains(line, rule.Match) || rule.Times < 0 {
			continue
		}
		if rule.Hang {
			return again
		}
		if rule.Times > 0 {
			if rule.Times--; rule.Times == 0 {
				rule.Times = -1
			}
		}
		w.Networks = append(w.Networks, rule.Networks...)
		fmt.Fprint(&w.out, rule.Out)
		if rule.Err != "" {
			fmt.Fprintln(&w.errOut, rule.Err)
		}
		return rule.Code
	}
	switch args[0] {
	case "info":
		_ = json.NewEncoder(&w.out).Encode(w.Info)
		return 0
	case "context":
		w.println(w.Endpoint)
		return 0
	case "network":
		return w.network(args[1:])
	case "image", "pull":
		return 0
	case "ps":
		return w.list(args)
	case "container":
		return w.inspect(args[2:])
	case "exec":
		return w.exec(w.find(args[1]), args[1:])
	case "wait":
		c := w.find(args[1])
		if c == nil {
			return w.fail(1, "Error: No such container: %s", args[1])
		}
		if c.Running {
			return again
		}
		w.println(137)
		return 0
	default:
		return w.each(args)
	}
}

func (w *fakeWorld) find(name string) *fakeContainer {
	for _, c := range w.Containers {
		if c.Name == name {
			return c
		}
	}
	return nil
}

func (w *fakeWorld) network(args []string) int {
	name := args[len(args)-1]
	for i, arg := range args {
		if arg == "--filter" {
			name = strings.Trim(args[i+1], "name=^$")
		}
		if arg == "--format" && args[0] == "inspect" {
			w.println()
			return 0
		}
	}
	switch args[0] {
	case "create":
		w.Networks = append(w.Networks, fakeNetwork{"0123456789abcdef", name, "127.0.0.1"})
		return 0
	case "ls":
		for _, n := range w.Networks {
			if n.Name == name {
				w.println(n.ID)
			}
		}
		return 0
	default:
		for _, n := range w.Networks {
			if n.ID == name {
				fmt.Fprintf(&w.out, `[{"Id":%q,"Name":%q,"IPAM":{"Config":[{"Gateway":%q}]}}]`, n.ID, n.Name, n.Gateway)
				return 0
			}
		}
		return w.fail(1, "Error: No such network: %s", name)
	}
}

// listed is a container as templates of `docker ps` see it.
type listed struct {
	Names  string
	labels map[string]string
}

// Label is a label's value.
func (l listed) Label(name string) string { return l.labels[name] }

func (w *fakeWorld) list(args []string) int {
	label, value, _ := strings.Cut(strings.TrimPrefix(option(args, "--filter"), "label="), "=")
	for _, c := range w.Containers {
		if got, ok := c.Labels[label]; ok && (value == "" || got == value) {
			w.show(option(args, "--format"), listed{c.Name, c.Labels})
		}
	}
	for i := range w.Late {
		if w.Late[i].Listings--; w.Late[i].Listings == 0 {
			w.Containers = append(w.Containers, w.Late[i].Container)
		}
	}
	return 0
}

func option(args []string, name string) string {
	for i, arg := range args {
		if arg == name {
			return args[i+1]
		}
	}
	return ""
}

func (w *fakeWorld) show(format string, value any) {
	if err := template.Must(template.New("").Parse(format+"\n")).Execute(&w.out, value); err != nil {
		panic(err)
	}
}

func (w *fakeWorld) inspect(args []string) int {
	code := 0
	for i := 0; i < len(args); i++ {
		if args[i] == "--format" {
			i++
			continue
		}
		c := w.find(args[i])
		if c == nil {
			code = w.fail(1, "Error: No such container: %s", args[i])
			continue
		}
		w.show(option(args, "--format"), map[string]any{
			"Name": "/" + c.Name, "Mounts": c.Mounts, "State": map[string]any{"Running": c.Running}, "Config": map[string]any{"Labels": c.Labels},
		})
	}
	return code
}

// each does what a command does with each container.
func (w *fakeWorld) each(args []string) int {
	for i := 1; i < len(args); i++ {
		if args[i] == "--time" {
			i++
			continue
		}
		if strings.HasPrefix(args[i], "--") {
			continue
		}
		c := w.find(args[i])
		if c == nil && args[0] != "rm" {
			return w.fail(1, "Error: No such container: %s", args[i])
		}
		switch args[0] {
		case "rm":
			w.Containers = slices.DeleteFunc(w.Containers, func(other *fakeContainer) bool { return other == c })
		case "stop":
			c.stop()
		case "restart":
			c.stop()
			w.boot(c)
		case "start":
			if !c.Running {
				w.boot(c)
			}
		default:
			return w.fail(1, "docker: '%s' is not a docker command.", args[0])
		}
	}
	return 0
}

func (c *fakeContainer) stop() { c.Running, c.Server, c.Hosts, c.StartsIn = false, 0, "", 0 }

// boot starts a node, and its API server.
func (w *fakeWorld) boot(c *fakeContainer) {
	c.Running = true
	if c.Labels[roleLabel] == "control-plane" {
		w.startServer(c)
	}
}

func (w *fakeWorld) startServer(c *fakeContainer) {
	w.Servers++
	c.Server, c.Read = w.Servers, ""
	for _, mount := range c.Mounts {
		if mount.Destination == mountPoint {
			c.Read = digestOfFolder(mount.Source)
		}
	}
}

// source is what a file in a mount is on this machine.
func (c *fakeContainer) source(name string) string {
	for _, mount := range c.Mounts {
		if mount.Destination == path.Dir(name) {
			return filepath.Join(mount.Source, path.Base(name))
		}
	}
	return ""
}

// digestOfFolder tells the files in a folder from others.
func digestOfFolder(dir string) string {
	content := map[string]string{}
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		raw, _ := os.ReadFile(filepath.Join(dir, entry.Name()))
		content[entry.Name()] = string(raw)
	}
	hash := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(content)) {
		fmt.Fprintf(hash, "%s\n%s\n", name, content[name])
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// exec plays what is run in a node.
func (w *fakeWorld) exec(c *fakeContainer, args []string) int {
	if c == nil {
		return w.fail(1, "Error: No such container: %s", args[0])
	}
	if !c.Running {
		return w.fail(1, "Error response from daemon: Container %s is not running", c.Name)
	}
	if c.StartsIn > 0 {
		if c.StartsIn--; c.StartsIn == 0 {
			w.startServer(c)
		}
	}
	args = args[1:]
	line := strings.Join(args, " ")
	switch {
	case line == "cat /etc/kubernetes/pki/ca.key":
		fmt.Fprint(&w.out, w.CAKey)
		return 0
	case args[0] == "cat":
		code := 0
		for _, name := range args[1:] {
			raw, err := os.ReadFile(c.source(name))
			if err != nil {
				code = w.fail(1, "cat: %s: No such file or directory", name)
			}
			w.out.Write(raw)
		}
		return code
	case strings.Contains(line, "crictl"):
		if c.Server != 0 && strings.Contains(line, "crictl ps") {
			fmt.Fprintf(&w.out, "server-%d\n", c.Server)
		}
		if strings.Contains(line, "crictl stop") && c.Server != 0 {
			c.Server, c.StartsIn = 0, 2
		}
		return 0
	case args[0] == "kubectl" && args[1] != "--kubeconfig=/etc/kubernetes/admin.conf":
		fmt.Fprint(&w.out, "Please enter Username: ") // [M] Kubernetes 1.37.2
		return w.fail(1, "error: EOF")
	case args[0] == "kubectl":
		if c.Server == 0 {
			return w.fail(1, "The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?")
		}
		return 0
	case args[0] == "timeout":
		for port, fails := range w.Ports {
			if strings.HasSuffix(line, "/"+port) && fails.Code != 0 {
				return w.fail(fails.Code, "%s", fails.Err)
			}
		}
		return 0
	case args[0] == "getent":
		w.println("192.168.65.254  STREAM host.docker.internal")
		return 0
	case args[0] == "sh" && args[4] == hostsMark:
		c.Hosts = args[5]
		return 0
	}
	return w.fail(127, "OCI runtime exec failed: %s", line)
}

// kind plays the programs of eksemu that use kind's library.
func (w *fakeWorld) kind(args []string) int {
	if args[0] == repeated {
		return again
	}
	w.Calls = append(w.Calls, "eksemu "+strings.Join(args, " "))
	if args[0] == LogsProgram && w.LogsHang {
		return again
	}
	if args[0] == LogsProgram {
		node := controlPlane(option(args, "--name"))
		logs := filepath.Join(option(args, "--dir"), node, "containers")
		if err := os.MkdirAll(logs, 0o700); err != nil {
			panic(err)
		}
		if err := os.WriteFile(filepath.Join(logs, "kube-apiserver-1.log"), []byte(w.APILog), 0o600); err != nil {
			panic(err)
		}
		return 0
	}
	raw, err := os.ReadFile(option(args, "--config"))
	if err != nil {
		panic(err)
	}
	var config v1alpha4.Cluster
	if err := yaml.Unmarshal(raw, &config); err != nil {
		panic(err)
	}
	for i, name := range nodeNames(config.Name, &config) {
		if w.KindNodes < 0 || w.KindNodes > 0 && i == w.KindNodes {
			break
		}
		w.addNode(config.Name, name, string(config.Nodes[i].Role), config.Nodes[i].ExtraMounts...)
	}
	if w.LateNode > 0 {
		w.addNode(config.Name, config.Name+"-late", "worker", config.Nodes[0].ExtraMounts...)
		last := len(w.Containers) - 1
		w.Late = append(w.Late, fakeLate{w.LateNode, w.Containers[last]})
		w.Containers = w.Containers[:last]
	}
	if len(config.Nodes) > 1 && config.Nodes[1].Role == v1alpha4.ControlPlaneRole {
		w.addNode(config.Name, config.Name+"-"+loadBalancer, loadBalancer)
	}
	w.println(" • Preparing nodes 📦  ...")
	switch {
	case w.KindHangs:
		return again
	case w.KindFails != "":
		w.println(w.KindFails)
		return 1
	}
	if err := os.WriteFile(option(args, "--kubeconfig"), []byte(w.Kubeconfig), 0o600); err != nil {
		panic(err)
	}
	return 0
}

// addNode makes a node that runs, as kind does.
func (w *fakeWorld) addNode(cluster, name, role string, mounts ...v1alpha4.Mount) *fakeContainer {
	c := &fakeContainer{Name: name, Labels: map[string]string{clusterLabel: cluster, roleLabel: role}}
	for _, mount := range mounts {
		c.Mounts = append(c.Mounts, fakeMount{mount.HostPath, mount.ContainerPath})
	}
	w.Containers = append(w.Containers, c)
	w.boot(c)
	return c
}
