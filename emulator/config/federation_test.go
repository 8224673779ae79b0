package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/sts-fake/iam"
)

// myIssuer is that of my-cluster in 111122223333 and us-west-2.
const myIssuer = "oidc.eks.us-west-2.amazonaws.com/id/30616052D4DDD09D6751C630613CC246"

// publicKey is that of RFC 7517, appendix A.1; privateKey is that of appendix A.2.
const (
	publicKey  = `{kty: EC, crv: P-256, kid: "1", x: MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4, y: 4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM}`
	privateKey = `{kty: EC, crv: P-256, kid: "1", x: MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4, y: 4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM, d: 870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE}`
)

func loadFederation(t *testing.T) *config.Environment {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "federation.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	env, problems := config.Load("federation.yaml", data, options())
	if len(problems) > 0 {
		t.Fatalf("problems:\n%v", problems)
	}
	return env
}

func TestFederation(t *testing.T) {
	t.Parallel()
	env := loadFederation(t)
	var arns []string
	for _, provider := range env.OIDCProviders {
		arns = append(arns, provider.ARN("aws"))
	}
	want := []string{
		"arn:aws:iam::111122223333:oidc-provider/" + myIssuer,
		"arn:aws:iam::444455556666:oidc-provider/" + myIssuer,
		"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com",
		"arn:aws:iam::111122223333:oidc-provider/issuer.example.com/tenant",
	}
	if diff := cmp.Diff(want, arns); diff != "" {
		t.Errorf("providers (-want +got):\n%s", diff)
	}
	keys := map[string]int{}
	for issuer, set := range env.IssuerKeys() {
		keys[issuer] = len(set.Keys)
	}
	if diff := cmp.Diff(map[string]int{"https://token.actions.githubusercontent.com": 1, "https://issuer.example.com/tenant": 1}, keys); diff != "" {
		t.Errorf("issuers with keys (-want +got):\n%s", diff)
	}
	wantTrust := `"Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/` + myIssuer + `"}`
	if trust := string(env.Roles[2].TrustPolicy); !strings.Contains(trust, wantTrust) || !strings.Contains(trust, `"`+myIssuer+`:aud":"sts.amazonaws.com"`) {
		t.Errorf("trust policy %s", trust)
	}
	if diff := cmp.Diff([]string{"eu-west-3", "ap-southeast-2"}, env.InactiveSTSRegions); diff != "" {
		t.Errorf("inactive regions (-want +got):\n%s", diff)
	}
}

func TestFederationRoundTrip(t *testing.T) {
	t.Parallel()
	env := loadFederation(t)
	text, err := yaml.Marshal(env)
	if err != nil {
		t.Fatal(err)
	}
	again, problems := config.Load("again.yaml", text, options())
	if diff := cmp.Diff(env, again); diff != "" || len(problems) > 0 {
		t.Errorf("problems %v, (-first +second):\n%s", problems, diff)
	}
}

