//go:build !unix

package process

import (
	"io"
	"os"
	"syscall"
)

// ownGroup does nothing where there are no process groups.
func ownGroup() *syscall.SysProcAttr { return nil }

// terminate asks the child to end by cutting its life line: there is no SIGTERM to send.
func terminate(_ *os.Process, lifeLine io.Closer) { _ = lifeLine.Close() }

// kill ends the child. An error means that it is gone already.
func kill(p *os.Process) { _ = p.Kill() }
