package ec2

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/sts-fake/awsquery"
)

// fleet makes n instances, sorted by ID.
func fleet(n int) []Instance {
	instances := make([]Instance, n)
	for i := range instances {
		instances[i] = Instance{
			InstanceID:     fmt.Sprintf("i-%017x", i+1),
			PrivateDNSName: fmt.Sprintf("ip-10-0-0-%d.us-west-2.compute.internal", i+1),
			PrivateIP:      fmt.Sprintf("10.0.0.%d", i+1),
			AccountID:      "111122223333",
			Region:         "us-west-2",
		}
	}
	return instances
}

func decode(t *testing.T, query string) awsquery.Params {
	t.Helper()
	params, err := awsquery.Decode(query)
	if err != nil {
		t.Fatal(err)
	}
	return params
}

func ids(p page) string {
	var short []string
	for _, i := range p.instances {
		short = append(short, strings.TrimLeft(strings.TrimPrefix(i.InstanceID, "i-"), "0"))
	}
	return strings.Join(short, " ")
}

func TestDescribeInstances(t *testing.T) {
	t.Parallel()
	const first, third, absent, absent2 = "i-00000000000000001", "i-00000000000000003", "i-0123456789abcdef0", "i-01234567"
	tests := map[string]struct {
		query string
		want  string // IDs without their zeros, or the refusal
	}{
		"all":                      {"", "1 2 3 4 5 6"},
		"one by ID":                {"InstanceId.1=" + third, "3"},
		"two by ID":                {"InstanceId.1=" + third + "&InstanceId.2=" + first, "1 3"},
		"the same ID twice":        {"InstanceId.1=" + third + "&InstanceId.2=" + third, "3"},
		"unknown":                  {"InstanceId.1=" + absent, "InvalidInstanceID.NotFound: The instance ID 'i-0123456789abcdef0' does not exist"},
		"two unknown":              {"InstanceId.1=" + absent + "&InstanceId.2=" + first + "&InstanceId.3=" + absent2, "InvalidInstanceID.NotFound: The instance IDs 'i-0123456789abcdef0, i-01234567' do not exist"},
		"malformed":                {"InstanceId.1=" + first + "&InstanceId.2=ma1", `InvalidInstanceID.Malformed: Invalid id: "ma1"`},
		"empty ID":                 {"InstanceId.1=", `InvalidInstanceID.Malformed: Invalid id: ""`},
		"upper-case ID":            {"InstanceId.1=i-0123456789ABCDEF0", `InvalidInstanceID.Malformed: Invalid id: "i-0123456789ABCDEF0"`},
		"malformed before unknown": {"InstanceId.1=" + absent + "&InstanceId.2=x", `InvalidInstanceID.Malformed: Invalid id: "x"`},
		"filter by DNS name":       {"Filter.1.Name=private-dns-name&Filter.1.Value.1=ip-10-0-0-2.us-west-2.compute.internal", "2"},
		"filter with two values":   {"Filter.1.Name=instance-id&Filter.1.Value.1=" + first + "&Filter.1.Value.2=" + third, "1 3"},
		"filter that finds none":   {"Filter.1.Name=instance-id&Filter.1.Value.1=" + absent, ""},
		"filter with wildcards":    {"Filter.1.Name=private-dns-name&Filter.1.Value.1=ip-*-?.*.internal", "1 2 3 4 5 6"},
		"two filters":              {"Filter.1.Name=instance-id&Filter.1.Value.1=*3&Filter.2.Name=private-dns-name&Filter.2.Value.1=ip-10-0-0-2.*", ""},
		"filter without a value":   {"Filter.1.Name=instance-id", ""},
		"filter that is not here":  {"Filter.1.Name=tag:Name&Filter.1.Value.1=x", "InvalidParameterValue: The filter 'tag:Name' is not emulated by eksemu; it knows instance-id and private-dns-name"},
		"page":                     {"MaxResults=5", "1 2 3 4 5"},
		"largest page":             {"MaxResults=5000", "1 2 3 4 5 6"},
		"page too small":           {"MaxResults=1", "InvalidParameterValue: Value ( 1 ) for parameter maxResults is invalid. Expecting a value greater than 5."},
		"page without a number":    {"MaxResults=many", "InvalidParameterValue: Value ( many ) for parameter maxResults is invalid. Expecting a number."},
		"page of IDs":              {"MaxResults=5&InstanceId.1=" + first, "InvalidParameterCombination: The parameter instancesSet cannot be used with the parameter maxResults"},
		"bad token":                {"NextToken=bm9wZQ", "InvalidParameterValue: The NextToken is invalid."},
		"dry run":                  {"DryRun=true", "DryRunOperation: Request would have succeeded, but DryRun flag is set."},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := describeInstances(decode(t, test.query), fleet(6))
			got := ids(found)
			if err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDescribeInstancesPages(t *testing.T) {
	t.Parallel()
	var seen []string
	query := url.Values{"MaxResults": {"5"}}
	for {
		found, err := describeInstances(decode(t, query.Encode()), fleet(12))
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, ids(found))
		if found.nextToken == "" {
			break
		}
		query.Set("NextToken", found.nextToken)
	}
	if diff := cmp.Diff([]string{"1 2 3 4 5", "6 7 8 9 a", "b c"}, seen); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
}

func TestWildcardMatch(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true}, {"", "a", false}, {"a", "", false}, {"*", "", true}, {"**", "ab", true}, {"?", "", false},
		{"a*b*c", "a-b-b-c", true}, {"a*b*c", "a-b-b-c-d", false}, {"*.internal", "x.internal", true},
		{"a.c", "abc", false}, {"[a]", "a", false}, {`\*`, `\anything`, true}, {"?\xff", "a\xff", true},
	} {
		if got := wildcardMatch(test.pattern, test.s); got != test.want {
			t.Errorf("wildcardMatch(%q, %q) = %v, want %v", test.pattern, test.s, got, test.want)
		}
	}
}

// FuzzDescribeInstances checks that every parameter list gets an answer or one of EC2's refusals.
func FuzzDescribeInstances(f *testing.F) {
	f.Add("InstanceId.1=i-00000000000000001")
	f.Add("Filter.1.Name=private-dns-name&Filter.1.Value.1=*-2.*")
	f.Add("MaxResults=5&NextToken=RGVzY3JpYmVJbnN0YW5jZXM6aS0x")
	f.Fuzz(func(t *testing.T, query string) {
		params, err := awsquery.Decode(query)
		if err != nil {
			return
		}
		_, err = describeInstances(params, fleet(6))
		var refusal *awsquery.Error
		if err != nil && (!errors.As(err, &refusal) || refusal.Status < 400 || refusal.Code == "") {
			t.Errorf("%q: error %v is no refusal", query, err)
		}
	})
}

func TestCheckInstances(t *testing.T) {
	t.Parallel()
	if err := checkInstances(fleet(3)); err != nil {
		t.Errorf("good instances: %v", err)
	}
	err := checkInstances([]Instance{{InstanceID: "i-1", PrivateIP: "::1", AccountID: "1"}, fleet(1)[0], fleet(1)[0]})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		`the ID "i-1" must be`, "the private DNS name is missing", `"::1" is no IPv4 address`,
		`the account ID "1" must have 12 digits`, "the region is missing", `"i-00000000000000001" is listed twice`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q:\n%v", want, err)
		}
	}
}