func TestSeedFederation(t *testing.T) {
	t.Parallel()
	env, store := loadFederation(t), newStore(t)
	if err := env.Seed(store); err != nil {
		t.Fatal(err)
	}
	provider, err := store.OIDCProvider("111122223333", "https://"+myIssuer)
	if err != nil || !slices.Equal(provider.ClientIDs, []string{"sts.amazonaws.com"}) {
		t.Errorf("provider %+v, %v", provider, err)
	}
	key := env.Users[0].AccessKeys[0]
	_, caller, err := store.Credential(key.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, device := range env.Users[0].MFADevices {
		code, err := iam.TOTP(string(device.Seed), time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) // the store's clock
		if err != nil {
			t.Fatal(err)
		}
		if err := store.VerifyMFA(caller, device.SerialNumber, code); err != nil {
			t.Errorf("%s: %v", device.SerialNumber, err)
		}
	}
}

func TestGeneratedSeeds(t *testing.T) {
	t.Parallel()
	env := loadFederation(t)
	phone := env.Users[0].MFADevices[0]
	if phone.SerialNumber != "arn:aws:iam::111122223333:mfa/trurls-phone" || len(phone.Seed) != 64 {
		t.Errorf("serial number %s, %d characters of seed", phone.SerialNumber, len(phone.Seed))
	}
	if phone.Seed != loadFederation(t).Users[0].MFADevices[0].Seed {
		t.Error("another load generates another seed")
	}
}

func TestProfileWithMFA(t *testing.T) {
	t.Parallel()
	text, _ := loadFederation(t).AWSConfig(nil)
	const want = "\n[profile careful-role]\nregion = us-west-2\nrole_arn = arn:aws:iam::111122223333:role/careful-role\n" +
		"source_profile = trurl\nmfa_serial = arn:aws:iam::111122223333:mfa/trurls-phone\n"
	if !strings.Contains(string(text), want) {
		t.Errorf("configuration\n%s\nhas no\n%s", text, want)
	}
}

// TestIssuer: the domains of other partitions are [I].
func TestIssuer(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]string{
		"us-west-2":      "https://" + myIssuer,
		"cn-north-1":     "https://oidc.eks.cn-north-1.amazonaws.com.cn/id/",
		"us-gov-west-1":  "https://oidc.eks.us-gov-west-1.amazonaws.com/id/",
		"us-iso-east-1":  "https://oidc.eks.us-iso-east-1.c2s.ic.gov/id/",
		"eusc-de-east-1": "https://oidc.eks.eusc-de-east-1.amazonaws.eu/id/",
	} {
		env := config.Default()
		env.Region = region
		got, ok := env.Issuer("my-cluster")
		if !ok || !strings.HasPrefix(got, want) {
			t.Errorf("%s: issuer %s, %v, want %s", region, got, ok, want)
		}
		if id := got[strings.LastIndex(got, "/")+1:]; len(id) != 32 || strings.Trim(id, "0123456789ABCDEF") != "" {
			t.Errorf("%s: ID %q is not 32 upper-case hex digits", region, id)
		}
	}
	if issuer, ok := config.Default().Issuer("another"); ok {
		t.Errorf("a cluster that is not there has the issuer %s", issuer)
	}
}

