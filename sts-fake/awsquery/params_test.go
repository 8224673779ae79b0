package awsquery

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// assumeRole is the form of aws-sdk-go-v2/service/sts request_snapshot/AssumeRole.request.snap, shortened.
const assumeRole = "Action=AssumeRole&DurationSeconds=900&Tags.member.2.Key=b&Tags.member.2.Value=" +
	"&Tags.member.1.Key=a&Tags.member.1.Value=1&TransitiveTagKeys.member.1=a&TransitiveTagKeys.member.10=c" +
	"&TransitiveTagKeys.member.2=b&Version=2011-06-15"

func TestDecode(t *testing.T) {
	t.Parallel()
	p, err := Decode("Action=First&x=%41+%2b%C3%A9&flag&&empty=&a=b=c", "Action=Second&y=1")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Action": "First", "x": "A +é", "flag": "", "empty": "", "a": "b=c", "y": "1", "absent": "",
	} {
		if got := p.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if _, ok := p.Lookup("empty"); !ok {
		t.Error("an empty value counts as absent")
	}
	if _, ok := p.Lookup("absent"); ok {
		t.Error("an absent parameter counts as present")
	}
	var none Params
	if none.Get("x") != "" || none.Has("x") || len(none.Members("x")) != 0 {
		t.Error("the zero value has parameters")
	}
}

func TestLists(t *testing.T) {
	t.Parallel()
	p, err := Decode(assumeRole)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, p.Strings("TransitiveTagKeys.member")); diff != "" {
		t.Errorf("transitive tag keys (-want +got):\n%s", diff)
	}
	var tags []string
	for _, m := range p.Members("Tags.member") {
		tags = append(tags, m.Get("Key")+"="+m.Get("Value"))
	}
	if diff := cmp.Diff([]string{"a=1", "b="}, tags); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	if !p.Has("Tags") || p.Has("Tag") || !p.Has("Action") {
		t.Error("Has is wrong about Tags, Tag or Action")
	}
}

func TestEC2Lists(t *testing.T) {
	t.Parallel()
	p, err := Decode("InstanceId.2=i-2&InstanceId.1=i-1&InstanceId.0=no&InstanceId.01=no&InstanceId.x=no" +
		"&Filter.1.Name=private-dns-name&Filter.1.Value.1=a&Filter.1.Value.2=b")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"i-1", "i-2"}, p.Strings("InstanceId")); diff != "" {
		t.Errorf("instance IDs (-want +got):\n%s", diff)
	}
	filters := p.Members("Filter")
	if len(filters) != 1 || filters[0].Get("Name") != "private-dns-name" {
		t.Fatalf("got filters %v", filters)
	}
	if diff := cmp.Diff([]string{"a", "b"}, filters[0].Strings("Value")); diff != "" {
		t.Errorf("filter values (-want +got):\n%s", diff)
	}
}

func TestDecodeRefusals(t *testing.T) {
	t.Parallel()
	for list, want := range map[string]string{
		"a=%yy":                           "Illegal hex character in escape % pattern: %yy", // spec/sts.md 2.2, MalformedQueryString [S]
		"%4g=1":                           "Illegal hex character in escape % pattern: %4g",
		"a=%":                             "Incomplete trailing escape % sequence",
		"a=1%4":                           "Incomplete trailing escape % sequence",
		"x=1&%2":                          "Incomplete trailing escape % sequence",
		strings.Repeat("a&", MaxParams+1): "more than " + strconv.Itoa(MaxParams) + " parameters",
	} {
		_, err := Decode(list)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || syntax.Message != want {
			t.Errorf("%.20q: got %v, want %q", list, err, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(assumeRole, "Filter.1.Value.1=a")
	f.Add("a=%4", "%zz=")
	f.Add("a.1=x&a.1.b=y&a.99999999999999999999=z", "a.18446744073709551615=1")
	f.Fuzz(func(t *testing.T, query, form string) {
		p, err := Decode(query, form)
		if err != nil {
			if err.Error() == "" {
				t.Error("an error without a message")
			}
			return
		}
		for _, m := range p.Members("a") {
			m.Strings("b")
		}
		first := map[string]string{}
		for _, q := range p.list {
			if _, known := first[q.name]; !known {
				first[q.name] = q.value
			}
		}
		for name, value := range first {
			if got, ok := p.Lookup(name); !ok || got != value || !p.Has(name) {
				t.Errorf("%q is not found again", name)
			}
		}
	})
}
