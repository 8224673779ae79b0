package emulator

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/emulator/trace"
)

func openedLog(t *testing.T, path string) *traceLog {
	t.Helper()
	log, err := openTraceLog(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.close() })
	return log
}

// logged are the numbers of the events in a trace file.
func logged(t *testing.T, path string) []uint64 {
	t.Helper()
	var numbers []uint64
	lines := bufio.NewScanner(strings.NewReader(read(t, path)))
	for lines.Scan() {
		var e trace.Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatalf("%s: line %q: %v", path, lines.Text(), err)
		}
		numbers = append(numbers, e.Seq)
	}
	return numbers
}

func TestTraceLogGoesOnAfterARestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "trace.jsonl")
	for seq := range uint64(3) {
		log := openedLog(t, path)
		log.write(trace.Event{Seq: seq, Kind: trace.KindLog, Log: &trace.LogLine{Message: "two\nlines"}})
		if err := log.close(); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]uint64{0, 1, 2}, logged(t, path)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestTraceLogRotates(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "trace.jsonl")
	log := openedLog(t, path)
	for seq, size := range []int64{0, maxTraceLog, maxTraceLog + 1, 0, maxTraceLog + 1} {
		if size > 0 {
			log.size = size // as if it had been written
		}
		log.write(trace.Event{Seq: uint64(seq)})
	}
	if diff := cmp.Diff([]uint64{4}, logged(t, path)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]uint64{2, 3}, logged(t, path+".1")); diff != "" {
		t.Errorf("events before that (-want +got):\n%s", diff)
	}
	if want := int64(len(read(t, path))); log.size != want {
		t.Errorf("size %d, want %d", log.size, want)
	}
}

func TestTraceLogThatCannotRotateGoesOn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "trace.jsonl")
	log := openedLog(t, path)
	if err := os.MkdirAll(filepath.Join(path+".1", "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	log.size = maxTraceLog + 1
	log.write(trace.Event{Seq: 1})
	if diff := cmp.Diff([]uint64{1}, logged(t, path)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestOpenTraceLogFails(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "missing", "trace.jsonl")
	if _, err := openTraceLog(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v", err)
	}
	if err := (*traceLog)(nil).close(); err != nil {
		t.Errorf("closing a log that was never opened: %v", err)
	}
}

func TestReadTrace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := Layout{dir}.Trace()
	numbers := func() []uint64 {
		t.Helper()
		events, err := ReadTrace(dir)
		if err != nil {
			t.Fatal(err)
		}
		var numbers []uint64
		for _, e := range events {
			numbers = append(numbers, e.Seq)
		}
		return numbers
	}
	if got := numbers(); got != nil {
		t.Errorf("nothing was written, but there is %v", got)
	}
	for _, tc := range []struct {
		name, older, file string
		want              []uint64
	}{
		{"one run", "", `{"seq":1}` + "\n" + `{"seq":2}` + "\n", []uint64{1, 2}},
		{"two runs", "", `{"seq":1}` + "\n" + `{"seq":2}` + "\n" + `{"seq":1}` + "\n", []uint64{1}},
		{"in two files", `{"seq":1}` + "\n" + `{"seq":2}` + "\n", `{"seq":3}` + "\n", []uint64{1, 2, 3}},
		{"of a run that was killed", "", `{"seq":1}` + "\n" + `{"seq":2,"ti`, []uint64{1}},
		{"after a run that was killed", "", `{"seq":7}` + "\n" + `{"se{"seq":1}` + "\n" + `{"seq":2}` + "\n", []uint64{2}},
		{"something else", "", "notes\n\n", nil},
	} {
		write(t, path+".1", tc.older)
		write(t, path, tc.file)
		if diff := cmp.Diff(tc.want, numbers()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadTrace(dir); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v", err)
	}
}
