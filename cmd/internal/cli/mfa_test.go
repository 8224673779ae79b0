package cli

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"testing"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/eksemu/eksemu/emulator"
)

const mfaEnvironment = `apiVersion: eksemu/v1alpha1
kind: Environment
users:
  - {name: trurl, mfaDevices: [{name: trurls-phone}]}
  - {name: zoe, mfaDevices: [{name: phone}, {serialNumber: GAHT12345678}]}
  - name: bob
roles:
  - name: guarded
    sourceProfile: zoe
    mfaSerial: GAHT12345678
    trustPolicy:
      Version: "2012-10-17"
      Statement: [{Effect: Allow, Principal: {AWS: "arn:aws:iam::111122223333:root"}, Action: sts:AssumeRole}]
`

// TestMFA uses a device whose seed nobody wrote, also after the clock has moved by days.
func TestMFA(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "env.yaml")
	write(t, file, mfaEnvironment)
	w, _, _ := runningSTS(t, "--name", "default", "--config", file)
	const trurls, zoes = "arn:aws:iam::111122223333:mfa/trurls-phone", "arn:aws:iam::111122223333:mfa/phone"
	for _, offset := range []string{"0s", "10m"} {
		w.run("clock", "advance", offset).want(t, ExitOK, "")
		for which, serial := range map[string]string{"trurl": trurls, trurls: trurls} {
			got := w.run("mfa", which)
			got.want(t, ExitOK, "")
			if !regexp.MustCompile(`^[0-9]{6}\n$`).MatchString(got.out) {
				t.Fatalf("mfa %s prints %q", which, got.out)
			}
			if refusal := w.sessionWithMFA(t, "trurl", serial, got.out[:6]); refusal != "" {
				t.Errorf("%s ahead, mfa %s: %s", offset, which, refusal)
			}
		}
	}
	var code emulator.MFACode
	got := w.run("mfa", "guarded", "-o", "json")
	got.want(t, ExitOK, "")
	if err := json.Unmarshal([]byte(got.out), &code); err != nil || code.SerialNumber != "GAHT12345678" || code.User != "zoe" || code.SecondsLeft < 1 || code.SecondsLeft > 30 {
		t.Errorf("the role's profile: %s, %v", got.out, err)
	}
	w.run("mfa", "zoe").want(t, ExitMismatch, "error: zoe has 2 MFA devices: give the serial number of one, "+zoes+" or GAHT12345678\n")
	for _, nobody := range []string{"bob", "nobody", ""} {
		w.run("mfa", nobody).want(t, ExitMismatch, "error: \""+nobody+"\" is neither a user with an MFA device, nor a role with an mfaSerial, nor a serial number: `eksemu mfa` lists the devices\n")
	}
	got = w.run("mfa")
	got.want(t, ExitOK, "")
	if !regexp.MustCompile(`^USER   SERIAL  +CODE    SECONDS LEFT
trurl  ` + trurls + `  [0-9]{6}  [0-9]{1,2}
zoe    ` + zoes + `  +[0-9]{6}  [0-9]{1,2}
zoe    GAHT12345678  +[0-9]{6}  [0-9]{1,2}
$`).MatchString(got.out) {
		t.Errorf("the table is\n%s", got.out)
	}
	var all []emulator.MFACode
	if got = w.run("mfa", "-o", "json"); json.Unmarshal([]byte(got.out), &all) != nil || len(all) != 3 {
		t.Errorf("as JSON: %s", got.out)
	}
}

func TestMFAOfNobody(t *testing.T) {
	t.Parallel()
	w, _, _ := runningSTS(t, "--name", "default")
	w.run("mfa").want(t, ExitOK, "no user has an MFA device: give one mfaDevices in the environment file (`eksemu config init` shows how)\n")
	if got := w.run("mfa", "-o", "json"); got.out != "[]\n" {
		t.Errorf("as JSON: %q", got.out)
	}
}

// sessionWithMFA is GetSessionToken with a code; the refusal is "" if there is none.
func (w *world) sessionWithMFA(t *testing.T, profile, serial, code string) (refusal string) {
	t.Helper()
	dir := filepath.Join(w.StateHome, "default")
	client, err := emulator.Attach(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	files := emulator.Layout{Dir: dir}
	cfg, err := awsconfig.LoadDefaultConfig(t.Context(),
		awsconfig.WithSharedConfigFiles([]string{files.AWSConfig()}), awsconfig.WithSharedCredentialsFiles([]string{files.AWSCredentials()}),
		awsconfig.WithSharedConfigProfile(profile), awsconfig.WithBaseEndpoint(client.Runtime.Gateway))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sts.NewFromConfig(cfg).GetSessionToken(t.Context(), &sts.GetSessionTokenInput{SerialNumber: &serial, TokenCode: &code}); err != nil {
		return err.Error()
	}
	return ""
}
