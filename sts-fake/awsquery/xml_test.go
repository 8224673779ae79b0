package awsquery

import (
	"bytes"
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// reference is what encoding/xml makes of a document, with its quotes left as they are.
func reference(t *testing.T, root, namespace, indent string, children ...Member) string {
	t.Helper()
	var b bytes.Buffer
	enc := xml.NewEncoder(&b)
	enc.Indent("", indent)
	start := xml.StartElement{Name: xml.Name{Local: root}}
	if namespace != "" {
		start.Attr = []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: namespace}}
	}
	if err := enc.EncodeToken(start); err != nil {
		t.Fatal(err)
	}
	for _, c := range children {
		if err := enc.EncodeElement(c.Value, xml.StartElement{Name: xml.Name{Local: c.Name}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := enc.EncodeToken(start.End()); err != nil {
		t.Fatal(err)
	}
	if err := enc.Close(); err != nil {
		t.Fatal(err)
	}
	if indent != "" {
		b.WriteByte('\n')
	}
	return strings.NewReplacer("&#39;", "'", "&#34;", `"`).Replace(b.String())
}

// everything has a field of each kind that an answer may have.
type everything struct {
	Text      string
	Renamed   string `xml:"renamed"`
	Omitted   string `xml:",omitempty"`
	OmittedBy string `xml:"omittedBy,omitempty"`
	Number    int
	Unsigned  uint8
	Truth     bool `xml:"truth,omitempty"`
	At        Timestamp
	Pointer   *int
	Some      *string `xml:"some,omitempty"`
	Texts     []string
	Listed    []string `xml:"Listed>member"`
	Items     struct {
		Items []inner `xml:"item"`
	}
	Inner    inner
	Pointers []*inner `xml:"Pointers>member"`
	Empty    struct{}
	Embedded
	embedded
	unexported string
}

type Embedded struct {
	Deep string
	embeddedDeeper
}

type embeddedDeeper struct {
	Deeper string `xml:"deeper,omitempty"`
}

type embedded struct{ Size *int }

type inner struct {
	Key   string
	Value string `xml:"value"`
}

func values(text string, n int) []everything {
	full := everything{
		Text: text, Renamed: text, Omitted: text, OmittedBy: text, Number: -n, Unsigned: uint8(n), Truth: true,
		At: Timestamp(time.Unix(int64(n), 0)), Pointer: &n, Some: &text, Texts: []string{text, "", text}, Listed: []string{text, text},
		Inner: inner{text, text}, Pointers: []*inner{{text, ""}, {"", text}}, unexported: text,
	}
	full.Deep, full.Deeper, full.Size = text, text, &n
	full.Items.Items = []inner{{text, text}, {}}
	return []everything{full, {}, {Texts: []string{text}, Listed: []string{}}}
}

func sameAsReference(t *testing.T, text string, n int) {
	t.Helper()
	for _, v := range values(text, n) {
		for _, indent := range []string{"", "  ", "    "} {
			children := []Member{{"First", v}, {"Text", text}, {"Number", n}, {"Nothing", nil}, {"Last", &v}}
			got, err := document("Root", "https://example.com/?a&b", indent, children...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(reference(t, "Root", "https://example.com/?a&b", indent, children...), string(got)); diff != "" {
				t.Fatalf("indent %q (-encoding/xml +got):\n%s", indent, diff)
			}
		}
	}
}

func TestSameAsEncodingXML(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "plain", `<"a" & 'b'>`, "a\tb\r\nc", "&#39;&amp;", "é\u1234\U0001F512", "\xff\x00\x1b", " spaces  ", "]]>"} {
		sameAsReference(t, text, 42)
	}
}

func FuzzSameAsEncodingXML(f *testing.F) {
	f.Add("arn:aws:iam::111122223333:user/trurl", 0)
	f.Add("a\x00\xff<&'\"\u2028\ufffd", -1)
	f.Fuzz(func(t *testing.T, text string, n int) {
		sameAsReference(t, text, n%(1<<40)) // a time of more digits than RFC 3339 has is no time
	})
}

// TestNoSuchAnswer: what an answer cannot have is an error that names the field, not an answer without it.
func TestNoSuchAnswer(t *testing.T) {
	t.Parallel()
	type Name string
	for want, v := range map[string]any{
		"Channel: an answer has no values of type chan int; use a struct, a slice, a text, a number or a boolean":      struct{ Channel chan int }{},
		"Bytes: an answer has no values of type []uint8; use a struct, a slice, a text, a number or a boolean":         struct{ Bytes []byte }{},
		"Map: an answer has no values of type map[string]string; use a struct, a slice, a text, a number or a boolean": struct{ Map map[string]string }{},
		"Twice: an answer has no values of type *int; use a struct, a slice, a text, a number or a boolean":            struct{ Twice **int }{Twice: new(*int)},
		"Attribute: an answer embeds nothing but structs, and has no xml option but omitempty": struct {
			Attribute string `xml:"a,attr"`
		}{},
		"Name: an answer embeds nothing but structs, and has no xml option but omitempty":  struct{ Name }{},
		"inner: an answer embeds nothing but structs, and has no xml option but omitempty": struct{ *inner }{new(inner)},
	} {
		if _, err := document("Root", "", "", Member{"Value", v}); err == nil || err.Error() != "Value: "+want {
			t.Errorf("%T: got %v, want %q", v, err, want)
		}
	}
}

func BenchmarkSuccess(b *testing.B) {
	answer := struct {
		Arn     string
		UserID  string `xml:"UserId"`
		Account string
	}{"arn:aws:iam::111122223333:user/trurl", "AIDAEXAMPLE", "111122223333"}
	for name, format := range map[string]Format{"xml": XML, "json": JSON} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Success(format, stsNamespace, "GetCallerIdentity", requestID, answer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
