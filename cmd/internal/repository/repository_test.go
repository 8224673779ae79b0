package repository_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/eksemu/eksemu/"

// floors says what each package of ours may import of ours. A package that is not listed here fails the test:
// give it a floor first. Lower floors never import higher ones.
var floors = map[string][]string{
	"sts-fake/sigv4":               {},
	"sts-fake/iam":                 {},
	"sts-fake/awsquery":            {},
	"sts-fake/awsmodel":            {"sts-fake/awsquery"},
	"sts-fake/webidentity":         {},
	"sts-fake":                     {"sts-fake/sigv4", "sts-fake/iam", "sts-fake/awsmodel", "sts-fake/awsquery", "sts-fake/webidentity"},
	"sts-fake/stsfaketest":         {"sts-fake", "sts-fake/"},
	"emulator/trace":               {},
	"emulator/strictyaml":          {},
	"emulator/kube":                {},
	"emulator/internal/pki":        {},
	"emulator/internal/process":    {},
	"emulator/internal/atomicfile": {},
	"emulator/internal/port":       {},
	"emulator/redact":              {},
	"emulator/explain":             {"emulator/access", "emulator/trace", "emulator/redact", "emulator/strictyaml"},
	"emulator/explain/awsauth":     {"emulator/explain", "emulator/strictyaml", "sts-fake/iam"},
	"emulator/explain/kubeconfigs": {"emulator/explain", "emulator/explain/tokens", "emulator/strictyaml", "sts-fake/iam"},
	"emulator/explain/tokens":      {"emulator/explain", "sts-fake", "sts-fake/iam", "sts-fake/sigv4"},
	"emulator/audit":               {"emulator/trace"},
	"emulator/config":              {"emulator/strictyaml", "emulator/access", "emulator/eks", "sts-fake/iam", "sts-fake/webidentity"},
	"emulator/access":              {"emulator/trace"},
	"emulator/iamapi":              {"sts-fake", "sts-fake/iam", "sts-fake/awsmodel", "sts-fake/awsquery"},
	"emulator/eks":                 {"emulator/access", "sts-fake", "sts-fake/iam", "sts-fake/sigv4", "sts-fake/awsquery", "sts-fake/webidentity"},
	"emulator/ec2":                 {"sts-fake", "sts-fake/iam", "sts-fake/sigv4", "sts-fake/awsquery"},
	"emulator/authn":               {"emulator/trace", "emulator/internal/process", "emulator/internal/pki", "emulator/internal/atomicfile", "sts-fake/sigv4"},
	"emulator/gateway":             {"emulator/trace", "emulator/internal/pki"},
	"emulator/cluster":             {},
	"emulator/cluster/embedded":    {"emulator/cluster", "emulator/internal/process", "emulator/internal/pki", "emulator/internal/atomicfile", "emulator/internal/port"},
	"emulator/cluster/kindcluster": {"emulator/cluster", "emulator/strictyaml", "emulator/internal/process", "emulator/internal/pki", "emulator/internal/atomicfile"},
	"emulator":                     {"emulator/", "sts-fake", "sts-fake/"},
	"scenarios":                    {"sts-fake", "emulator", "emulator/explain", "emulator/redact", "emulator/trace", "emulator/config", "emulator/strictyaml"},
	"cmd/internal/controlplane":    {},
	"cmd/internal/cli":             {"emulator", "emulator/", "scenarios", "sts-fake", "sts-fake/iam"},
	"cmd/internal/repository":      {},
	"cmd/eksemu":                   {"cmd/internal/cli", "cmd/internal/controlplane", "emulator", "emulator/cluster/kindcluster"},
	"e2e":                          {"scenarios"},
}

// linksKubernetes are the only packages that may import the Kubernetes servers, etcd or the authenticator's server:
// linking them takes minutes.
var linksKubernetes = []string{"cmd/internal/controlplane"}

// knowsKind is the only package that may import kind.
const knowsKind = "emulator/cluster/kindcluster"

func TestImportsStayOnTheirFloors(t *testing.T) {
	t.Parallel()
	for _, file := range sources(t) {
		folder := path.Dir(file.path)
		allowed, known := floors[folder]
		if !known {
			t.Errorf("%s: package %s has no floor: add it to floors in this test", file.path, folder)
			continue
		}
		for _, spec := range file.syntax.Imports {
			imported := strings.Trim(spec.Path.Value, `"`)
			if heavy(imported) && !slices.Contains(linksKubernetes, folder) {
				t.Errorf("%s imports %s, which links the Kubernetes servers; only %v may", file.path, imported, linksKubernetes)
			}
			if strings.HasPrefix(imported, "sigs.k8s.io/kind") && folder != knowsKind {
				t.Errorf("%s imports %s; only %s knows kind", file.path, imported, knowsKind)
			}
			own, ok := strings.CutPrefix(imported, module)
			if !ok || own == folder {
				continue
			}
			if !slices.ContainsFunc(allowed, func(a string) bool { return own == a || strings.HasSuffix(a, "/") && strings.HasPrefix(own, a) }) {
				t.Errorf("%s (floor of %s) may not import %s", file.path, folder, own)
			}
		}
	}
}

