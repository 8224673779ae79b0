package scenarios

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/emulator/config"
	"github.com/eksemu/eksemu/emulator/explain"
)

func shipped(t *testing.T) []*Scenario {
	t.Helper()
	all, err := Loader{Environment: config.Default()}.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The catalogue is what people come for, so its names and outcomes don't change by accident.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	got := map[string]explain.Outcome{}
	for _, scenario := range shipped(t) {
		got[scenario.Metadata.Name] = scenario.Metadata.Outcome
	}
	want := map[string]explain.Outcome{
		"alice-views-pods":                   explain.Allowed,
		"api-mode-ignores-aws-auth":          explain.Unauthorized,
		"authenticator-down":                 explain.Unauthorized,
		"aws-auth-deleted":                   explain.Unauthorized,
		"aws-auth-edited-live":               explain.Unauthorized,
		"aws-auth-key-case":                  explain.Unauthorized,
		"aws-auth-malformed":                 explain.Unauthorized,
		"aws-auth-not-a-string":              explain.Unauthorized,
		"aws-cli":                            explain.Allowed,
		"bob-has-no-binding":                 explain.Denied,
		"can-i-list-without-policies":        explain.Allowed,
		"clock-ahead":                        explain.Unauthorized,
		"custom-endpoint":                    explain.Unauthorized,
		"endpoint-url-in-the-shell":          explain.Unauthorized,
		"entries-on-config-map-cluster":      explain.Denied,
		"entry-beats-aws-auth":               explain.Denied,
		"entry-without-path":                 explain.Denied,
		"entry-without-policy":               explain.Denied,
		"escalation-and-access-policies":     explain.Denied,
		"exec-api-version":                   explain.Unauthorized,
		"exec-not-found":                     explain.Unauthorized,
		"forged-signature":                   explain.Unauthorized,
		"hidden-creator":                     explain.Allowed,
		"iam-policies-do-not-count":          explain.Denied,
		"impersonation-drops-policies":       explain.Denied,
		"key-deactivated":                    explain.Unauthorized,
		"keys-beat-profile":                  explain.Unauthorized,
		"mallory-is-not-mapped":              explain.Unauthorized,
		"node-instance-role":                 explain.Allowed,
		"other-user-is-master":               explain.Allowed,
		"raw-access-review":                  explain.Allowed,
		"reserved-groups":                    explain.Denied,
		"reserved-username":                  explain.Denied,
		"role-arn-with-path":                 explain.Unauthorized,
		"role-recreated":                     explain.Unauthorized,
		"role-through-profile":               explain.Allowed,
		"service-account-sidesteps-iam":      explain.Allowed,
		"session-arn-in-aws-auth":            explain.Unauthorized,
		"session-expired":                    explain.Unauthorized,
		"sso-role-with-path":                 explain.Unauthorized,
		"sts-failing":                        explain.Unauthorized,
		"sts-slow":                           explain.Unauthorized,
		"sts-throttled":                      explain.Unauthorized,
		"sts-unreachable":                    explain.Unauthorized,
		"token-encoded-twice":                explain.Unauthorized,
		"token-for-another-cluster":          explain.Unauthorized,
		"token-outlives-mapping":             explain.Unauthorized,
		"token-too-old":                      explain.Unauthorized,
		"token-without-cluster-header":       explain.Unauthorized,
		"trust-policy-denies":                explain.Denied,
		"unknown-access-key":                 explain.Unauthorized,
		"username-template-without-instance": explain.Unauthorized,
		"view-policy-and-secrets":            explain.Denied,
		"webhook-not-wired":                  explain.Unauthorized,
		"wrong-account-in-aws-auth":          explain.Unauthorized,
		"wrong-partition":                    explain.Unauthorized,
		"wrong-region-scope":                 explain.Unauthorized,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("catalogue (-want +got):\n%s", diff)
	}
}

// Each row of spec scenarios.md has a scenario.
func TestCatalogueRows(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, scenario := range shipped(t) {
		names[scenario.Metadata.Name] = true
	}
	for row, scenarios := range [][]string{
		{"mallory-is-not-mapped", "hidden-creator"}, // 1
		{"role-arn-with-path"},                      // 2
		{"session-arn-in-aws-auth"},                 // 3
		{"sso-role-with-path"},                      // 4
		{"entry-without-path"},                      // 5
		{"token-for-another-cluster"},               // 6
		{"token-without-cluster-header", "token-encoded-twice", "forged-signature"}, // 7
		{"token-too-old"},                // 8
		{"session-expired"},              // 9
		{"clock-ahead", "token-too-old"}, // 10
		{"keys-beat-profile"},            // 11
		{"wrong-region-scope"},           // 12
		{"wrong-partition"},              // 13
		{"custom-endpoint"},              // 14
		{"aws-auth-malformed"},           // 15
		{"aws-auth-deleted"},             // 16
		{"role-recreated"},               // 17
		{"sts-throttled", "sts-failing"}, // 18
		{"sts-unreachable", "sts-slow"},  // 19
		{"trust-policy-denies"},          // 20
		{"exec-api-version"},             // 21
		{"exec-not-found"},               // 22
		{"username-template-without-instance", "reserved-username"}, // 23
		{"webhook-not-wired", "authenticator-down"},                 // 24
		{"entry-without-policy"},                                    // 25
		{"view-policy-and-secrets"},                                 // 26
		{"bob-has-no-binding"},                                      // 27
		{"reserved-groups"},                                         // 28
		{"entries-on-config-map-cluster"},                           // 29
		{"wrong-account-in-aws-auth"},                               // 30
		{"aws-auth-key-case"},                                       // 31
		{"aws-auth-not-a-string"},                                   // 32
		{"api-mode-ignores-aws-auth"},                               // 33
		{"entry-beats-aws-auth"},                                    // 34
		{"reserved-groups"},                                         // 35
		{"escalation-and-access-policies"},                          // 36
		{"can-i-list-without-policies"},                             // 37
		{"impersonation-drops-policies"},                            // 38
		{"endpoint-url-in-the-shell"},                               // 39
		{"service-account-sidesteps-iam"},                           // 40
		{"iam-policies-do-not-count"},                               // 41
		{"token-outlives-mapping", "aws-auth-edited-live"},          // 42
		{"key-deactivated", "unknown-access-key"},                   // 43
		{"node-instance-role"},                                      // 44
	} {
		for _, name := range scenarios {
			if !names[name] {
				t.Errorf("row %d: no scenario %q", row+1, name)
			}
		}
	}
}

