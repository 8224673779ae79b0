// Command go is a program of somebody who uses the AWS SDK for Go v2 as its documentation shows, and knows nothing of
// eksemu: everything comes from the environment and the AWS files. It prints the ARN that an operation answers, or the
// credentials as JSON.
//
//	go identity
//	go assume-role ROLE_ARN SESSION_NAME
//	go credentials ROLE_ARN
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func main() {
	printed, err := ask(context.Background(), os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(printed)
}

func ask(ctx context.Context, args []string) (string, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return "", err
	}
	client := sts.NewFromConfig(cfg)
	switch {
	case len(args) == 1 && args[0] == "identity":
		out, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		if err != nil {
			return "", err
		}
		return aws.ToString(out.Arn), nil
	case len(args) == 3 && args[0] == "assume-role":
		out, err := client.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &args[1], RoleSessionName: &args[2]})
		if err != nil {
			return "", err
		}
		return aws.ToString(out.AssumedRoleUser.Arn), nil
	case len(args) == 2 && args[0] == "credentials":
		out, err := client.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &args[1], RoleSessionName: aws.String("short"), DurationSeconds: aws.Int32(900)})
		if err != nil {
			return "", err
		}
		printed, err := json.Marshal(out.Credentials)
		return string(printed), err
	}
	return "", fmt.Errorf("usage: identity | assume-role ROLE_ARN SESSION_NAME | credentials ROLE_ARN, not %q", args)
}
