package emulator

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/eksemu/eksemu/emulator/authn"
	"github.com/eksemu/eksemu/emulator/internal/process"
)

// sleeping is a child that does nothing, in the place of the authenticator.
func sleeping(t *testing.T) *process.Child {
	t.Helper()
	child, err := process.Start(t.Context(), process.Spec{Name: "sleep", Path: "/bin/sleep", Args: []string{"60"}, Ready: func(context.Context) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = child.Stop(context.WithoutCancel(t.Context())) })
	return child
}

// TestAuthenticatorThatDidNotStart is not taken for running: it is stopped, and started again.
func TestAuthenticatorThatDidNotStart(t *testing.T) {
	t.Parallel()
	e := mapped(t, t.TempDir())
	c := e.primary
	dir := t.TempDir()
	c.backend = &certifier{}
	c.server = &authn.Server{Dir: dir, Now: e.opts.Now, Kubeconfig: filepath.Join(dir, "k"), AWSConfig: filepath.Join(dir, "a")} // without a command, it cannot be started
	old := sleeping(t)
	c.child, c.mapped = old, false
	if err := e.switchAuthenticator(t.Context(), c, true); err == nil {
		t.Error("an authenticator that has read nothing was taken for running")
	}
	if c.child != nil || old.PID() != 0 {
		t.Errorf("child %v, which has process %d", c.child, old.PID())
	}
	c.child, c.mapped = sleeping(t), true
	if err := e.switchAuthenticator(t.Context(), c, true); err != nil {
		t.Errorf("one that runs was started again: %v", err)
	}
}

// TestAuthenticatorThatDidNotStop can be stopped again.
func TestAuthenticatorThatDidNotStop(t *testing.T) {
	t.Parallel()
	e := mapped(t, t.TempDir())
	c := e.primary
	c.child = sleeping(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for e.switchAuthenticator(ended, c, false) == nil { // it ended before anybody looked at ended
		c.child = sleeping(t)
	}
	if c.child == nil || c.mapped {
		t.Errorf("child %v, mapped %t after a stop that failed", c.child, c.mapped)
	}
	for range 2 {
		if err := e.switchAuthenticator(t.Context(), c, false); err != nil || c.child != nil {
			t.Errorf("child %v, %v after a stop", c.child, err)
		}
	}
}
