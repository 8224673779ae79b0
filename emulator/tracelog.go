package emulator

import (
	"encoding/json"
	"fmt"
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
