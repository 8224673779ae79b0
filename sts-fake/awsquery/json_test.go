package awsquery

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sortedByMaps has the keys sorted by encoding/json, which sorts those of maps.
func sortedByMaps(t *testing.T, v any) string {
	t.Helper()
	plain, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(plain))
	dec.UseNumber()
	var tree any
	if err := dec.Decode(&tree); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(tree); err != nil {
		t.Fatal(err)
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

// sortsAsMaps compares the two. Of bytes that are no UTF-8 one writes a replacement character and the other its escape.
func sortsAsMaps(t *testing.T, text string, n int) {
	t.Helper()
	text = strings.ToValidUTF8(text, "\uFFFD")
	for _, v := range values(text, n) {
		for _, v := range []any{v, []any{v, text, []int{}}, map[string]any{"b": v, "a": n, "a b": text, "a-b": nil, "ab": true}, text, n, nil} {
			got, err := jsonObject(Member{"Result", v}, Member{"B", n}, Member{"ResponseMetadata", metadata{text}})
			if err != nil {
				t.Fatal(err)
			}
			want := sortedByMaps(t, map[string]any{"Result": v, "B": n, "ResponseMetadata": metadata{text}})
			if diff := cmp.Diff(want, string(got)); diff != "" {
				t.Fatalf("(-encoding/json +got):\n%s", diff)
			}
		}
	}
}

func TestJSONObject(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "plain", `<"a" & 'b'>`, `\`, `\"`, `{"a":[1,2]}`, "a\tb\r\nc\u2028", "\xff\x00", "]},:"} {
		sortsAsMaps(t, text, 1714129061)
	}
}

func FuzzJSONObject(f *testing.F) {
	f.Add("arn:aws:iam::111122223333:user/trurl", 0)
	f.Add(`\"}],{[:`+"\x00\xff", -1)
	f.Fuzz(func(t *testing.T, text string, n int) { sortsAsMaps(t, text, n%(1<<40)) })
}
