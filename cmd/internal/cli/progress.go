package cli

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// progress shows what is being waited for, one step after the other, on stderr. On a terminal the step at hand
// has a spinner; elsewhere each step is a line when it begins.
type progress struct {
	out      io.Writer
	terminal bool
	color    bool
	quiet    bool

	mu   sync.Mutex
	step string
	stop chan struct{} // ends the spinner of the step at hand
	done chan struct{}
}

func (app *App) progress(quiet bool) *progress {
	return &progress{out: app.ErrOut, terminal: app.Terminal, color: app.color(app.Terminal), quiet: quiet}
}

// begin ends the step at hand as done and begins another.
func (p *progress) begin(step string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.finish(true)
	p.step = step
	switch {
	case p.quiet:
	case p.terminal:
		p.stop, p.done = make(chan struct{}), make(chan struct{})
		go p.spin(step, p.stop, p.done)
	default:
		fmt.Fprintf(p.out, " • %s …\n", step)
	}
}

// end ends the step at hand.
func (p *progress) end(ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.finish(ok)
}

func (p *progress) finish(ok bool) {
	if p.step == "" {
		return
	}
	if p.stop != nil {
		close(p.stop)
		<-p.done
		p.stop = nil
	}
	switch {
	case p.quiet:
	case p.terminal && ok:
		fmt.Fprintf(p.out, "\r\x1b[K %s %s\n", p.paint("32", "✓"), p.step)
	case p.terminal:
		fmt.Fprintf(p.out, "\r\x1b[K %s %s\n", p.paint("31", "✗"), p.step)
	case !ok:
		fmt.Fprintf(p.out, " ✗ %s\n", p.step)
	}
	p.step = ""
}

func (p *progress) spin(step string, stop <-chan struct{}, done chan<- struct{}) {
	defer close(done)
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	frames := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
	for i := 0; ; i++ {
		fmt.Fprintf(p.out, "\r\x1b[K %c %s", frames[i%len(frames)], step)
		select {
		case <-stop:
			return
		case <-ticker.C:
		}
	}
}

func (p *progress) paint(code, text string) string {
	if !p.color {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
