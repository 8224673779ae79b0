package scenarios

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// maxOutput bounds what is kept of a client's output and of an HTTP answer.
const maxOutput = 1 << 20

// output is what a child process printed and how it ended.
type output struct {
	stdout string
	all    string // standard output and standard error as they came
	err    error  // nil exactly if it exited with code 0
}

// child runs a program with the variables that every child has and some of its own. argv0 is the name by which
// the program is called, "" for its own. stdin is what it reads.
func (s *session) child(ctx context.Context, program, argv0 string, arguments, variables []string, stdin string) output {
	cmd := exec.CommandContext(ctx, program, arguments...) // a scenario says what to run
	if argv0 != "" {
		cmd.Args[0] = argv0
	}
	cmd.Env = append(append([]string{}, s.BaseEnv...), variables...)
	cmd.Dir = s.TempDir
	if stdin != "" {
		cmd.Stdin = strings.NewReader(stdin)
	}
	cmd.WaitDelay = time.Second
	var stdout, all buffer
	cmd.Stdout, cmd.Stderr = tee{&stdout, &all}, &all
	err := cmd.Run()
	if err != nil {
		err = fmt.Errorf("%s: %w%s", program, err, lastLine(s.hide(all.String())))
	}
	return output{stdout: stdout.String(), all: all.String(), err: err}
}

// lastLine is the last line of an output in parentheses, for an error.
func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return " (" + clean(last) + ")"
	}
	return ""
}

// buffer keeps the first maxOutput bytes that are written to it, from several goroutines.
type buffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.buf.Write(p[:min(len(p), maxOutput-b.buf.Len())])
	return len(p), nil
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// tee writes to two buffers.
type tee struct{ a, b *buffer }

func (t tee) Write(p []byte) (int, error) {
	_, _ = t.a.Write(p) // a buffer takes everything
	return t.b.Write(p)
}
