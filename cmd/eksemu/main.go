// Command eksemu is a local emulator of Amazon EKS authentication and authorization.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/adrg/xdg"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/eksemu/eksemu/cmd/internal/cli"
	"github.com/eksemu/eksemu/cmd/internal/controlplane"
	"github.com/eksemu/eksemu/emulator"
	"github.com/eksemu/eksemu/emulator/cluster/kindcluster"
)

func main() { os.Exit(run()) }

func run() int {
	executable, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error: find eksemu's own executable:", err)
		return cli.ExitStart
	}
	programs := map[string]func([]string) int{}
	for name, program := range controlplane.Programs() {
		programs[name] = program
	}
	for name, program := range kindcluster.Programs() {
		programs[name] = func(args []string) int { return program(args, os.Stdout) }
	}
	// The Kubernetes servers register flags that every command line would show.
	pflag.CommandLine.VisitAll(func(f *pflag.Flag) { f.Hidden = true })
	return cli.Main(&cli.App{
		In:          os.Stdin,
		Out:         os.Stdout,
		ErrOut:      os.Stderr,
		Args0:       os.Args[0],
		Executable:  executable,
		LookupEnv:   os.LookupEnv,
		Environ:     os.Environ(),
		LookPath:    exec.LookPath,
		Now:         time.Now,
		StateHome:   stateHome(),
		Terminal:    term.IsTerminal(int(os.Stderr.Fd())),
		OutTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		Width:       width(),
		Programs:    programs,
		Signals:     signals,
		KeepPipes:   keepPipes,
		ExitWith:    exitWithParent,
	}, os.Args[1:])
}

// width is that of the terminal that standard output is, 0 if it is none.
func width() int {
	columns, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// signals returns a context that ends with the first interrupt. A second one kills the process as usual.
func signals() (context.Context, func()) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// stateHome is where state folders are; "" if the environment names no place for them.
func stateHome() string {
	if os.Getenv("HOME") == "" && os.Getenv("XDG_STATE_HOME") == "" {
		return ""
	}
	return filepath.Join(xdg.StateHome, "eksemu")
}

// keepPipes makes a write to a pipe that nobody reads fail (EPIPE). Without it, the system ends the process. Nothing is
// done with the signal itself.
func keepPipes() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

// exitWithParent runs a child's program and ends the process when the parent closes the child's standard input.
func exitWithParent(parent io.Reader, program func() int) int {
	emulator.ExitWithParent(parent, func() { os.Exit(1) })
	return program()
}
