package iamapi

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsiam "github.com/aws/aws-sdk-go-v2/service/iam"
)

// What IAM says about documents. The numbers are those of localstack's recordings of CreatePolicy (test_iam_policies,
// test_create_policy_invalid_document): each case here has the same fault.
func TestMalformedDocuments(t *testing.T) {
	t.Parallel()
	const (
		version = `"Version":"2012-10-17"`
		list    = `"Effect":"Allow","Action":"s3:ListBucket"`
		legacy  = "The policy failed legacy parsing"
		old     = "Policy document must be version 2012-10-17 or greater."
		iamPath = `IAM resource path must either be "*", root, or start with user/, federated-user/, role/, group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/.`
	)
	of := func(statement string) string { return `{` + version + `,"Statement":{` + statement + `}}` }
	on := func(resource string) string { return of(list + `,"Resource":` + resource) }
	does := func(action string) string { return of(`"Effect":"Allow","Action":` + action + `,"Resource":"*"`) }
	trusts := func(rest string) string { return of(`"Effect":"Allow","Action":"sts:AssumeRole",` + rest) }
	tests := []struct {
		source string
		kind   documentKind
		text   string
		want   string
	}{
		{"[M] 0 no JSON", managedDocument, "This is no document", syntaxMessage},
		{"[M] 1 no version", managedDocument, `{"Statement":{` + list + `,"Resource":"*"}}`, old},
		{"[M] 2 old version", managedDocument, `{"Version":"2008-10-17","Statement":{` + list + `,"Resource":"*"}}`, old},
		{"[X] old version, inline", inlineDocument, `{"Version":"2008-10-17","Statement":{` + list + `,"Resource":"*"}}`, ""},
		{"[M] 3 no such version", managedDocument, `{"Version":"2013-10-17","Statement":{` + list + `,"Resource":"*"}}`, syntaxMessage},
		{"[M] 4 no statement", managedDocument, `{` + version + `}`, syntaxMessage},
		{"[M] 5 statement of a text", managedDocument, `{` + version + `,"Statement":["x"]}`, syntaxMessage},
		{"[M] 6 extra field", managedDocument, `{` + version + `,"Extra":"x","Statement":{` + list + `,"Resource":"*"}}`, syntaxMessage},
		{"[M] 7 extra field of a statement", managedDocument, of(list + `,"Resource":"*","Extra":"x"`), syntaxMessage},
		{"[M] 8 ID of a list", managedDocument, `{` + version + `,"Id":["x"],"Statement":{` + list + `,"Resource":"*"}}`, syntaxMessage},
		{"[M] 10 no such effect", managedDocument, of(`"Effect":"invalid","Action":"*","Resource":"*"`), syntaxMessage},
		{"[M] 11 action without vendor", managedDocument, does(`"invalid"`), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
		{"[M] 12 empty action", managedDocument, of(`"Effect":"Allow","NotAction":"","Resource":"*"`), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
		{"[M] 13 vendor", managedDocument, does(`"a a:ListBucket"`), "Vendor a a is not valid"},
		{"[M] 14 colons", managedDocument, does(`["s3:List:Bucket"]`), "Actions/Condition can contain only one colon."},
		{"[M] 16 resource", managedDocument, on(`"invalid resource"`), `Resource invalid resource must be in ARN format or "*".`},
		{"[M] 17 empty resource", managedDocument, on(`""`), `Resource  must be in ARN format or "*".`},
		{"[M] 18 resource before action", managedDocument, of(`"Effect":"Allow","Action":"s:3:x","Resource":"sdfsadf"`), `Resource sdfsadf must be in ARN format or "*".`},
		{"[M] 21 partition, short", managedDocument, on(`"a:bsdfdsafsad"`), `Partition "bsdfdsafsad" is not valid for resource "arn:bsdfdsafsad:*:*:*:*".`},
		{"[M] 23 partition, long", managedDocument, on(`"a:b:c:d:e:f:g:h"`), `Partition "b" is not valid for resource "arn:b:c:d:e:f:g:h".`},
		{"[M] 24 no arn:", managedDocument, on(`"aws:s3:::example_bucket"`), `Partition "s3" is not valid for resource "arn:s3:::example_bucket:*".`},
		{"[M] 26 no statements", managedDocument, `{` + version + `,"Statement":[]}`, syntaxMessage},
		{"[M] 27 no resource", managedDocument, of(list), "Policy statement must contain resources."},
		{"[M] 28 no resources", managedDocument, on(`[]`), "Policy statement must contain resources."},
		{"[M] 29 no resource comes before actions", managedDocument, of(`"Effect":"Allow","Action":"invalid"`), "Policy statement must contain resources."},
		{"[M] 30 no action; aws-cdk#9633", managedDocument, of(`"Effect":"Allow","Resource":"*"`), "Policy statement must contain actions."},
		{"[M] 31 no effect", managedDocument, of(`"Action":"*","Resource":"*"`), syntaxMessage},
		{"[M] 33 no actions", managedDocument, does(`[]`), "Policy statement must contain actions."},
		{"[M] 34 first of two", managedDocument, `{` + version + `,"Statement":[{"Effect":"Deny"},{` + list + `,"Resource":"*"}]}`, "Policy statement must contain actions."},
		{"[M] 35 IAM resource", managedDocument, on(`"arn:aws:iam:::example_bucket"`), iamPath},
		{"[M] 36 five parts", managedDocument, on(`"arn:aws:s3::example_bucket"`), legacy},
		{"[M] 38 two parts", managedDocument, on(`"arn:aws"`), "Resource vendor must be fully qualified and cannot contain regexes."},
		{"[M] 39 resource of an object", managedDocument, on(`{"a":"b"}`), syntaxMessage},
		{"[M] 41 both resources", managedDocument, on(`"*","NotResource":[]`), syntaxMessage},
		{"[M] 42 list in a list", managedDocument, does(`[[]]`), syntaxMessage},
		{"[M] 43 both actions", managedDocument, of(`"Effect":"Allow","NotAction":"s3:x","Action":[],"Resource":"*"`), syntaxMessage},
		{"[M] 45 condition of a list", managedDocument, on(`"*","Condition":[]`), syntaxMessage},
		{"[M] 52 no such operator", managedDocument, on(`"*","Condition":{"x":{"a":"1"}}`), syntaxMessage},
		{"[M] 55 IAM with a region", managedDocument, on(`"arn:aws:iam:us-east-1::user/x"`), "IAM resource arn:aws:iam:us-east-1::user/x cannot contain region information."},
		{"[M] 56 S3 with a region", managedDocument, on(`"arn:aws:s3:us-east-1::x"`), "Resource arn:aws:s3:us-east-1::x can not contain region information."},
		{"[M] 57 SID of an object", managedDocument, on(`"*","Sid":{}`), syntaxMessage},
		{"[M] 59 SID twice", managedDocument, `{` + version + `,"Statement":[{"Sid":"s",` + list + `,"Resource":"*"},{"Sid":"s","Effect":"Allow"}]}`, "Statement IDs (SID) in a single policy must be unique."},
		{"[M] 60 version before SID", managedDocument, `{"Statement":[{"Sid":"s",` + list + `,"Resource":"*"},{"Sid":"s","Effect":"Allow"}]}`, old},
		{"[M] 63 effect in another case", managedDocument, of(`"Effect":"denY","Action":"*","Resource":"*"`), legacy},
		{"[M] 66 version before effect", managedDocument, `{"Statement":{"Effect":"denY","Action":"*","Resource":"*"}}`, old},
		{"[M] 68 no service", managedDocument, on(`"arn:aws::::x"`), legacy},
		{"[M] 77 no service, short", managedDocument, on(`"arn:aws::x"`), legacy},
		{"[M] valid 9 short ARN", managedDocument, on(`"arn:aws:fdsasf"`), ""},
		{"[M] valid 7 IAM user", managedDocument, on(`"arn:aws:iam:::user/x"`), ""},
		{"[M] valid 28 NotAction and NotResource", managedDocument, of(`"Effect":"Allow","NotAction":"s3:x","NotResource":"*"`), ""},
		{"[X] variables of IAM", managedDocument, on(`"arn:aws:iam::*:${aws:username}"`), ""},
		{"[M] terraform#13449", inlineDocument, on(`"*","Principal":"*"`), "Policy document should not specify a principal."},

		{"[M] test_update_assume_role_policy_errors, JSON", trustDocument, "{", jsonMessage},
		{"[M] same, action", trustDocument, of(`"Effect":"Allow","Action":"s3:x","Principal":"*"`), "AssumeRole policy may only specify STS AssumeRole actions."},
		{"[M] same, resource", trustDocument, trusts(`"Principal":"*","Resource":"*"`), "Has prohibited field Resource"},
		{"[X] no principal", trustDocument, of(`"Effect":"Allow","Action":"sts:AssumeRole"`), "Missing required field Principal"},
		{"[M] terraform-aws-iam#47", trustDocument, trusts(`"Principal":{"AWS":[]}`), "Invalid principal in policy: com.amazon.balsa.error.InvalidPolicyException: The passed in policy has a statement with no principals!"},
		{"[X] no form of a principal", trustDocument, trusts(`"Principal":{"AWS":"alice"}`), `Invalid principal in policy: "AWS":"alice"`},
		{"[X] a deleted user's ID", trustDocument, trusts(`"Principal":{"AWS":"AIDAIOSFODNN7EXAMPLE1"}`), `Invalid principal in policy: "AWS":"AIDAIOSFODNN7EXAMPLE1"`},
		{"[M] terraform#35086, of a service that does not exist", trustDocument, trusts(`"Principal":{"Service":"x"}`), `Invalid principal in policy: "SERVICE":"x"`},
		{"[M] terraform-aws-eks#2594", trustDocument, trusts(`"Principal":{"Federated":"arn:aws:iam::1:oidc-provider/"}`), "Federated principals must be valid domain names or SAML metadata ARNs"},
		{"[X] no such kind", trustDocument, trusts(`"Principal":{"Foo":"x"}`), syntaxMessage},
		{"[X] condition", trustDocument, trusts(`"Principal":"*","Condition":{"x":{"a":"1"}}`), syntaxMessage},
		{"[X] old version", trustDocument, strings.Replace(trustsEC2, "2012", "2008", 1), ""},
	}
	for _, tt := range tests {
		policy, err := parseDocument(tt.text, tt.kind)
		var refused *refusal
		switch {
		case tt.want == "" && (err != nil || policy.Text() != tt.text):
			t.Errorf("%s: %s: got %v", tt.source, tt.text, err)
		case tt.want != "" && (!errors.As(err, &refused) || refused.answer.Code != "MalformedPolicyDocument" || refused.answer.Status != 400 || refused.answer.Message != tt.want || refused.reason == ""):
			t.Errorf("%s: %s:\ngot  %v\nwant %s", tt.source, tt.text, err, tt.want)
		}
	}
}

// Documents are refused wherever one is given, and so are principals that do not exist.
func TestMalformedPolicyDocument(t *testing.T) {
	t.Parallel()
	runRefusals(t, []refusalCase{
		{"[M] ucx#2269", func(_ *world, c *awsiam.Client, t *testing.T) error {
			return failure(c.CreateRole(t.Context(), createRole("dev", strings.Replace(trustsEC2, `{"Service":"ec2.amazonaws.com"}`, `{"AWS":"arn:aws:iam::111122223333:role/dev"}`, 1))))
		}, 400, "MalformedPolicyDocument", `Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:role/dev"`},
		{"[M] same, update", func(_ *world, c *awsiam.Client, t *testing.T) error {
			_ = must[*awsiam.CreateRoleOutput](t)(c.CreateRole(t.Context(), createRole("dev", trustsEC2)))
			trust := strings.Replace(trustsEC2, `{"Service":"ec2.amazonaws.com"}`, `{"AWS":["111122223333","arn:aws:iam::111122223333:user/nobody"]}`, 1)
			return failure(c.UpdateAssumeRolePolicy(t.Context(), &awsiam.UpdateAssumeRolePolicyInput{RoleName: aws.String("dev"), PolicyDocument: aws.String(trust)}))
		}, 400, "MalformedPolicyDocument", `Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:user/nobody"`},
		{"[M] test_update_assume_role_policy_errors", func(_ *world, c *awsiam.Client, t *testing.T) error {
			_ = must[*awsiam.CreateRoleOutput](t)(c.CreateRole(t.Context(), createRole("dev", trustsEC2)))
			return failure(c.UpdateAssumeRolePolicy(t.Context(), &awsiam.UpdateAssumeRolePolicyInput{RoleName: aws.String("dev"), PolicyDocument: aws.String("x")}))
		}, 400, "MalformedPolicyDocument", jsonMessage},
		{"[M] test_create_policy_invalid_document", func(_ *world, c *awsiam.Client, t *testing.T) error {
			return failure(c.CreatePolicy(t.Context(), &awsiam.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String("x")}))
		}, 400, "MalformedPolicyDocument", syntaxMessage},
		{"[X] same for a user's own", func(_ *world, c *awsiam.Client, t *testing.T) error {
			return failure(c.PutUserPolicy(t.Context(), &awsiam.PutUserPolicyInput{UserName: aws.String("bob"), PolicyName: aws.String("p"), PolicyDocument: aws.String("x")}))
		}, 400, "MalformedPolicyDocument", syntaxMessage},
		{"[X] same for a new version", func(_ *world, c *awsiam.Client, t *testing.T) error {
			p := must[*awsiam.CreatePolicyOutput](t)(c.CreatePolicy(t.Context(), &awsiam.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String(everything)})).Policy
			return failure(c.CreatePolicyVersion(t.Context(), &awsiam.CreatePolicyVersionInput{PolicyArn: p.Arn, PolicyDocument: aws.String("x")}))
		}, 400, "MalformedPolicyDocument", syntaxMessage},
	})
}

// What is taken can be kept, and comes back as it was; what is refused has words.
func FuzzParseDocument(f *testing.F) {
	for _, text := range []string{everything, trustsEC2, "{", `{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Deny","NotAction":["x"],"NotResource":"arn:b"}]}`,
		`{"Statement":{"Effect":"allow","Principal":{"AWS":["AIDAIOSFODNN7EXAMPLE1"],"Federated":"x"},"Action":"sts:*"}}`} {
		f.Add(text, 0)
		f.Add(text, 2)
	}
	f.Fuzz(func(t *testing.T, text string, kind int) {
		policy, err := parseDocument(text, documentKind(uint(kind)%3))
		if err == nil {
			if policy.Text() != text {
				t.Errorf("%q became %q", text, policy.Text())
			}
			return
		}
		var refused *refusal
		if !errors.As(err, &refused) || refused.answer.Message == "" || refused.reason == "" {
			t.Errorf("%q: %v", text, err)
		}
	})
}
