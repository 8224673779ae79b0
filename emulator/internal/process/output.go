package process

import (
	"bytes"
	"io"
	"strings"
	"sync"
)

const (
	maxLine     = 64 << 10 // bytes of a line that OnLine gets to see
	maxLastLine = 1 << 10  // bytes of a line that an error quotes
	lastLines   = 20       // lines that an error quotes
)

// output is where a process prints to: it copies to the log and takes the lines apart.
type output struct {
	log    io.Writer         // may be nil
	onLine func(line string) // may be nil

	mu   sync.Mutex
	line []byte   // the unfinished line, up to maxLine bytes
	last []string // the last lines, oldest first
}

// Write never fails: a full disk must not stop the child.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.log != nil {
		_, _ = o.log.Write(p)
	}
	for rest := p; len(rest) > 0; {
		part, after, complete := bytes.Cut(rest, []byte("\n"))
		o.line = append(o.line, part[:min(len(part), maxLine-len(o.line))]...)
		if complete {
			o.finishLine()
		}
		rest = after
	}
	return len(p), nil
}

// flush takes what comes after the last end-of-line as a line of its own.
func (o *output) flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.line) > 0 {
		o.finishLine()
	}
}

func (o *output) finishLine() {
	line := strings.ToValidUTF8(strings.TrimSuffix(string(o.line), "\r"), "\uFFFD")
	o.line = o.line[:0]
	if len(o.last) == lastLines {
		o.last = append(o.last[:0], o.last[1:]...)
	}
	o.last = append(o.last, strings.ToValidUTF8(line[:min(len(line), maxLastLine)], ""))
	if o.onLine != nil {
		o.onLine(line)
	}
}

// lastWords words the last lines as the end of an error: nothing, ": the line", or a colon and an indented
// line each.
func (o *output) lastWords() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch len(o.last) {
	case 0:
		return ""
	case 1:
		return ": " + o.last[0]
	default:
		return ":\n    " + strings.Join(o.last, "\n    ")
	}
}
