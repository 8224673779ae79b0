package sts

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
)

// missing skips the spec because of a client that is not installed, or fails it where all have to be. Debian has no
// package of an optional one.
func missing(what, fix string, optional bool) {
	GinkgoHelper()
	message := fmt.Sprintf("NOT TESTED: %s is not installed: %s", what, fix)
	if os.Getenv("EKSEMU_E2E_REQUIRE_ALL") != "" && !optional {
		Fail(message)
	}
	Skip(message)
}

// candidates are the programs of a name on PATH and in /usr/bin, where Debian puts its own.
func candidates(name string) []string {
	var found []string
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/bin") {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && !info.IsDir() && info.Mode()&0o111 != 0 && !slices.Contains(found, path) {
			found = append(found, path)
		}
	}
	return found
}

// awsCLIs are the aws CLIs of the machine: the first of each major version. Asking one takes as long as a call of it.
var awsCLIs = sync.OnceValue(func() map[string]string {
	found := map[string]string{}
	for _, path := range candidates("aws") {
		version, _ := exec.Command(path, "--version").CombinedOutput() // "aws-cli/2.9.19 Python/…", or what is wrong with it
		major, ok := strings.CutPrefix(string(version), "aws-cli/")
		if major, _, _ = strings.Cut(major, "."); ok && found[major] == "" {
			found[major] = path
		}
	}
	return found
})

// awsCLI is the aws CLI of a major version.
func awsCLI(major string) []string {
	GinkgoHelper()
	if path := awsCLIs()[major]; path != "" {
		return []string{path}
	}
	fix := map[string]string{"1": "pip install awscli", "2": "apt-get install awscli"}[major]
	missing("aws CLI "+major, fix, major == "1")
	return nil
}

const boto3Program = "testdata/python/client.py"

// debianPython is the Python that Debian's python3-boto3 belongs to.
const debianPython = "/usr/bin/python3"

func debianBoto3() []string {
	GinkgoHelper()
	if pythons()[debianPython] == "" {
		missing("Debian's boto3", "apt-get install python3-boto3", false)
	}
	return []string{debianPython, boto3Program}
}

// newestBoto3 is that of the first Python on PATH which has another one than Debian's.
func newestBoto3() []string {
	GinkgoHelper()
	for _, python := range candidates("python3") {
		if version := pythons()[python]; version != "" && version != pythons()[debianPython] {
			return []string{python, boto3Program}
		}
	}
	missing("a boto3 newer than Debian's", "pip install boto3, for another python3 on PATH than "+debianPython, true)
	return nil
}

// pythons are the Pythons of the machine and the boto3 that each has, if any.
var pythons = sync.OnceValue(func() map[string]string {
	found := map[string]string{}
	for _, python := range candidates("python3") {
		version, _ := exec.Command(python, "-c", "import boto3; print(boto3.__version__)").Output() // "" if there is none
		found[python] = string(version)
	}
	return found
})

func javaScript() []string {
	GinkgoHelper()
	if prepared.JavaScript == "" {
		missing("the AWS SDK for JavaScript", "apt-get install nodejs npm: "+prepared.NoScript, false)
	}
	return []string{candidates("node")[0], prepared.JavaScript}
}

// installScript puts the program of js and its modules into the user's cache folder, where the modules of the same
// package-lock.json stay for the next time. It returns the program's path.
func installScript() (string, error) {
	for _, program := range []string{"node", "npm"} {
		if len(candidates(program)) == 0 {
			return "", fmt.Errorf("there is no %s", program)
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	lock, err := os.ReadFile("js/package-lock.json")
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "eksemu-e2e", fmt.Sprintf("js-%x", sha256.Sum256(lock)))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	for _, name := range []string{"package.json", "package-lock.json", "client.mjs"} {
		content, err := os.ReadFile(filepath.Join("js", name))
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return "", err
		}
	}
	program := filepath.Join(dir, "client.mjs")
	if _, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json")); err == nil { // npm's last step
		return program, nil
	}
	install := exec.Command(candidates("npm")[0], "ci", "--no-audit", "--no-fund")
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	return program, nil
}