func heavy(imported string) bool {
	return strings.HasPrefix(imported, "k8s.io/kubernetes") || strings.HasPrefix(imported, "go.etcd.io/etcd/server") ||
		imported == "sigs.k8s.io/aws-iam-authenticator/pkg/server"
}

// forbidden are calls that only cmd may make: below it, clocks, environments and exits are passed in.
var forbidden = map[string][]string{
	"os":   {"Exit", "Getenv", "LookupEnv", "Environ"},
	"log":  {"Fatal", "Fatalf", "Fatalln", "Panic", "Panicf"},
	"time": {"Now", "Since", "Until", "Sleep"},
	"fmt":  {"Print", "Printf", "Println"},
}

func TestLibrariesTakeTheOutsideWorldAsValues(t *testing.T) {
	t.Parallel()
	for _, file := range sources(t) {
		// stsfaketest is for tests alone, which may take the clock that there is.
		if strings.HasPrefix(file.path, "cmd/") || strings.HasPrefix(file.path, "sts-fake/stsfaketest/") {
			continue
		}
		ast.Inspect(file.syntax, func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.FuncDecl:
				if n.Recv == nil && n.Name.Name == "init" {
					t.Errorf("%s: no init functions: %v", file.path, file.position(n))
				}
			case *ast.SelectorExpr:
				if pkg, ok := n.X.(*ast.Ident); ok && pkg.Obj == nil && slices.Contains(forbidden[pkg.Name], n.Sel.Name) {
					t.Errorf("%v: %s.%s belongs in cmd: take it as a value", file.position(n), pkg.Name, n.Sel.Name)
				}
			}
			return true
		})
	}
}

func TestEveryPackageIsDocumentedAndEveryFileReadable(t *testing.T) {
	t.Parallel()
	documented := map[string]bool{}
	for _, file := range sources(t) {
		folder := path.Dir(file.path)
		documented[folder] = documented[folder] || file.syntax.Doc != nil
		if lines := strings.Count(file.text, "\n"); lines > 600 {
			t.Errorf("%s has %d lines: split it, 600 is the most", file.path, lines)
		}
	}
	for folder, ok := range documented {
		if !ok {
			t.Errorf("package %s has no doc comment", folder)
		}
	}
}

// A replace or exclude directive would make `go install …/cmd/eksemu@latest` refuse the module
// (https://go.dev/ref/mod#go-install).
func TestGoModCanBeInstalled(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if directive := regexp.MustCompile(`(?m)^\s*(replace|exclude)\b.*$`).Find(raw); directive != nil {
		t.Errorf("go.mod: %q: no replace or exclude directives", directive)
	}
	staging := regexp.MustCompile(`(?m)^\s+(k8s\.io/(?:api|apimachinery|apiserver|client-go|kubectl|component-base)) (\S+)`)
	kubernetes := regexp.MustCompile(`(?m)^\s+k8s\.io/kubernetes v1\.(\S+)`).FindSubmatch(raw)
	if kubernetes == nil {
		t.Fatal("go.mod does not require k8s.io/kubernetes")
	}
	for _, m := range staging.FindAllSubmatch(raw, -1) {
		if want := "v0." + string(kubernetes[1]); string(m[2]) != want {
			t.Errorf("go.mod requires %s %s, the version of k8s.io/kubernetes is %s", m[1], m[2], want)
		}
	}
}

// The map of CONTRIBUTING.md has every folder that has a floor once, by its own name or within one that ends in /*, and
// nothing that there is not. What it says of a folder may speak of those below it.
func TestMapHasEveryFolderOnce(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join(root, "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, row := range regexp.MustCompile(`(?m)^\| [0-9–] \| ([^|]*) \|`).FindAllStringSubmatch(string(raw), -1) {
		for _, name := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
			folder := strings.TrimSuffix(name[1], "/*")
			if listed[folder] {
				t.Errorf("CONTRIBUTING.md lists %s twice: put the rows into one", folder)
			}
			if _, err := os.Stat(filepath.Join(root, folder)); err != nil {
				t.Errorf("CONTRIBUTING.md lists %s, which is no folder: remove it", folder)
			}
			listed[folder] = true
		}
	}
	for folder := range floors {
		known := listed[folder]
		for above := folder; above != "."; above = path.Dir(above) {
			known = known || listed[above] && above != "emulator" && above != "sts-fake"
		}
		if !known {
			t.Errorf("CONTRIBUTING.md does not list %s: add a row", folder)
		}
	}
}

// root is the repository's root, seen from this package.
const root = "../../.."

type source struct {
	path   string // from the root, with slashes
	text   string
	syntax *ast.File
	set    *token.FileSet
}

func (s source) position(node ast.Node) token.Position { return s.set.Position(node.Pos()) }

// sources parses every Go file that is no test.
func sources(t *testing.T) []source {
	t.Helper()
	var files []source
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (strings.HasPrefix(entry.Name(), ".") && name != root || entry.Name() == "testdata"):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		set := token.NewFileSet()
		syntax, err := parser.ParseFile(set, name, text, parser.ParseComments)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, name)
		files = append(files, source{filepath.ToSlash(relative), string(text), syntax, set})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no sources found")
	}
	return files
}
