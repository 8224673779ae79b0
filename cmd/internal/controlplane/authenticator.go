package controlplane

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/sirupsen/logrus"
	"sigs.k8s.io/aws-iam-authenticator/pkg/config"
	"sigs.k8s.io/aws-iam-authenticator/pkg/metrics"
	"sigs.k8s.io/aws-iam-authenticator/pkg/server"
)

// authenticator runs the upstream aws-iam-authenticator server. Its configuration file is upstream's
// config.Config as JSON, written by emulator/authn: the same values that upstream's command reads
// through viper, without viper's flags. Logs are JSON lines on stderr.
//
// The way to STS comes from the environment (HTTPS_PROXY and SSL_CERT_FILE), which Go's default HTTP
// transport honours: nothing inside the authenticator is replaced.
func authenticator(args []string) int {
	flags := flag.NewFlagSet("aws-iam-authenticator", flag.ContinueOnError)
	path := flags.String("config", "", "authenticator configuration `file` (JSON)")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	cfg, err := readAuthenticatorConfig(*path)
	if err != nil {
		fmt.Fprintln(os.Stderr, "aws-iam-authenticator:", err)
		return 1
	}
	logrus.SetFormatter(&logrus.JSONFormatter{})
	metrics.InitMetrics(prometheus.DefaultRegisterer)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	webhook := server.New(ctx, cfg)
	go func() {
		<-ctx.Done()
		os.Exit(0) // upstream's Run keeps serving after its stop channel closes
	}()
	webhook.Run(ctx.Done())
	return 1 // Run only returns when its listener broke
}

func readAuthenticatorConfig(path string) (config.Config, error) {
	var cfg config.Config
	raw, err := os.ReadFile(path)
	if err != nil {
		return cfg, err
	}
	if err := json.Unmarshal(raw, &cfg); err != nil {
		return cfg, fmt.Errorf("decode %s: %w", path, err)
	}
	return cfg, nil
}
