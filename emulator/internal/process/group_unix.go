//go:build unix

package process

import (
	"io"
	"os"
	"syscall"
)

// ownGroup puts a child into a process group of its own, whose ID is the child's process ID.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// terminate asks the child's process group to end. An error means that it is gone already.
func terminate(p *os.Process, _ io.Closer) { _ = syscall.Kill(-p.Pid, syscall.SIGTERM) }

// kill ends the child's process group. An error means that it is gone already.
func kill(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }
