//go:build unix

package cli

import "syscall"

// detached makes a process the leader of a session of its own, so that it survives the terminal.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
