// Command whoami asks STS who it is, as `aws sts get-caller-identity` does, with the AWS SDK for Go: an application in a
// pod. It asks once a second until it is told, and prints the answer. With an argument it stays after that.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func main() {
	for {
		arn, err := whoami(context.Background())
		if err == nil {
			fmt.Println(arn)
			break
		}
		fmt.Fprintln(os.Stderr, err) // the pod may be there before CoreDNS knows the name
		time.Sleep(time.Second)
	}
	for len(os.Args) > 1 { // stay, so that there is something to exec into; Go takes waiting for nothing for a deadlock
		time.Sleep(time.Hour)
	}
}

func whoami(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return "", err
	}
	answer, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", err
	}
	return *answer.Arn, nil
}
