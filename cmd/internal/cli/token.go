package cli

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/spf13/cobra"
)

// tokenFlags are the flags of `aws-iam-authenticator token` (upstream cmd/aws-iam-authenticator/token.go), and three
// of our own: --profile, --signing-time and --expires.
type tokenFlags struct {
	cluster, role, externalID, sessionName, region, profile, signingTime string
	tokenOnly, forwardSessionName, cache                                 bool
	expires                                                              int // seconds
}

const (
	tokenPrefix      = "k8s-aws-v1."
	clusterIDHeader  = "x-k8s-aws-id"
	presignedURLLife = 15 * time.Minute // of the presigned URL, from X-Amz-Date, whatever X-Amz-Expires says
)

func newTokenCommand(app *App) *cobra.Command {
	f := &tokenFlags{}
	command := &cobra.Command{
		Use:   "token -i CLUSTER",
		Short: "Print a Kubernetes token, as aws-iam-authenticator token does",
		Long: `Print a bearer token for a cluster: a presigned STS GetCallerIdentity request. It is a drop-in replacement of
` + "`aws-iam-authenticator token`" + `, also when this binary is called aws-iam-authenticator or
heptio-authenticator-aws, and takes credentials from the environment and profiles as the AWS SDK for Go does.`,
		Args: cobra.NoArgs,
	}
	flags := command.Flags()
	flags.StringVarP(&f.cluster, "cluster-id", "i", app.env("KUBERNETES_AWS_AUTHENTICATOR_CLUSTER_ID"), "`name` of the cluster that the token is for")
	flags.StringVarP(&f.role, "role", "r", app.env("DEFAULT_ROLE"), "`ARN` of a role to assume before signing")
	flags.StringVarP(&f.externalID, "external-id", "e", "", "external `ID` for assuming the role")
	flags.StringVarP(&f.sessionName, "session-name", "s", "", "session `name` for assuming the role")
	flags.StringVar(&f.region, "region", "", "AWS region of the STS endpoint (default from the AWS configuration, then us-east-1)")
	flags.StringVar(&f.profile, "profile", "", "AWS profile, stronger than credentials in the environment")
	flags.StringVar(&f.signingTime, "signing-time", "", "sign as if it were this `time` (RFC 3339), to reproduce a wrong clock or an old token")
	flags.IntVar(&f.expires, "expires", 60, "X-Amz-Expires, 0 to 900 `seconds`; a token lives 15 minutes whatever it says, but is another one with another value")
	flags.BoolVar(&f.tokenOnly, "token-only", false, "print the token alone, for tools that take a bearer token")
	flags.BoolVar(&f.forwardSessionName, "forward-session-name", false, "with --role: keep the session name of the assumed role that is calling")
	flags.BoolVar(&f.cache, "cache", false, "accepted for compatibility; nothing is cached on disk")
	command.RunE = func(cmd *cobra.Command, _ []string) error { return app.token(cmd.Context(), f) }
	return command
}

// newAuthenticatorCommand is the command line under upstream's names.
func newAuthenticatorCommand(app *App) *cobra.Command {
	root := &cobra.Command{
		Use:           "aws-iam-authenticator",
		Short:         "The token command of aws-iam-authenticator, by eksemu",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(newTokenCommand(app), newVersionCommand(app))
	return root
}

func (app *App) env(name string) string {
	value, _ := app.LookupEnv(name)
	return value
}

func (app *App) token(ctx context.Context, f *tokenFlags) error {
	switch {
	case f.cluster == "":
		return errors.New("cluster ID not specified: give the cluster's name with -i")
	case f.forwardSessionName && f.sessionName != "":
		return errors.New("--forward-session-name and --session-name exclude each other")
	}
	if f.expires < 0 || f.expires > 900 { // upstream pkg/token/token.go, Verify
		return fmt.Errorf("--expires %d: the authenticator takes 0 to 900", f.expires)
	}
	now := app.Now()
	if f.signingTime != "" {
		var err error
		if now, err = time.Parse(time.RFC3339, f.signingTime); err != nil {
			return fmt.Errorf("--signing-time: %w", err)
		}
	}
	cfg, err := app.awsConfig(ctx, f)
	if err != nil {
		return exitWith(ExitMismatch, fmt.Errorf("could not get token: %w", err))
	}
	token, err := presign(ctx, cfg, f.cluster, now, f.expires)
	if err != nil {
		return exitWith(ExitMismatch, fmt.Errorf("could not get token: %w", err))
	}
	if f.tokenOnly {
		fmt.Fprintln(app.Out, token)
		return nil
	}
	return app.printExecCredential(token, now.Add(presignedURLLife-time.Minute))
}

// awsConfig loads the AWS configuration, and assumes the role if one is asked for.
func (app *App) awsConfig(ctx context.Context, f *tokenFlags) (aws.Config, error) {
	options := []func(*awsconfig.LoadOptions) error{
		awsconfig.WithAssumeRoleCredentialOptions(func(o *stscreds.AssumeRoleOptions) { o.TokenProvider = app.askMFA }),
	}
	if f.profile != "" {
		options = append(options, awsconfig.WithSharedConfigProfile(f.profile))
	}
	if f.region != "" {
		options = append(options, awsconfig.WithRegion(f.region))
	}
	cfg, err := awsconfig.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return cfg, err
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1" // as upstream does outside of EC2
	}
	if f.role == "" {
		return cfg, nil
	}
	client := sts.NewFromConfig(cfg)
	session := f.sessionName
	if f.forwardSessionName {
		if session, err = callerSessionName(ctx, client); err != nil {
			return cfg, err
		}
	}
	cfg.Credentials = stscreds.NewAssumeRoleProvider(client, f.role, func(o *stscreds.AssumeRoleOptions) {
		if session != "" {
			o.RoleSessionName = session
		}
		if f.externalID != "" {
			o.ExternalID = aws.String(f.externalID)
		}
	})
	return cfg, nil
}

