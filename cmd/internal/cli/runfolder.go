package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

// ownHome makes a home folder for the clients of a run. The aws CLI keeps role sessions in ~/.aws/cli/cache, and has
// no variable for another place: those of an emulator are of no use to the user, whose own must not get into a run.
// All else in the user's home is linked, because programs are installed there (pip install --user, pyenv, asdf).
func ownHome(dir, users string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return fmt.Errorf("make a home folder for the run: %w", err)
	}
	entries, err := os.ReadDir(users)
	if users == "" || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil // whoever has no home has nothing installed there
	}
	if err != nil {
		return fmt.Errorf("read the home folder: %w", err)
	}
	for _, entry := range entries {
		if slices.Contains([]string{".aws", ".kube"}, entry.Name()) {
			continue
		}
		if err := os.Symlink(filepath.Join(users, entry.Name()), filepath.Join(dir, entry.Name())); err != nil {
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
