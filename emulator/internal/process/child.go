package process

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// Child is a supervised process. All its methods are safe for concurrent use.
type Child struct {
	spec   Spec
	pace   pace
	log    io.WriteCloser     // nil without a LogFile
	cancel context.CancelFunc // ends the supervision
	hurry  chan struct{}      // closed when a Stop ran out of patience
	ended  chan struct{}      // closed when supervise has returned
	failed chan struct{}      // closed when the child is known not to stay up, or has been stopped

	hurryOnce, failedOnce sync.Once

	mu  sync.Mutex
	pid int   // 0 while it does not run
	err error // see Err
}

// pace is how patient the supervisor is with a child that dies.
type pace struct {
	first, longest time.Duration // pause before the first restart; it doubles up to longest
	stable         time.Duration // a child that stays up this long has recovered
	deaths         int           // deaths in a row after which Done reports
}

func defaultPace() pace {
	return pace{first: 100 * time.Millisecond, longest: 10 * time.Second, stable: 30 * time.Second, deaths: 3}
}

// pause is how long to wait before starting again a child that died for the nth time in a row, n from 1.
func (p pace) pause(n int) time.Duration {
	pause := p.first
	for ; n > 1 && pause < p.longest; n-- {
		pause *= 2
	}
	return min(pause, p.longest)
}

// Start starts the child and waits until it is ready. If it ends before, is not ready in time, or ctx ends,
// the child is gone when Start returns the error. Once Start has returned, ctx has no influence any more.
func Start(ctx context.Context, spec Spec) (*Child, error) {
	return start(ctx, spec, defaultPace())
}

func start(ctx context.Context, spec Spec, pace pace) (*Child, error) {
	c := &Child{
		spec:   spec.withDefaults(),
		pace:   pace,
		hurry:  make(chan struct{}),
		ended:  make(chan struct{}),
		failed: make(chan struct{}),
	}
	if spec.LogFile != "" {
		log, err := os.OpenFile(spec.LogFile, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return nil, fmt.Errorf("start %s: open its log file: %w", spec.Name, err)
		}
		c.log = log
	}
	life, err := c.launch(ctx, Started)
	if err != nil {
		c.closeLog()
		return nil, fmt.Errorf("start %s: %w", spec.Name, err)
	}
	supervision, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c.cancel = cancel
	go c.supervise(supervision, life)
	return c, nil
}

// PID returns the process ID, or 0 while the child does not run.
func (c *Child) PID() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pid
}

// Done returns a channel that closes when nobody should count on the child any more: it has been stopped, or
// it died three times in a row without staying up for 30 seconds. In the latter case it is still started again
// and again until Stop.
func (c *Child) Done() <-chan struct{} { return c.failed }

// Err returns why the child last died if it does not stay up (see Done), and nil otherwise: also when it
// has recovered since.
func (c *Child) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Stop ends the child for good and returns when it is gone: SIGTERM to its process group, and SIGKILL if it
// still runs after StopTimeout. If ctx ends before, SIGKILL comes at once and Stop returns an error, but the
// child is gone all the same. Stop may be called more than once.
func (c *Child) Stop(ctx context.Context) error {
	c.cancel()
	select {
	case <-c.ended:
		return nil
	case <-ctx.Done():
	}
	c.hurryOnce.Do(func() { close(c.hurry) })
	<-c.ended
	return fmt.Errorf("stop %s: killed before it could end by itself: %w", c.spec.Name, context.Cause(ctx))
}

func (c *Child) closeLog() {
	if c.log != nil {
		_ = c.log.Close() // nothing is buffered, so nothing can be lost
	}
}

func (c *Child) setPID(pid int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pid = pid
}

func (c *Child) setErr(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}