// TestFederationProblems adds one mistake to the minimal file: replace says what becomes what.
func TestFederationProblems(t *testing.T) {
	t.Parallel()
	const (
		user = "- name: trurl\n"
		role = "- name: r\n"
		end  = "clusters:\n"
	)
	devices := func(list string) string { return user + "  mfaDevices: [" + list + "]\n" }
	provider := func(fields string) string { return "oidcProviders:\n- {" + fields + "}\n" + end }
	known := provider("url: https://i.example, clientIds: [a], ")
	known = strings.Replace(known, ", }", ", FIELD}", 1)
	with := func(field string) string { return strings.Replace(known, "FIELD", field, 1) }
	for _, test := range []struct{ name, from, to, want string }{
		{"device of nothing", user, devices("{}"), `e.yaml:5: users[0].mfaDevices[0]: neither name nor serialNumber (write the name of a virtual device, or the serialNumber of a hardware token)`},
		{"name of a device", user, devices("{name: a b}"), `e.yaml:5: users[0].mfaDevices[0].name: "a b" is not the name of an MFA device (use 1 to 226 letters, digits and _+=,.@-)`},
		{"name and number", user, devices("{name: a, serialNumber: GAHT12345678}"), `e.yaml:5: users[0].mfaDevices[0].serialNumber: the serial number of the device a is arn:aws:iam::111122223333:mfa/a (leave one of the two out)`},
		{"serial number", user, devices("{serialNumber: '12345678'}"), `e.yaml:5: users[0].mfaDevices[0].serialNumber: "12345678" is not the serial number of an MFA device (write an ARN, or 9 to 256 letters, digits and _+=/:,.@-)`},
		{"same device", user, devices("{name: a}, {name: a}"), `e.yaml:5: users[0].mfaDevices[1]: arn:aws:iam::111122223333:mfa/a is a device of trurl already (write another)`},
		{"seed", user, devices("{name: a, seed: 'not base32!'}"), `e.yaml:5: users[0].mfaDevices[0].seed: not the seed of an MFA device (write base32: A to Z and 2 to 7, at least 16 characters)`},
		{"short seed", user, devices("{name: a, seed: JBSWY3DP}"), `e.yaml:5: users[0].mfaDevices[0].seed: not the seed of an MFA device (write base32: A to Z and 2 to 7, at least 16 characters)`},
		{"seed as a number", user, devices("{name: a, seed: 2345672345672345}"), `e.yaml:5: users[0].mfaDevices[0].seed: expected text: put it in quotes`},
		{"nine devices", user, devices("{name: a}, {name: b}, {name: c}, {name: d}, {name: e}, {name: f}, {name: g}, {name: h}, {name: i}"), `e.yaml:5: users[0].mfaDevices: 9 MFA devices, and IAM allows 8 (remove the others)`},
		{"no device", role, role + "  mfaSerial: arn:aws:iam::111122223333:mfa/a\n", `e.yaml:7: roles[0].mfaSerial: no user has an MFA device with the serial number "arn:aws:iam::111122223333:mfa/a" (give the user of sourceProfile an mfaDevice)`},
		{"another device", user + "roles:\n" + role, devices("{name: phone}") + "roles:\n" + role + "  mfaSerial: arn:aws:iam::111122223333:mfa/fone\n", `e.yaml:8: roles[0].mfaSerial: no user has an MFA device with the serial number "arn:aws:iam::111122223333:mfa/fone" (did you mean "arn:aws:iam::111122223333:mfa/phone"?)`},
		{"device of another", user + "roles:\n" + role, "- name: alice\n  mfaDevices: [{name: phone}]\n" + user + "roles:\n" + role + "  mfaSerial: arn:aws:iam::111122223333:mfa/phone\n", `e.yaml:9: roles[0].mfaSerial: arn:aws:iam::111122223333:mfa/phone is a device of alice, and trurl is who assumes the role (write sourceProfile: alice, or a device of trurl)`},
		{"name and seed", user, devices("{name: a b, seed: short}"), `e.yaml:5: users[0].mfaDevices[0].name: "a b" is not the name of an MFA device (use 1 to 226 letters, digits and _+=,.@-)
e.yaml:5: users[0].mfaDevices[0].seed: not the seed of an MFA device (write base32: A to Z and 2 to 7, at least 16 characters)`},
		{"no name and no seed", user, devices("{seed: short}"), `e.yaml:5: users[0].mfaDevices[0]: neither name nor serialNumber (write the name of a virtual device, or the serialNumber of a hardware token)
e.yaml:5: users[0].mfaDevices[0].seed: not the seed of an MFA device (write base32: A to Z and 2 to 7, at least 16 characters)`},
		{"provider of nobody", end, provider("clientIds: [a]"), `e.yaml:9: oidcProviders[0]: neither url nor cluster (write the URL of the issuer, or the cluster whose issuer it is)`},
		{"cluster", end, provider("cluster: cc, clientIds: [a]"), `e.yaml:9: oidcProviders[0].cluster: there is no cluster named "cc" (known: c)`},
		{"cluster and URL", end, provider("cluster: c, url: https://i.example, clientIds: [a]"), `e.yaml:9: oidcProviders[0].url: the issuer of c is https://oidc.eks.us-west-2.amazonaws.com/id/882A958DCA013D90CEDEF0942830184D (leave one of the two out)`},
		{"plain HTTP", end, provider("url: http://i.example, clientIds: [a]"), `e.yaml:9: oidcProviders[0].url: "http://i.example" is not the URL of an issuer (write one such as "https://issuer.example.com/path", without a query)`},
		{"scheme in upper case", end, provider("url: HTTPS://i.example, clientIds: [a]"), `e.yaml:9: oidcProviders[0].url: "HTTPS://i.example" is not the URL of an issuer (write one such as "https://issuer.example.com/path", without a query)`},
		{"query", end, provider("url: 'https://i.example?a=b', clientIds: [a]"), `e.yaml:9: oidcProviders[0].url: "https://i.example?a=b" is not the URL of an issuer (write one such as "https://issuer.example.com/path", without a query)`},
		{"no client IDs", end, provider("url: https://i.example"), `e.yaml:9: oidcProviders[0].clientIds: no clientIds: every token would be refused (write the audiences of the tokens, such as [sts.amazonaws.com])`},
		{"client ID", end, provider("url: https://i.example, clientIds: ['', a, a]"), `e.yaml:9: oidcProviders[0].clientIds[0]: "" is not a client ID (write 1 to 255 characters)
e.yaml:9: oidcProviders[0].clientIds[2]: "a" is there twice (remove one)`},
		{"account", end, with("account: '1'"), `e.yaml:9: oidcProviders[0].account: the account "1" is not 12 digits (write one such as "111122223333")`},
		{"thumbprint", end, with("thumbprints: [ab:cd]"), `e.yaml:9: oidcProviders[0].thumbprints[0]: "ab:cd" is not a thumbprint (write the 40 hexadecimal digits of the SHA-1 of a certificate)`},
		{"same provider", end, "oidcProviders:\n- {url: https://i.example, clientIds: [a]}\n- {url: https://i.example, clientIds: [b]}\n" + end, `e.yaml:10: oidcProviders[1]: arn:aws:iam::111122223333:oidc-provider/i.example is there already (remove one of them)`},
		{"no keys", end, with("keys: {keys: []}"), `e.yaml:9: oidcProviders[0].keys: no key: write at least one, or leave the set out`},
		{"keys as a list", end, with("keys: [1]"), `e.yaml:9: oidcProviders[0].keys: expected a JSON Web Key Set, as a mapping or as JSON text`},
		{"keys as other text", end, with("keys: '{'"), `e.yaml:9: oidcProviders[0].keys: not a JSON Web Key Set: write an object with a list of keys`},
		{"private key", end, with("keys: {keys: [" + privateKey + "]}"), `e.yaml:9: oidcProviders[0].keys: key 1 is not a public key: leave its secret members out`},
		{"shared secret", end, with("keys: {keys: [" + publicKey + ", {kty: oct, k: c2VjcmV0}]}"), `e.yaml:9: oidcProviders[0].keys: key 2 is not a public key: leave its secret members out`},
		{"Ed25519", end, with("keys: {keys: [{kty: OKP, crv: Ed25519, x: 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo}]}"), `e.yaml:9: oidcProviders[0].keys: key 1 is of a kind that STS does not verify with: write an RSA or EC key`},
		{"half a key", end, with("keys: {keys: [{kty: EC, crv: P-256}]}"), `e.yaml:9: oidcProviders[0].keys: key 1 is not a JSON Web Key that can be used: write an RSA or EC key`},
		{"keys twice", end, with("keysFile: keys.json, keys: {keys: [" + publicKey + "]}"), `e.yaml:9: oidcProviders[0].keysFile: there are keys and a keysFile (remove one of them)`},
		{"missing file", end, with("keysFile: missing.json"), `e.yaml:9: oidcProviders[0].keysFile: read the keys: open missing.json: file does not exist (paths are relative to the Environment file)`},
		{"file of something else", end, with("keysFile: good.yaml"), `e.yaml:9: oidcProviders[0].keysFile: not a JSON Web Key Set: write an object with a list of keys`},
		{"no path", end, with("keysFile: ''"), `e.yaml:9: oidcProviders[0].keysFile: no path (write the path of a file)`},
		{"placeholder", `Principal: "*"`, `Principal: {Federated: "arn:aws:iam::111122223333:oidc-provider/{{OIDCProvider d}}"}`, `e.yaml:7: roles[0].trustPolicy: {{OIDCProvider d}}: there is no cluster named "d" (known: c)`},
		{"region", end, "inactiveStsRegions: [Paris, cn-north-1, eu-west-3, eu-west-3]\n" + end, `e.yaml:8: inactiveStsRegions[0]: "Paris" is not a region (write one such as "eu-west-3")
e.yaml:8: inactiveStsRegions[1]: cn-north-1 is in another partition than the environment's account (write a region of the partition aws)
e.yaml:8: inactiveStsRegions[3]: eu-west-3 is there twice (remove one)`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(minimal, test.from) {
				t.Fatalf("the minimal file does not contain %q", test.from)
			}
			env, problems := config.Load("e.yaml", []byte(strings.Replace(minimal, test.from, test.to, 1)), options())
			if diff := cmp.Diff(test.want, problems.Error()); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if env != nil {
				t.Error("there is an environment although there are problems")
			}
		})
	}
}