func (app *App) askMFA() (string, error) {
	fmt.Fprint(app.ErrOut, "Assume Role MFA token code: ")
	var code string
	_, err := fmt.Fscanln(app.In, &code)
	return code, err
}

// presign makes the token with the SDK's own STS client, so that endpoint overrides, FIPS and dual-stack settings
// act as they do in aws-iam-authenticator. X-Amz-Expires is 60 there and means nothing to STS.
func presign(ctx context.Context, cfg aws.Config, cluster string, now time.Time, expires int) (string, error) {
	client := sts.NewPresignClient(sts.NewFromConfig(cfg))
	signed, err := client.PresignGetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}, func(o *sts.PresignOptions) {
		o.Presigner = presignerAt{o.Presigner, now}
		o.ClientOptions = append(o.ClientOptions, sts.WithAPIOptions(
			smithyhttp.SetHeaderValue(clusterIDHeader, cluster),
			smithyhttp.SetHeaderValue("X-Amz-Expires", strconv.Itoa(expires)),
		))
	})
	if err != nil {
		return "", err
	}
	return tokenPrefix + base64.RawURLEncoding.EncodeToString([]byte(signed.URL)), nil
}

// presignerAt presigns with a time of its own.
type presignerAt struct {
	sts.HTTPPresignerV4
	now time.Time
}

// PresignHTTP implements sts.HTTPPresignerV4.
func (p presignerAt) PresignHTTP(ctx context.Context, credentials aws.Credentials, r *http.Request, payloadHash, service, region string, _ time.Time, options ...func(*v4.SignerOptions)) (string, http.Header, error) {
	return p.HTTPPresignerV4.PresignHTTP(ctx, credentials, r, payloadHash, service, region, p.now, options...)
}

// execCredential is the answer of an exec plugin
// (https://kubernetes.io/docs/reference/config-api/client-authentication.v1/).
type execCredential struct {
	Kind       string               `json:"kind"`
	APIVersion string               `json:"apiVersion"`
	Spec       struct{}             `json:"spec"`
	Status     execCredentialStatus `json:"status"`
}

type execCredentialStatus struct {
	ExpirationTimestamp string `json:"expirationTimestamp"`
	Token               string `json:"token"`
}

// printExecCredential answers in the version that KUBERNETES_EXEC_INFO asks for, v1beta1 without it, as upstream.
func (app *App) printExecCredential(token string, expires time.Time) error {
	answer := execCredential{
		Kind:       "ExecCredential",
		APIVersion: "client.authentication.k8s.io/v1beta1",
		Status:     execCredentialStatus{expires.UTC().Format(time.RFC3339), token},
	}
	var info struct {
		APIVersion string `json:"apiVersion"`
	}
	if raw := app.env("KUBERNETES_EXEC_INFO"); raw != "" {
		if err := json.Unmarshal([]byte(raw), &info); err == nil && info.APIVersion != "" {
			answer.APIVersion = info.APIVersion
		}
	}
	return json.NewEncoder(app.Out).Encode(answer)
}
