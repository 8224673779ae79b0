package cli

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// callerSessionName returns the session name of the assumed role that is calling, "" for a user.
func callerSessionName(ctx context.Context, client *sts.Client) (string, error) {
	identity, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", err
	}
	_, session, _ := strings.Cut(*identity.UserId, ":")
	return session, nil
}
