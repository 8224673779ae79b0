package emulator

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gotest.tools/v3/golden"

	"github.com/eksemu/eksemu/emulator/kube"
)

func TestCorefile(t *testing.T) {
	t.Parallel()
	services := []string{"ec2", "eks", "sts"}
	const plain = ".:53 {\n    errors\n    health {\n       lameduck 5s\n    }\n    forward . /etc/resolv.conf\n}\n"
	first, ok := withNames(plain, services, "10.100.1.2")
	if !ok {
		t.Fatal("no server block")
	}
	golden.Assert(t, first, "corefile.txt")
	if again, ok := withNames(first, services, "10.100.1.2"); !ok || again != first {
		t.Errorf("a second time (-first +second):\n%s", cmp.Diff(first, again))
	}
	moved, ok := withNames(first, services, "10.100.3.4")
	if !ok || strings.Contains(moved, "10.100.1.2") || strings.Replace(moved, "10.100.3.4", "10.100.1.2", 1) != first {
		t.Errorf("at another address (-first +moved):\n%s", cmp.Diff(first, moved))
	}
	for _, other := range []string{"", "example.org:53 {\n    errors\n}\n"} {
		if changed, ok := withNames(other, services, "10.100.1.2"); ok || changed != other {
			t.Errorf("%q became %q", other, changed)
		}
	}
}

// TestCorefileMatchesEndpoints: pods find exactly the names that are answered for.
func TestCorefileMatchesEndpoints(t *testing.T) {
	t.Parallel()
	e := awsEnvironment(t)
	corefile, _ := withNames(".:53 {\n}\n", e.aws.emulatedServices(), "10.100.1.2")
	match := regexp.MustCompile(`(?m)match (.*)$`).FindStringSubmatch(corefile)
	names := regexp.MustCompile(match[1])
	for _, name := range []string{
		"sts.us-west-2.amazonaws.com", "sts.amazonaws.com", "sts-fips.us-east-1.amazonaws.com", "sts.us-west-2.api.aws", "sts.cn-north-1.amazonaws.com.cn",
		"eks.us-west-2.amazonaws.com", "fips.eks.us-west-2.amazonaws.com", "eks.us-west-2.api.aws", "ec2.us-west-2.amazonaws.com",
		"oidc.eks.us-west-2.amazonaws.com",
	} {
		if e.aws.handler(name) == nil || !names.MatchString(name+".") {
			t.Errorf("%s is not led here", name)
		}
	}
	for _, name := range []string{
		"s3.us-west-2.amazonaws.com", "bucket.s3.us-west-2.amazonaws.com", "111122223333.dkr.ecr.us-west-2.amazonaws.com",
		"x.sts.us-west-2.amazonaws.com", "sts.us-west-2.amazonaws.com.evil.example", "mysts.us-west-2.amazonaws.com", "example.com",
	} {
		if names.MatchString(name + ".") {
			t.Errorf("%s is led here", name)
		}
	}
}

func TestNodeNames(t *testing.T) {
	t.Parallel()
	got := awsEnvironment(t).nodeNames()
	for _, want := range []string{"sts.us-west-2.amazonaws.com", "sts.amazonaws.com", "eks.us-west-2.amazonaws.com", "oidc.eks.us-west-2.amazonaws.com"} {
		if !slices.Contains(got, want) {
			t.Errorf("no %s in %v", want, got)
		}
	}
}

func TestNamesManifest(t *testing.T) {
	t.Parallel()
	manifest, err := namesManifest("172.18.0.1", 21362, []byte("the CA\n"))
	if err != nil {
		t.Fatal(err)
	}
	golden.Assert(t, string(manifest), "names-manifest.txt")
	objects, err := kube.Decode(manifest)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range objects {
		got = append(got, o.GetKind()+" "+o.GetNamespace()+"/"+o.GetName())
	}
	want := []string{"Service kube-system/eksemu-aws", "EndpointSlice kube-system/eksemu-aws", "ConfigMap default/eksemu-ca", "ConfigMap kube-public/eksemu-ca"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
}

// FuzzWithNames: what is written into a Corefile is found again and replaced, and nothing else of it changes.
func FuzzWithNames(f *testing.F) {
	f.Add(".:53 {\n    errors\n    forward . /etc/resolv.conf\n}\n")
	f.Add("example.org:53 {\n}\n.:53 {\n}\n.:53 {\n}\n")
	f.Fuzz(func(t *testing.T, corefile string) {
		if strings.Contains(corefile, beginNames) {
			t.Skip("somebody wrote eksemu's marks")
		}
		services := []string{"ec2", "sts"}
		first, ok := withNames(corefile, services, "10.100.1.2")
		if !ok {
			if first != corefile {
				t.Errorf("%q became %q", corefile, first)
			}
			return
		}
		before, rest, _ := strings.Cut(first, beginNames)
		_, after, _ := strings.Cut(rest, endNames)
		if before+after != corefile {
			t.Errorf("%q became %q", corefile, first)
		}
		if again, ok := withNames(first, services, "10.100.1.2"); !ok || again != first {
			t.Errorf("a second time (-first +second):\n%s", cmp.Diff(first, again))
		}
	})
}