// TestMergeFederation: a scenario can bring a provider, and a role that trusts the issuer of the environment's cluster.
func TestMergeFederation(t *testing.T) {
	t.Parallel()
	overlay, doc := decodeStory(t, `environment:
  users:
  - {name: carol, mfaDevices: [{name: phone}]}
  roles:
  - name: my-app-role
    mfaSerial: arn:aws:iam::111122223333:mfa/phone
    sourceProfile: carol
    trustPolicy: {Version: 2012-10-17, Statement: {Effect: Allow, Principal: {Federated: "arn:aws:iam::111122223333:oidc-provider/{{OIDCProvider my-cluster}}"}, Action: sts:AssumeRoleWithWebIdentity}}
  oidcProviders:
  - {cluster: my-cluster, clientIds: [sts.amazonaws.com]}
`)
	base := config.Default()
	merged, problems := base.Merge(overlay, doc, "environment")
	if len(problems) > 0 {
		t.Fatalf("problems:\n%v", problems)
	}
	if diff := cmp.Diff(config.Default(), base); diff != "" {
		t.Errorf("the base changed:\n%s", diff)
	}
	added := merged.Added(base)
	if len(added.OIDCProviders) != 1 || added.OIDCProviders[0].URL != "https://"+myIssuer || added.OIDCProviders[0].Account != "111122223333" {
		t.Errorf("providers %+v", added.OIDCProviders)
	}
	if trust := string(added.Roles[0].TrustPolicy); !strings.Contains(trust, myIssuer) || strings.Contains(string(overlay.Roles[0].TrustPolicy), myIssuer) {
		t.Errorf("trust policy %s of %s", trust, overlay.Roles[0].TrustPolicy)
	}
	if added.Users[0].MFADevices[0].Seed == "" || overlay.Users[0].MFADevices[0].Seed != "" {
		t.Error("the device is not complete, or the overlay changed")
	}
	_, problems = merged.Merge(overlay, doc, "environment")
	if !strings.Contains(problems.Error(), "environment.oidcProviders[0]: arn:aws:iam::111122223333:oidc-provider/"+myIssuer+" is there already") ||
		!strings.Contains(problems.Error(), "environment.users[0].mfaDevices[0]: arn:aws:iam::111122223333:mfa/phone is a device of carol already") {
		t.Errorf("merged twice:\n%v", problems)
	}
	overlay.OIDCProviders[0].KeysFile = "keys.json"
	_, problems = base.Merge(overlay, nil)
	if want := "oidcProviders[0].keysFile: files of keys cannot be read here (put the keys into keys)"; problems.Error() != want {
		t.Errorf("got  %v\nwant %s", problems, want)
	}
}

