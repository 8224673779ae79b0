package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// runFolder makes the folder of a run below the environment's state folder. An environment has one run at a time, so
// whatever is there was left by a run that was killed.
func runFolder(stateDir string) (string, error) {
	dir := filepath.Join(stateDir, "run")
	if err := os.RemoveAll(dir); err != nil {
		return "", fmt.Errorf("remove what a killed run left: %w", err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the folder of the run: %w", err)
	}
	return dir, nil
}

// homeOf lists what the home folders of runs have of the user's: everything, because programs are installed there (pip
// install --user, pyenv, asdf), except for what clients of a run must neither find nor change.
func homeOf(users string) (paths []string, err error) {
	if users == "" {
		return nil, nil
	}
	users, err = filepath.Abs(users)
	if err != nil {
		return nil, fmt.Errorf("find the home folder: %w", err)
	}
	entries, err := os.ReadDir(users)
	for _, none := range []error{fs.ErrNotExist, fs.ErrPermission, syscall.ENOTDIR} { // /dev/null is the home of some services
		if errors.Is(err, none) {
			return nil, nil // whoever has no home has nothing installed there
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read the home folder (set HOME to another): %w", err)
	}
	for _, entry := range entries {
		if !slices.Contains([]string{".aws", ".kube"}, entry.Name()) {
			paths = append(paths, filepath.Join(users, entry.Name()))
		}
	}
	return paths, nil
}

// ownHome makes a home folder for the clients of a run, with links to what homeOf lists. The aws CLI keeps role
// sessions in ~/.aws/cli/cache, and has no variable for another place: those of an emulator are of no use to the user,
// whose own must not get into a run.
func ownHome(dir string, paths []string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return fmt.Errorf("make a home folder for the run: %w", err)
	}
	for _, path := range paths {
		if err := os.Symlink(path, filepath.Join(dir, filepath.Base(path))); err != nil {
			return fmt.Errorf("make a home folder for the run: %w", err)
		}
	}
	return nil
}

// baseEnviron is what a scenario's children inherit: nothing that leads an AWS client or kubectl elsewhere, and a
// home folder of their own.
func (app *App) baseEnviron(home string) []string {
	environ := slices.DeleteFunc(slices.Clone(app.Environ), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		upper := strings.ToUpper(name)
		return strings.HasPrefix(upper, "AWS_") || strings.HasSuffix(upper, "_PROXY") ||
			strings.HasPrefix(upper, "KUBE") || upper == "DEFAULT_ROLE" || upper == "HOME"
	})
	return append(environ, "HOME="+home)
}
