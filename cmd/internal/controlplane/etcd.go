package controlplane

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"go.etcd.io/etcd/server/v3/embed"
)

// etcd runs an embedded, single-member etcd from a configuration file in etcd's own format
// (https://etcd.io/docs/v3.7/op-guide/configuration/) until it is told to stop.
func etcd(args []string) int {
	flags := flag.NewFlagSet("etcd", flag.ContinueOnError)
	path := flags.String("config-file", "", "etcd configuration `file`")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if err := serveEtcd(*path); err != nil {
		fmt.Fprintln(os.Stderr, "etcd:", err)
		return 1
	}
	return 0
}

func serveEtcd(path string) error {
	cfg, err := embed.ConfigFromFile(path)
	if err != nil {
		return fmt.Errorf("read configuration %s: %w", path, err)
	}
	server, err := embed.StartEtcd(cfg)
	if err != nil {
		return fmt.Errorf("start member %s: %w", cfg.Name, err)
	}
	defer server.Close()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	select {
	case <-stop:
		return nil
	case <-server.Server.StopNotify():
		return fmt.Errorf("member %s stopped by itself", cfg.Name)
	case err := <-server.Err():
		return fmt.Errorf("member %s: %w", cfg.Name, err)
	}
}