func TestSeedsAreNotRepeated(t *testing.T) {
	t.Parallel()
	for _, seed := range []string{"31337", "'31337 is no base32'", "[31337]", "!!int 31337"} {
		text := strings.Replace(minimal, "- name: trurl\n", "- name: trurl\n  mfaDevices: [{name: a, seed: "+seed+"}]\n", 1)
		_, problems := config.Load("e.yaml", []byte(text), options())
		if len(problems) != 1 || problems[0].Path != "users[0].mfaDevices[0].seed" || strings.Contains(problems.Error(), "31337") {
			t.Errorf("%s: %v", seed, problems)
		}
	}
}

// TestMisplacedSecretsAreNotRepeated has secrets where their mappings belong, or swapped with what stands next to them.
func TestMisplacedSecretsAreNotRepeated(t *testing.T) {
	t.Parallel()
	const secret, seed = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "JBSWY3DPEHPK3PXP"
	const device = "arn:aws:iam::111122223333:mfa/a"
	for _, field := range []string{
		"accessKeys: [" + secret + "]",
		"accessKeys: " + secret,
		"accessKeys: [{id: " + secret + ", secret: AKIAIOSFODNN7EXAMPLE}]",
		"accessKeys: [{id: AKIAIOSFODNN7EXAMPLE secret:" + secret + "}]",
		"accessKeys: [{id: AKIAIOSFODNN7EXAMPLE, secret:" + secret + "}]",
		"accessKeys: [{id: AKIAIOSFODNN7EXAMPLE, secret:" + secret + ", secret:" + secret + "}]",
		"accessKeys: [{id: AKIAIOSFODNN7EXAMPLE, secret: " + secret + ", status: " + secret + "}]",
		"mfaDevices: [" + seed + "]",
		"mfaDevices: " + seed,
		"mfaDevices: [{name: a, " + seed + "2}]",
		"mfaDevices: [{serialNumber: JBSW Y3DP EHPK 3PXP, seed: " + seed + "}]",
		"mfaDevices: [{serialNumber: 2345672345672345}]",
		"mfaDevices: [{serialNumber: " + seed + "}, {serialNumber: " + seed + "}]",
		"mfaDevices: [{serialNumber: " + seed + "}]\nroles:\n- {name: r, trustPolicy: {}, mfaSerial: " + device + "}",
		"mfaDevices: [{name: a}]\nroles:\n- {name: r, trustPolicy: {}, mfaSerial: " + seed + "}",
	} {
		text := "apiVersion: eksemu/v1alpha1\nkind: Environment\nusers:\n- name: trurl\n  " + field + "\n"
		_, problems := config.Load("e.yaml", []byte(text), options())
		if len(problems) == 0 {
			t.Errorf("%s: no problem", field)
		}
		for _, leak := range []string{secret[:10], seed[:8], "JBSW", "23456"} {
			if strings.Contains(problems.Error(), leak) {
				t.Errorf("%s: %v", field, problems)
			}
		}
	}
}

// TestIssuersOfIAM has the issuers that a file may name be those that IAM makes a provider for.
func TestIssuersOfIAM(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"https://i.example", "https://i.example:8443/a/b", "HTTPS://i.example", "Https://i.example", "https:///a", "https://", "https://u@i.example",
		"https://i.example?", "https://i.example#", "https://i.example/%zz", "https:i.example", " https://i.example", "https://i.example/" + strings.Repeat("a", 300),
	} {
		text := strings.Replace(minimal, "clusters:", "oidcProviders:\n- {url: '"+url+"', clientIds: [a]}\nclusters:", 1)
		_, problems := config.Load("e.yaml", []byte(text), options())
		err := newStore(t).PutOIDCProvider(iam.OIDCProvider{AccountID: "111122223333", URL: url, ClientIDs: []string{"a"}})
		if (len(problems) == 0) != (err == nil) {
			t.Errorf("%s: the file has problems %v, IAM says %v", url, problems, err)
		}
	}
}

// keyFile is a file of keys next to the Environment file.
func keyFile() *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(`{"keys": [{"kty": "EC", "crv": "P-256", "kid": "1",
		"x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}`)}
}
