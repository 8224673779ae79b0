package config_test

import (
	"bytes"
	"strings"
	"testing"

	"gotest.tools/v3/golden"

	"github.com/eksemu/eksemu/emulator/config"
)

func TestAWSConfig(t *testing.T) {
	t.Parallel()
	env := config.Default()
	env.Roles[0].ExternalID = "a-shared-word"
	env.Users[1].AccessKeys = []config.AccessKey{
		{ID: "AKIAIOSFODNN7EXAMPLE", Secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", Status: config.KeyInactive},
		{ID: "AKIAI44QH8DHBEXAMPLE", Secret: "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY", Status: config.KeyActive},
	}
	env.Users[4].AccessKeys = nil
	configuration, credentials := env.AWSConfig([]string{"/opt/my tools/eksemu", "instance-credentials", "--name", `a"$b`})
	golden.Assert(t, string(configuration), "aws-config.golden")
	golden.Assert(t, string(credentials), "aws-credentials.golden")
	again, _ := env.AWSConfig([]string{"/opt/my tools/eksemu", "instance-credentials", "--name", `a"$b`})
	if !bytes.Equal(configuration, again) {
		t.Error("another rendering differs")
	}
}

func TestDefaultProfile(t *testing.T) {
	t.Parallel()
	role := config.Default()
	role.Clusters[0].Creator = "some-other-role"
	noCluster := config.Default()
	noCluster.Clusters = nil
	nobody := &config.Environment{Region: "us-west-2"}
	for _, test := range []struct {
		env         *config.Environment
		name, start string
	}{
		{config.Default(), "trurl", "\n[default]\nregion = us-west-2\n\n[profile trurl]\nregion = us-west-2\n"},
		{noCluster, "trurl", "\n[default]\nregion = us-west-2\n\n[profile trurl]"},
		{role, "some-other-role", "\n[default]\nregion = us-west-2\nrole_arn = arn:aws:iam::111122223333:role/some-other-role\nsource_profile = trurl\n\n[profile trurl]"},
		{nobody, "", ""},
	} {
		if got := test.env.DefaultIdentity(); got != test.name {
			t.Errorf("default identity %q, want %q", got, test.name)
		}
		text, _ := test.env.AWSConfig(nil)
		_, rest, _ := strings.Cut(string(text), "\n")
		if !strings.HasPrefix(rest, test.start) {
			t.Errorf("configuration begins\n%s\nwant\n%s", rest, test.start)
		}
	}
	if _, ok := nobody.Identity("trurl"); ok {
		t.Error("an identity in an empty environment")
	}
}