// What goes wrong in the catalogue is cured there, or cannot be.
func TestCatalogueCures(t *testing.T) {
	t.Parallel()
	for _, scenario := range shipped(t) {
		m := scenario.Metadata
		if incurable := []string{"aws-auth-edited-live", "token-outlives-mapping"}; slices.Contains(incurable, m.Name) || m.DocumentationOnly != "" {
			continue
		}
		if (m.Outcome != explain.Allowed) != (len(scenario.Fixed) > 0) {
			t.Errorf("%s is %s in the end and has %d steps that cure it", m.Name, m.Outcome, len(scenario.Fixed))
		}
	}
}

func TestCatalogueTeaches(t *testing.T) {
	t.Parallel()
	for _, scenario := range shipped(t) {
		name := scenario.Metadata.Name
		if file := strings.TrimSuffix(path.Base(scenario.File), ".yaml"); file != name {
			t.Errorf("%s: the scenario's name is %q; it is looked up by the file's", scenario.File, name)
		}
		if !strings.Contains(scenario.Lesson, "## On a real cluster") && !strings.Contains(scenario.Lesson, "## What to see in it") {
			t.Errorf("%s: the lesson does not say how it looks on a real cluster", name)
		}
		if strings.Count(scenario.Lesson, "\n## ") < 2 {
			t.Errorf("%s: the lesson lacks a part: cause, how it looks, fix", name)
		}
		if len(scenario.Metadata.Tags) == 0 {
			t.Errorf("%s: no tags", name)
		}
		for i, step := range scenario.Steps {
			if expect := step.Expect; expect != nil && i == scenario.Deciding() && expect.DecidedBy == "" {
				t.Errorf("%s: the deciding step does not say which hop decides", name)
			}
		}
	}
}

// A cause that a scenario expects must belong to the outcome and the hop that it expects.
func TestCatalogueCauses(t *testing.T) {
	t.Parallel()
	causes := map[string]explain.Cause{}
	for _, cause := range explain.Causes() {
		causes[cause.ID] = cause
	}
	for _, scenario := range shipped(t) {
		for i, step := range scenario.AllSteps() {
			if step.Expect == nil || step.Expect.Cause == "" {
				continue
			}
			cause := causes[step.Expect.Cause]
			if cause.Outcome != step.Expect.Outcome || step.Expect.DecidedBy != "" && cause.Hop != "" && cause.Hop != step.Expect.DecidedBy {
				t.Errorf("%s, step %d: the cause %s is %s by %s, expected is %s by %s", scenario.Metadata.Name, i+1,
					cause.ID, cause.Outcome, cause.Hop, step.Expect.Outcome, step.Expect.DecidedBy)
			}
		}
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		references []string
		names      []string
		problem    string
	}{
		{references: []string{"alice-views-pods"}, names: []string{"alice-views-pods"}},
		{references: []string{"catalogue/bob-has-no-binding.yaml", "aws-cli"}, names: []string{"bob-has-no-binding", "aws-cli"}},
		{references: []string{"./testdata/scenarios"}, names: []string{"first", "second"}},
		{references: []string{"alice-view-pods"}, problem: `no shipped scenario is called "alice-view-pods" (did you mean "alice-views-pods"?`},
		{references: []string{"./testdata/twice"}, problem: `testdata/twice/b.yaml:3: metadata.name: the name "same" is taken by testdata/twice/a.yaml (give one of them another name)`},
		{references: []string{"./testdata/none.yaml"}, problem: "no such file or directory"},
		{references: []string{"./testdata"}, problem: "has no scenarios"},
		{references: []string{"./testdata/twice", "nothing-of-the-kind"}, problem: "no shipped scenario"},
		{references: []string{"./testdata/broken"}, problem: "testdata/broken/broken.yaml:5: steps[0].as"},
	} {
		t.Run(strings.Join(c.references, "+"), func(t *testing.T) {
			t.Parallel()
			got, err := Loader{Environment: config.Default()}.Load(c.references...)
			if c.problem != "" {
				if err == nil || !strings.Contains(err.Error(), c.problem) {
					t.Fatalf("error %v, want one with %q", err, c.problem)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, scenario := range got {
				names = append(names, scenario.Metadata.Name)
			}
			if diff := cmp.Diff(c.names, names); diff != "" {
				t.Errorf("scenarios (-want +got):\n%s", diff)
			}
		})
	}
}
