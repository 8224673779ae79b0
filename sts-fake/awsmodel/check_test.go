package awsmodel

import (
	"errors"
	"net/url"
	"testing"

	"github.com/eksemu/eksemu/sts-fake/awsquery"
)

// One model, held against both ways of putting messages. [R] and [M]: spec/sts.md section 2.2 and localstack's
// recordings of IAM; the services' own tests have the rest.
func TestStyles(t *testing.T) {
	t.Parallel()
	word := Shape{Min: 2, Max: 3, Pattern: SamePattern(`[a-z]*`)}
	plain := Shape{Min: 2, Max: 3}
	own := Shape{Pattern: &Pattern{Text: "x", Regexp: SamePattern(`[a-z]+`).Regexp, Message: "The %s is odd."}}
	pair := Shape{Kind: Structure, Members: []Member{Required("Key", word)}}
	model := []Member{
		Required("Word", word), Optional("Number", Shape{Kind: Number, Min: 1, Max: 5}), Optional("Flag", Shape{Kind: Boolean}),
		Optional("Enum", Shape{Enum: []string{"A", "B"}}), Optional("Own", own), Optional("Secret", Shape{Max: 1, Secret: true}),
		Optional("Hidden", Shape{Max: 1, Sensitive: true}), Optional("List", Shape{Kind: List, Max: 2, Element: &word}),
		Optional("Plain", Shape{Kind: List, Element: &plain}), Optional("Pairs", Shape{Kind: List, Element: &pair}), Optional("Pair", pair),
	}
	const failed, one = "' failed to satisfy constraint: Member must ", "1 validation error detected: "
	for _, tt := range []struct{ form, sts, iam string }{
		{"Word=ab", "", ""},
		{"Word=", one + "Value '' at 'word" + failed + "have length greater than or equal to 2", one + "Value at 'word" + failed + "have length greater than or equal to 2"},
		{"", one + "Value null at 'word" + failed + "not be null", one + "Value at 'word" + failed + "not be null"},
		{"Word=A&Number=0", "3 validation errors detected: Value 'A' at 'word" + failed + "satisfy regular expression pattern: [a-z]*; Value 'A' at 'word" + failed + "have length greater than or equal to 2; Value '0' at 'number" + failed + "have value greater than or equal to 1",
			"3 validation errors detected: Value at 'number" + failed + "have value greater than or equal to 1; Value at 'word" + failed + "satisfy regular expression pattern: [a-z]*; Value at 'word" + failed + "have length greater than or equal to 2"},
		{"Word=ab&Number=6", one + "Value '6' at 'number" + failed + "have value less than or equal to 5", one + "Value at 'number" + failed + "have value less than or equal to 5"},
		{"Word=ab&Number=&Flag=", "", ""},
		{"Word=A&Number=x", "Value 'x' at 'number' is not an integer", "Value 'x' at 'number' is not an integer"},
		{"Word=ab&Flag=true", "", ""},
		{"Word=ab&Flag=1", "Value '1' at 'flag' is not a boolean", "Value '1' at 'flag' is not a boolean"},
		{"Word=ab&Enum=C", one + "Value 'C' at 'enum" + failed + "satisfy enum value set: [A, B]", one + "Value at 'enum" + failed + "satisfy enum value set: [A, B]"},
		{"Word=ab&Own=1", "The own is odd.", "The own is odd."},
		{"Word=abcd&Own=1", one + "Value 'abcd' at 'word" + failed + "have length less than or equal to 3", one + "Value at 'word" + failed + "have length less than or equal to 3"},
		{"Word=ab&Secret=123", one + "Value '123' at 'secret" + failed + "have length less than or equal to 1", one + "Value at 'secret" + failed + "have length less than or equal to 1"},
		{"Word=ab&Hidden=123", one + "Value at 'hidden" + failed + "have length less than or equal to 1", one + "Value at 'hidden" + failed + "have length less than or equal to 1"},
		{"Word=ab&List.member.1=ab&List.member.2=A", "2 validation errors detected: Value 'A' at 'list.2.member" + failed + "satisfy regular expression pattern: [a-z]*; Value 'A' at 'list.2.member" + failed + "have length greater than or equal to 2",
			one + "Value at 'list" + failed + "satisfy constraint: [Member must have length less than or equal to 3, Member must have length greater than or equal to 2, Member must satisfy regular expression pattern: [a-z]*, Member must not be null]"},
		{"Word=ab&List.member.1=ab&List.member.2=ab&List.member.3=A", one + "Value '[3 members]' at 'list" + failed + "have length less than or equal to 2", one + "Value at 'list" + failed + "have length less than or equal to 2"},
		{"Word=ab&Plain.member.1=abcd", one + "Value 'abcd' at 'plain.1.member" + failed + "have length less than or equal to 3",
			one + "Value at 'plain" + failed + "satisfy constraint: [Member must have length less than or equal to 3, Member must have length greater than or equal to 2]"},
		{"Word=ab&Pairs.member.1.Key=a", one + "Value 'a' at 'pairs.1.member.key" + failed + "have length greater than or equal to 2", one + "Value at 'pairs.1.member.key" + failed + "have length greater than or equal to 2"},
		{"Word=ab&Pair.Other=a", one + "Value null at 'pair.key" + failed + "not be null", one + "Value at 'pair.key" + failed + "not be null"},
	} {
		params, err := awsquery.Decode(tt.form)
		if err != nil {
			t.Fatal(err)
		}
		for style, want := range map[Style]string{{}: tt.sts, {IAM: true}: tt.iam} {
			err := style.Check(params, model)
			var answer *awsquery.Error
			if (err == nil) != (want == "") || err != nil && (!errors.As(err, &answer) || answer.Status != 400 || answer.Message != want) {
				t.Errorf("%+v %s:\ngot  %v\nwant %s", style, tt.form, err, want)
			}
		}
	}
	params, err := awsquery.Decode("Word=ab&Secret=123&Number=3")
	if err != nil {
		t.Fatal(err)
	}
	if err := (Style{}).Check(params, model); err == nil || err.Error() != one+"Value at 'secret"+failed+"have length less than or equal to 1" {
		t.Errorf("the record has %v", err)
	}
	if Int(params, "Number", 9) != 3 || Int(params, "Word", 9) != 9 {
		t.Error("a number is another one")
	}
}

// A request that is held against a model is refused in words or not at all.
func FuzzCheck(f *testing.F) {
	f.Add("a", "1", "true")
	f.Add("*", "99999999999", "TRUE")
	f.Fuzz(func(t *testing.T, text, number, flag string) {
		form := url.Values{"Text": {text}, "Number": {number}, "Flag": {flag}, "List.member.1": {text}}
		params, err := awsquery.Decode(form.Encode())
		if err != nil {
			return
		}
		word := Shape{Min: 1, Max: 4, Pattern: SamePattern(`[\w]+`)}
		model := []Member{Required("Text", word), Optional("Number", Shape{Kind: Number, Max: 9}), Optional("Flag", Shape{Kind: Boolean}), Optional("List", Shape{Kind: List, Element: &word})}
		for _, style := range []Style{{}, {IAM: true}} {
			if err := style.Check(params, model); err != nil && err.Error() == "" {
				t.Errorf("%q, %q, %q: no words", text, number, flag)
			}
		}
	})
}
