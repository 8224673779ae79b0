// Command eksemu is a local emulator of Amazon EKS authentication and authorization.
package main

import (
	"os"

	"github.com/eksemu/eksemu/cmd/internal/controlplane"
)

func main() {
	os.Exit(controlplane.Programs()[os.Args[1]](os.Args[2:]))
}
