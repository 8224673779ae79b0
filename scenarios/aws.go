package scenarios

import (
	"context"
	"fmt"
	"path/filepath"
)

// noAWS is why a step is skipped.
const noAWS = "the aws CLI is not on PATH: install it (https://docs.aws.amazon.com/cli/) to run this step"

// aws runs the aws CLI. The gateway learns whose calls it answers from the user name in the proxy's URL. The
// scenario's clock does not reach the CLI, which signs with its own.
func (c call) aws(ctx context.Context) (attempt, error) {
	program, err := c.LookPath("aws")
	if err != nil {
		return attempt{skip: noAWS}, nil //nolint:nilerr // not having it is no error
	}
	filled, err := c.fillIn(ctx)
	if err != nil {
		return attempt{}, err
	}
	variables := append(c.awsEnviron(c.step.As, c.id),
		"AWS_PAGER=", // the CLI would otherwise wait for somebody to leave `less`
		"KUBECONFIG="+filepath.Join(c.TempDir, "aws.kubeconfig"), // for update-kubeconfig: never the user's own
	)
	out := c.child(ctx, program, "", filled.arguments, append(variables, filled.environ...), filled.stdin)
	if err := ctx.Err(); err != nil {
		return attempt{}, err
	}
	verdict, err := c.verdict(ctx, c.awsCalls, c.agrees(out.err == nil))
	if err == nil && verdict == nil {
		err = fmt.Errorf("aws ended without a call to an AWS API: %s", c.excerpt(out.all))
	}
	return attempt{verdict: verdict, output: out.all}, err
}

// filled is what a step says for its client, with the variables filled in.
type filled struct {
	arguments, environ []string
	stdin              string
}

func (c call) fillIn(ctx context.Context) (f filled, err error) {
	if f.arguments, err = c.expandAll(ctx, append(append([]string{}, c.step.Kubectl...), c.step.AWS...)); err != nil {
		return f, err
	}
	if f.environ, err = c.environ(ctx, c.step); err != nil {
		return f, err
	}
	f.stdin, err = c.expand(ctx, c.step.Stdin)
	return f, err
}
