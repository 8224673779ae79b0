package kindcluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/eksemu/eksemu/emulator/internal/process"
)

// keeper starts nodes again that stop, until it is stopped.
type keeper struct {
	cancel  context.CancelFunc
	watches sync.WaitGroup
}

// Pauses before a node is started again, or Docker is asked again. They double up to the longest, and are short again
// after a node has run for a while.
const (
	firstPause   = 500 * time.Millisecond
	longestPause = 30 * time.Second
	healthyAfter = time.Minute
)

// keep watches the nodes of the cluster. It outlives ctx.
func (b *Backend) keep(ctx context.Context) *keeper {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	k := &keeper{cancel: cancel}
	for _, n := range b.there {
		b.cfg.Observe(process.Event{Name: n.name, State: process.Ready})
		k.watches.Go(func() { b.watch(ctx, n) })
	}
	return k
}

// stop ends the watch. A nil keeper has none.
func (k *keeper) stop() {
	if k != nil {
		k.cancel()
		k.watches.Wait()
	}
}

// errDeleted is why nobody watches a node any more.
var errDeleted = errors.New("it was deleted")

// watch starts a node again whenever it stops, until it is deleted or ctx ends.
func (b *Backend) watch(ctx context.Context, n node) {
	pause, began, stop := firstPause, b.cfg.Now(), func() {}
	for {
		why := b.awaitEnd(ctx, n)
		stop()
		if ctx.Err() != nil {
			return
		}
		b.cfg.Observe(process.Event{Name: n.name, State: process.Exited, Err: fmt.Errorf("node %s: %w", n.name, why)})
		if errors.Is(why, errDeleted) {
			return
		}
		if b.cfg.Now().Sub(began) > healthyAfter {
			pause = firstPause
		}
		for err := errors.New("not yet"); err != nil; pause = min(2*pause, longestPause) {
			if !process.Sleep(ctx, pause) || errors.Is(err, errDeleted) {
				return
			}
			err = b.startAgain(ctx, n)
		}
		began = b.cfg.Now()
		b.cfg.Observe(process.Event{Name: n.name, State: process.Restarted})
		stop = b.revive(ctx, n)
	}
}

// awaitEnd returns why a node does not run any more. That Docker does not answer is not the node's end.
func (b *Backend) awaitEnd(ctx context.Context, n node) error {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		code, err := b.docker.patient(ctx, "wait", n.name)
		if err == nil {
			return fmt.Errorf("it ended with exit code %s", bytes.TrimSpace(code))
		}
		now, lookErr := b.look(ctx, n)
		switch {
		case errors.Is(lookErr, errDeleted):
			return lookErr
		case lookErr == nil && !now.running:
			return errors.New("it ended")
		case !process.Sleep(ctx, pause):
			return context.Cause(ctx)
		}
	}
}

// startAgain starts a node that has stopped.
func (b *Backend) startAgain(ctx context.Context, n node) error {
	_, err := b.look(ctx, n) // its name may be somebody else's by now
	if err == nil {
		_, err = b.docker.output(ctx, "start", n.name)
	}
	return err
}

// look finds out how a node is now.
func (b *Backend) look(ctx context.Context, n node) (node, error) {
	nodes, err := b.docker.nodes(ctx, b.name, b.mark.ID)
	if err != nil {
		return node{}, err
	}
	for _, now := range own(nodes) {
		if now.name == n.name {
			return now, nil
		}
	}
	return node{}, errDeleted
}

// revive gives a node that was started again back what it lost, and tells when it is ready. stop ends that.
func (b *Backend) revive(ctx context.Context, n node) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var reviving sync.WaitGroup
	reviving.Go(func() {
		for pause := firstPause; ; pause = min(2*pause, longestPause) {
			var err error
			if isControlPlane(n) {
				err = eventually(ctx, func(ctx context.Context) error { return b.serving(ctx, n.name) })
			}
			if err == nil {
				err = b.setHosts(ctx, n)
			}
			if err == nil {
				b.cfg.Observe(process.Event{Name: n.name, State: process.Ready})
			}
			if err == nil || !process.Sleep(ctx, pause) {
				return
			}
		}
	})
	return func() {
		cancel()
		reviving.Wait()
	}
}
