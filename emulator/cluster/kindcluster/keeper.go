package kindcluster

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/eksemu/eksemu/emulator/internal/process"
)

// keeper starts nodes again that stop, until it is stopped.
type keeper struct {
	cancel context.CancelFunc
	nodes  sync.WaitGroup
}

// Pauses before a node is started again. They double up to the longest.
const (
	firstPause   = 500 * time.Millisecond
	longestPause = 30 * time.Second
)

// keep watches the nodes of a cluster. It outlives ctx.
func keep(ctx context.Context, d docker, name string, observe func(process.Event)) *keeper {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	k := &keeper{cancel: cancel}
	names, err := d.containers(ctx, name)
	if err != nil {
		return k // Docker does not answer, so there is nobody to start anything again
	}
	for _, node := range names {
		observe(process.Event{Name: node, State: process.Ready})
		k.nodes.Go(func() { watch(ctx, d, node, observe) })
	}
	return k
}

// stop ends the watch. A nil keeper has none.
func (k *keeper) stop() {
	if k != nil {
		k.cancel()
		k.nodes.Wait()
	}
}

func watch(ctx context.Context, d docker, node string, observe func(process.Event)) {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		code, err := d.line(ctx, "wait", node)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = fmt.Errorf("node %s ended with exit code %s", node, code)
		}
		observe(process.Event{Name: node, State: process.Exited, Err: err})
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		if _, err := d.output(ctx, "start", node); err == nil {
			observe(process.Event{Name: node, State: process.Restarted})
			observe(process.Event{Name: node, State: process.Ready})
		}
	}
}
