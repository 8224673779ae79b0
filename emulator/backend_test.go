package emulator

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestChooseBackend(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		asked, kept, want Backend
		variable          string
		old               bool   // the state was made by a version without the choice
		marker            string // of a kind cluster that an earlier start did not make to its end
		wantError         string
	}{
		"nothing":                {want: BackendEmbedded},
		"kind":                   {asked: BackendKind, want: BackendKind},
		"kept":                   {kept: BackendKind, want: BackendKind},
		"the same again":         {asked: BackendKind, kept: BackendKind, want: BackendKind},
		"another one":            {asked: BackendEmbedded, kept: BackendKind, wantError: "made with --backend kind: leave out --backend embedded, or"},
		"another variable":       {asked: BackendEmbedded, variable: "EKSEMU_BACKEND", kept: BackendKind, wantError: "made with --backend kind: unset EKSEMU_BACKEND, which says embedded, or"},
		"an older state":         {old: true, want: BackendEmbedded},
		"an older state, moving": {old: true, asked: BackendKind, wantError: "made with --backend embedded"},
		"half a kind cluster":    {marker: `{"Cluster":"dev"}`, want: BackendKind},
		"and the other one":      {marker: `{"Cluster":"dev"}`, asked: BackendEmbedded, wantError: "made with --backend kind"},
		"none any more":          {marker: `{}`, want: BackendEmbedded},
	} {
		o := testOptions(t)
		o.Backend, o.BackendVariable = test.asked, test.variable
		s := &state{path: filepath.Join(o.Dir, stateFileName), stateFile: stateFile{Backend: test.kept, Bootstrap: map[string]bool{}, Manifests: map[string]string{}}}
		if test.old {
			s.Bootstrap["my-cluster"] = true
		}
		e := &Environment{opts: o, files: Layout{o.Dir}, state: s}
		dir := filepath.Join(e.files.cluster("my-cluster"), controlPlaneDir)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if test.marker != "" {
			write(t, filepath.Join(dir, "kind.json"), test.marker)
		}
		if err := s.save(); err != nil {
			t.Fatal(err)
		}
		before := KeptBackend(o.Dir)
		err := e.chooseBackend()
		switch {
		case test.wantError != "":
			if err == nil || !strings.Contains(err.Error(), test.wantError) || !strings.Contains(err.Error(), "eksemu down") {
				t.Errorf("%s: error %v", name, err)
			}
			continue
		case err != nil || e.opts.Backend != test.want || KeptBackend(o.Dir) != before:
			t.Errorf("%s: %s, %v, kept %q, before %q; want %s", name, e.opts.Backend, err, KeptBackend(o.Dir), before, test.want)
		}
		if err := e.keepBackend(); err != nil || KeptBackend(o.Dir) != test.want {
			t.Errorf("%s: kept %q, %v; want %s", name, KeptBackend(o.Dir), err, test.want)
		}
	}
}

// TestFailedStartKeepsNoBackend: who has no Docker may do as the error says.
func TestFailedStartKeepsNoBackend(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	o.Backend, o.ToolEnv = BackendKind, []string{"PATH=" + t.TempDir()}
	if _, err := Start(t.Context(), o); err == nil || !strings.Contains(err.Error(), "use the embedded backend") {
		t.Errorf("error %v", err)
	}
	if kept := KeptBackend(o.Dir); kept != "" {
		t.Errorf("kept %s", kept)
	}
	o.Backend, o.Executable = BackendEmbedded, filepath.Join(t.TempDir(), "eksemu")
	if _, err := Start(t.Context(), o); err == nil || !strings.HasPrefix(err.Error(), "start etcd and kube-apiserver: ") {
		t.Errorf("error %v", err)
	}
	if kept := KeptBackend(t.TempDir()); kept != "" {
		t.Errorf("kept %s in an empty folder", kept)
	}
}
