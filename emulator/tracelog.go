package emulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/eksemu/eksemu/emulator/trace"
)

// maxTraceLog is the size at which trace.jsonl starts anew, in bytes. The previous one is kept as trace.jsonl.1.
const maxTraceLog = 32 << 20

// traceLog writes trace events to a file, one JSON object per line. Its methods are called by one goroutine at a
// time. What cannot be written is dropped: the trace in memory is what decides.
type traceLog struct {
	path string
	file *os.File
	size int64
}

func openTraceLog(path string) (*traceLog, error) {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the trace: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("open the trace: %w", err)
	}
	return &traceLog{path, file, info.Size()}, nil
}

func (l *traceLog) write(e trace.Event) {
	line, err := json.Marshal(e)
	if err != nil || l.file == nil {
		return
	}
	if l.size > maxTraceLog {
		l.rotate()
	}
	n, _ := l.file.Write(append(line, '\n')) // see traceLog
	l.size += int64(n)
}

func (l *traceLog) rotate() {
	if os.Rename(l.path, l.path+".1") != nil {
		return
	}
	next, err := openTraceLog(l.path)
	if err != nil {
		return
	}
	_ = l.file.Close() // every line has been written
	*l = *next
}

func (l *traceLog) close() error {
	if l == nil || l.file == nil {
		return nil
	}
	return l.file.Close()
}

// ReadTrace returns the events of the last run of an environment from its state folder, oldest first: none if there
// are none. It is for an environment that is not running; ask a running one with [Client.Events]. Lines that are no
// events, such as one that was cut off when the process was killed, are left out.
func ReadTrace(stateDir string) ([]trace.Event, error) {
	path := Layout{stateDir}.Trace()
	var events []trace.Event
	for _, file := range []string{path + ".1", path} {
		raw, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("read the trace: %w", err)
		}
		for line := range bytes.Lines(raw) {
			var e trace.Event
			if json.Unmarshal(line, &e) != nil {
				continue
			}
			if len(events) > 0 && e.Seq <= events[len(events)-1].Seq {
				events = nil // every run counts from 1
			}
			events = append(events, e)
		}
	}
	return events, nil
}
