package authn

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadPresent(t *testing.T) {
	t.Parallel()
	for mode, want := range map[AuthenticationMode]struct{ entries, configMap bool }{
		ConfigMap: {false, true}, APIAndConfigMap: {true, true}, API: {true, false},
	} {
		s := testServer(t)
		access := testAccess(mode)
		if err := s.Write(access); err != nil {
			t.Fatal(err)
		}
		got, err := ReadPresent(s.Dir)
		if err != nil || got.ConfigMap != want.configMap || (len(got.Entries) > 0) != want.entries {
			t.Errorf("%s: %+v, %v", mode, got, err)
		}
		if want.entries && len(got.Entries) != len(access.Entries) {
			t.Errorf("%s: %s", mode, cmp.Diff(access.Entries, got.Entries))
		}
		if err := os.WriteFile(filepath.Join(s.Dir, modeFile), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadPresent(s.Dir); err == nil || !strings.Contains(err.Error(), modeFile) {
			t.Errorf("half a file: %v", err)
		}
	}
	if _, err := ReadPresent(t.TempDir()); err == nil {
		t.Error("nothing was read without an error")
	}
}
