package authn

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Present is what an authenticator goes by at the moment.
type Present struct {
	Entries   []Mapping // access entries; none where the cluster's mode does not read them
	ConfigMap bool      // aws-auth is read
}

// ReadPresent reads what an authenticator goes by from the files that it watches, in its [Server.Dir].
func ReadPresent(dir string) (Present, error) {
	var mode backendModeFile
	if err := readJSON(filepath.Join(dir, modeFile), &mode); err != nil {
		return Present{}, err
	}
	mappers := strings.Fields(mode.BackendMode)
	present := Present{ConfigMap: slices.Contains(mappers, mapperEKSConfigMap)}
	if !slices.Contains(mappers, mapperDynamicFile) {
		return present, nil
	}
	var entries dynamicFile
	if err := readJSON(filepath.Join(dir, entriesFile), &entries); err != nil {
		return Present{}, err
	}
	for _, m := range entries.MapRoles {
		present.Entries = append(present.Entries, Mapping{ARN: m.RoleARN, PrincipalID: m.UserID, Username: m.Username, Groups: m.Groups})
	}
	for _, m := range entries.MapUsers {
		present.Entries = append(present.Entries, Mapping{ARN: m.UserARN, PrincipalID: m.UserID, Username: m.Username, Groups: m.Groups})
	}
	return present, nil
}

func readJSON(path string, out any) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read what the authenticator goes by: %w", err)
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("read what the authenticator goes by: %s: %w", path, err)
	}
	return nil
}
