package emulator

import (
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

const (
	carolKey    = "AKIACAROLEXAMPLE0000"
	carolSecret = "carolsSecretKeyEXAMPLE/carolsSecretKeyEX"
)

// testOverlay adds a user with a key of its own, a role and an instance.
func testOverlay() config.Overlay {
	return config.Overlay{
		Users: []config.User{{Name: "carol", AccessKeys: []config.AccessKey{{ID: carolKey, Secret: carolSecret}}}},
		Roles: []config.Role{{
			Name: "deployer", SourceProfile: "carol", MaxSessionDuration: 2 * time.Hour,
			TrustPolicy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/carol"},"Action":"sts:AssumeRole"}]}`,
		}},
		Instances: []config.Instance{{ID: "i-0fedcba9876543210", Role: "my-node-role", PrivateDNSName: "ip-192-168-1-2.us-west-2.compute.internal"}},
	}
}

var carol = aws.Credentials{AccessKeyID: carolKey, SecretAccessKey: carolSecret}

// profiles are the AWS files as they are now.
func (e *Environment) profiles(t *testing.T) string {
	t.Helper()
	return read(t, e.files.AWSConfig()) + read(t, e.files.AWSCredentials())
}

func refusedWith(err error, code string) bool {
	var refusal smithy.APIError
	return errors.As(err, &refusal) && refusal.ErrorCode() == code
}

func TestIdentitiesComeAndGo(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	client := attached(t, e)
	before := e.profiles(t)
	undo, err := client.PutIdentities(t.Context(), testOverlay())
	if err != nil {
		t.Fatal(err)
	}
	if arn, err := e.whoami(t.Context(), carol); err != nil || arn != "arn:aws:iam::111122223333:user/carol" {
		t.Errorf("carol is %q, %v", arn, err)
	}
	for _, want := range []string{"[profile carol]", "[profile deployer]", "source_profile = carol", "[profile i-0fedcba9876543210]", carolKey} {
		if !strings.Contains(e.profiles(t), want) {
			t.Errorf("the profiles have no %q", want)
		}
	}
	if err := undo(t.Context()); err != nil {
		t.Fatal(err)
	}
	if arn, err := e.whoami(t.Context(), carol); !refusedWith(err, "InvalidClientTokenId") {
		t.Errorf("carol was removed and is %q, %v", arn, err)
	}
	if diff := cmp.Diff(before, e.profiles(t)); diff != "" {
		t.Errorf("profiles (-before +after):\n%s", diff)
	}
	if err := undo(t.Context()); err == nil || err.Error() != `no identities were added under "1"` {
		t.Errorf("a second removal: %v", err)
	}
	if _, err := client.PutIdentities(t.Context(), testOverlay()); err != nil {
		t.Errorf("they cannot be added again: %v", err)
	}
}

// TestIdentitiesLeaveOthersAlone removes one of two overlays.
func TestIdentitiesLeaveOthersAlone(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	first, err := e.aws.addIdentities(config.Overlay{Users: []config.User{{Name: "dave"}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.aws.addIdentities(testOverlay()); err != nil {
		t.Fatal(err)
	}
	if err := e.aws.removeIdentities(first); err != nil {
		t.Fatal(err)
	}
	if _, err := e.whoami(t.Context(), carol); err != nil {
		t.Errorf("carol: %v", err)
	}
	if strings.Contains(e.profiles(t), "dave") || !strings.Contains(e.profiles(t), "[profile deployer]") {
		t.Errorf("profiles:\n%s", e.profiles(t))
	}
	if _, err := e.whoami(t.Context(), keys(t, e.opts.Config, "alice")); err != nil {
		t.Errorf("alice: %v", err)
	}
}

// TestIdentitiesAllOrNone has something wrong with the last of several identities.
func TestIdentitiesAllOrNone(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, want string
		spoil      func(*config.Overlay, *Environment)
	}{
		{"a user that is there", `"alice"`, func(o *config.Overlay, _ *Environment) { o.Users = append(o.Users, config.User{Name: "alice"}) }},
		{"a key that is there", "access key", func(o *config.Overlay, e *Environment) {
			key := e.opts.Config.Users[0].AccessKeys[0]
			o.Users = append(o.Users, config.User{Name: "erin", AccessKeys: []config.AccessKey{key}})
		}},
		{"a trust policy that is none", "trustPolicy", func(o *config.Overlay, _ *Environment) { o.Roles[0].TrustPolicy = "{}" }},
		{"an instance of no role", `"missing-role"`, func(o *config.Overlay, _ *Environment) { o.Instances[0].Role = "missing-role" }},
		{"profiles that cannot be written", "aws/credentials", func(_ *config.Overlay, e *Environment) {
			_ = os.Remove(e.files.AWSCredentials())
			_ = os.MkdirAll(e.files.AWSCredentials()+"/in the way", 0o700)
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			e := publishedEnvironment(t)
			before, profiles := e.aws.store.Snapshot(), read(t, e.files.AWSConfig())
			overlay := testOverlay()
			tc.spoil(&overlay, e)
			id, err := e.aws.addIdentities(overlay)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("added as %q, error %v, want %s in it", id, err, tc.want)
			}
			after := e.aws.store.Snapshot()
			if !reflect.DeepEqual(before.Users, after.Users) || !reflect.DeepEqual(before.Roles, after.Roles) {
				t.Errorf("IAM has %+v\nand had %+v", after, before)
			}
			if diff := cmp.Diff(profiles, read(t, e.files.AWSConfig())); diff != "" {
				t.Errorf("profiles (-before +after):\n%s", diff)
			}
			if len(e.aws.overlays) > 0 || e.aws.config != e.opts.Config {
				t.Error("the environment counts them as added")
			}
		})
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	e := publishedEnvironment(t)
	client := attached(t, e)
	for name, want := range map[string]string{
		"i-0123456789abcdef0": "arn:aws:sts::111122223333:assumed-role/my-node-role/i-0123456789abcdef0",
		"my-cluster":          "arn:aws:sts::111122223333:assumed-role/my-cluster-role/my-cluster",
	} {
		raw, err := client.Credentials(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		var session struct {
			Version                                    int
			AccessKeyId, SecretAccessKey, SessionToken string // the names of credential_process
			Expiration                                 time.Time
		}
		decoder := json.NewDecoder(strings.NewReader(string(raw)))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&session); err != nil {
			t.Fatal(err)
		}
		if left := session.Expiration.Sub(e.opts.Now()); session.Version != 1 || left > 6*time.Hour || left < 5*time.Hour {
			t.Errorf("%s: version %d, %s left", name, session.Version, left)
		}
		by := aws.Credentials{AccessKeyID: session.AccessKeyId, SecretAccessKey: session.SecretAccessKey, SessionToken: session.SessionToken}
		if arn, err := e.whoami(t.Context(), by); err != nil || arn != want {
			t.Errorf("%s is %q, %v, want %s", name, arn, err, want)
		}
	}
}

func TestServiceProfile(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	const want = "[default]\nregion = us-west-2\ncredential_process = /opt/eksemu credentials-of my-cluster\n"
	if got := string(e.aws.serviceProfile("my-cluster")); got != want {
		t.Errorf("profile %q, want %q", got, want)
	}
	if diff := cmp.Diff([]string{"/opt/eksemu", "credentials-of"}, e.aws.processes); diff != "" {
		t.Errorf("the command was changed (-want +got):\n%s", diff)
	}
}

// TestIdentitiesOutliveNoCrash: the next start removes those of a run that was killed, and nothing else.
func TestIdentitiesOutliveNoCrash(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	withUser(t, e, "mine")
	overlay := testOverlay()
	overlay.OIDCProviders = []config.OIDCProvider{{URL: "https://issuer.example.com", ClientIDs: []string{"x"}}}
	if _, err := e.aws.addIdentities(overlay); err != nil {
		t.Fatal(err)
	}
	n := mustRestart(t, e)
	if _, err := n.aws.store.Role(accountARN + "role/deployer"); err == nil || hasUser(n, "carol") || !hasUser(n, "mine") {
		t.Errorf("carol %t, mine %t, deployer %v", hasUser(n, "carol"), hasUser(n, "mine"), err)
	}
	if providers := n.aws.store.OIDCProviders(); len(providers) > 0 {
		t.Errorf("identity providers %v", providers)
	}
	if _, err := n.aws.addIdentities(overlay); err != nil {
		t.Errorf("they cannot be added again: %v", err)
	}
}

// TestIdentitiesLeaveOthersNames: what callers of the IAM API made is neither replaced nor removed, also after a crash.
func TestIdentitiesLeaveOthersNames(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	trust, err := iam.ParsePolicy([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + accountARN + `user/trurl"},"Action":"sts:AssumeRole"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.aws.store.CreateRole(iam.Role{AccountID: "111122223333", Name: "deployer", TrustPolicy: trust}); err != nil {
		t.Fatal(err)
	}
	before := e.aws.store.Snapshot()
	seeded := e.state.read().Seeded
	_, err = e.aws.addIdentities(testOverlay())
	if !errors.Is(err, iam.ErrExists) || !strings.Contains(err.Error(), `role "deployer"`) {
		t.Errorf("error %v", err)
	}
	if !reflect.DeepEqual(before, e.aws.store.Snapshot()) || !reflect.DeepEqual(seeded, e.state.read().Seeded) {
		t.Errorf("IAM has %+v, noted are %v", e.aws.store.Snapshot(), e.state.read().Seeded)
	}
	if n := mustRestart(t, e); !reflect.DeepEqual(before.Roles, n.aws.store.Snapshot().Roles) {
		t.Errorf("after a restart IAM has %+v", n.aws.store.Snapshot().Roles)
	}
}

// TestIdentitiesAreForgotten once they are removed: others of their names are others.
func TestIdentitiesAreForgotten(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	seeded := e.state.read().Seeded
	id, err := e.aws.addIdentities(testOverlay())
	if err != nil {
		t.Fatal(err)
	}
	if err := e.aws.removeIdentities(id); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(seeded, e.state.read().Seeded); diff != "" {
		t.Errorf("notes (-before +after):\n%s", diff)
	}
	withUser(t, e, "carol")
	if n := mustRestart(t, e); !hasUser(n, "carol") {
		t.Error("the next start has removed somebody else's carol")
	}
}

// TestIdentitiesThatAScenarioDeletes are gone already when they are to be removed.
func TestIdentitiesThatAScenarioDeletes(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	seeded := e.state.read().Seeded
	overlay := testOverlay()
	overlay.OIDCProviders = []config.OIDCProvider{{URL: "https://issuer.example.com", ClientIDs: []string{"x"}}}
	id, err := e.aws.addIdentities(overlay)
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(e.aws.store.DeleteUser(accountARN+"user/carol"), e.aws.store.DeleteRole(accountARN+"role/deployer"),
		e.aws.store.DeleteOIDCProvider(accountARN+"oidc-provider/issuer.example.com"))
	if err != nil {
		t.Fatal(err)
	}
	if err := e.aws.removeIdentities(id); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(seeded, e.state.read().Seeded); diff != "" {
		t.Errorf("notes (-before +after):\n%s", diff)
	}
}

// TestIdentitiesWhileOthersRead: the configuration may change whenever somebody looks at it.
func TestIdentitiesWhileOthersRead(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	var readers sync.WaitGroup
	for range 5 {
		readers.Go(func() {
			_, _ = e.aws.clusterNamed("my-cluster")
			_ = e.aws.serviceProfile("my-cluster")
		})
	}
	if _, err := e.aws.addIdentities(testOverlay()); err != nil {
		t.Error(err)
	}
	readers.Wait()
}
