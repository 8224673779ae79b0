package stsfake_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
)

// sdkCredentials are the credentials of an answer.
func sdkCredentials(c *types.Credentials) aws.Credentials {
	return aws.Credentials{AccessKeyID: *c.AccessKeyId, SecretAccessKey: *c.SecretAccessKey, SessionToken: *c.SessionToken}
}

type fixedToken string

func (f fixedToken) GetIdentityToken() ([]byte, error) { return []byte(f), nil }

// A pod's way to its role: a token, nothing else.
func TestSDKWebIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.serve(t)
	anonymous := client(aws.Credentials{}, func(o *sts.Options) { o.Credentials = aws.AnonymousCredentials{} })
	out, err := anonymous.AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String(appRoleARN), RoleSessionName: aws.String("pod"), WebIdentityToken: aws.String(w.idToken(t, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if *out.SubjectFromWebIdentityToken != appSubject || *out.Provider != providerARN || *out.Audience != "sts.amazonaws.com" {
		t.Errorf("got %+v", out)
	}
	if arn, _ := identity(t.Context(), t, client(sdkCredentials(out.Credentials))); arn != *out.AssumedRoleUser.Arn {
		t.Errorf("got %s", arn)
	}
	provider := stscreds.NewWebIdentityRoleProvider(anonymous, appRoleARN, fixedToken(w.idToken(t, nil)))
	credentials, err := provider.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	identity(t.Context(), t, client(credentials))

	_, err = anonymous.AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String(appRoleARN), RoleSessionName: aws.String("pod"), WebIdentityToken: aws.String(w.idToken(t, map[string]any{"exp": 1})),
	}, once)
	if api := wantAPIError(t, err, 400, "ExpiredTokenException"); !strings.HasPrefix(api.ErrorMessage(), "Token expired: current date/time ") {
		t.Errorf("got %q", api.ErrorMessage())
	}
}

func TestSDKSessionsOfUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.serve(t)
	session, err := client(*klapaucius(t)).GetSessionToken(t.Context(), &sts.GetSessionTokenInput{
		DurationSeconds: aws.Int32(900), SerialNumber: aws.String(deviceSerial), TokenCode: aws.String(w.code(t)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := w.clock().Add(15 * time.Minute).Truncate(time.Second); !session.Credentials.Expiration.Equal(want) || *session.SessionTokenSize != int32(len(*session.Credentials.SessionToken)) {
		t.Errorf("got %+v", session)
	}
	if arn, _ := identity(t.Context(), t, client(sdkCredentials(session.Credentials))); arn != klapauciusARN {
		t.Errorf("got %s", arn)
	}
	role, err := client(sdkCredentials(session.Credentials)).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(deviceRoleARN), RoleSessionName: aws.String("me")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client(sdkCredentials(role.Credentials), once).GetSessionToken(t.Context(), &sts.GetSessionTokenInput{})
	_ = wantAPIError(t, err, 403, "AccessDenied")

	guest, err := client(*klapaucius(t)).GetFederationToken(t.Context(), &sts.GetFederationTokenInput{
		Name: aws.String("guest"), Policy: aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`),
		Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	arn, id := identity(t.Context(), t, client(sdkCredentials(guest.Credentials)))
	if arn != guestARN || arn != *guest.FederatedUser.Arn || id != account+":guest" || *guest.SessionTokenUtilization < 1 {
		t.Errorf("got %s, %s, %+v", arn, id, guest)
	}
	_, err = client(sdkCredentials(guest.Credentials), once).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(devARN), RoleSessionName: aws.String("me")})
	_ = wantAPIError(t, err, 403, "AccessDenied")
}

func TestSDKOtherOperations(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.serve(t)
	info, err := client(trurl(t)).GetAccessKeyInfo(t.Context(), &sts.GetAccessKeyInfoInput{AccessKeyId: aws.String(klapaucius(t).AccessKeyID)})
	if err != nil || *info.Account != account {
		t.Errorf("got %+v, %v", info, err)
	}
	message, err := w.store.SealMessage(`{"allowed":false}`)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := client(*klapaucius(t)).DecodeAuthorizationMessage(t.Context(), &sts.DecodeAuthorizationMessageInput{EncodedMessage: &message})
	if err != nil || *decoded.DecodedMessage != `{"allowed":false}` {
		t.Errorf("got %+v, %v", decoded, err)
	}
	_, err = client(*klapaucius(t), once).DecodeAuthorizationMessage(t.Context(), &sts.DecodeAuthorizationMessageInput{EncodedMessage: aws.String("x")})
	_ = wantAPIError(t, err, 400, "InvalidAuthorizationMessageException")
	_, err = client(trurl(t), once).AssumeRoot(t.Context(), &sts.AssumeRootInput{
		TargetPrincipal: aws.String(other), TaskPolicyArn: &types.PolicyDescriptorType{Arn: aws.String("arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials")},
	})
	_ = wantAPIError(t, err, 403, "AccessDenied")
	_, err = client(trurl(t), once).AssumeRoleWithSAML(t.Context(), &sts.AssumeRoleWithSAMLInput{
		RoleArn: aws.String(appRoleARN), PrincipalArn: aws.String("arn:aws:iam::111122223333:saml-provider/x"), SAMLAssertion: aws.String("PHNhbWw+"),
	})
	_ = wantAPIError(t, err, 403, "AccessDenied")
	_, err = client(trurl(t), once).GetDelegatedAccessToken(t.Context(), &sts.GetDelegatedAccessTokenInput{TradeInToken: aws.String("x")})
	_ = wantAPIError(t, err, 403, "AccessDenied")
	_, err = client(trurl(t), once).GetWebIdentityToken(t.Context(), &sts.GetWebIdentityTokenInput{Audience: []string{"me"}, SigningAlgorithm: aws.String("ES384")})
	_ = wantAPIError(t, err, 403, "AccessDenied")
}

// The SDK signs with SigV4A if it is told to prefer that (spec/sts.md section 1.6) [D].
func TestSDKPrefersSigV4A(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.serve(t)
	v4a := func(o *sts.Options) { o.AuthSchemePreference = []string{"sigv4a"} }
	for range 2 { // the second time with a key from the cache
		if arn, _ := identity(t.Context(), t, client(trurl(t), v4a)); arn != trurlARN {
			t.Errorf("got %s", arn)
		}
		call := w.lastCall(t)
		if !strings.HasPrefix(call.Request.Header.Get("Authorization"), "AWS4-ECDSA-P256-SHA256 ") || call.Principal != trurlARN || call.AccessKeyID != trurl(t).AccessKeyID {
			t.Errorf("observed %+v", call)
		}
	}
	wrong := trurl(t)
	wrong.SecretAccessKey = "wrong"
	_, err := client(wrong, v4a, once).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	_ = wantAPIError(t, err, 403, "SignatureDoesNotMatch")
	w.gate.Region = "eu-central-1" // the requests before are done; the SDK's region set is us-west-2
	_, err = client(trurl(t), v4a, once).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if api := wantAPIError(t, err, 403, "SignatureDoesNotMatch"); api.ErrorMessage() != invalidRegion {
		t.Errorf("got %q", api.ErrorMessage())
	}
}
