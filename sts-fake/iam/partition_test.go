package iam

import "testing"

// The regions and suffixes are those of the partitions.json that AWS SDKs share.
func TestPartitionOfRegion(t *testing.T) {
	t.Parallel()
	for region, want := range map[string][3]string{
		"us-west-2":       {"aws", "amazonaws.com", "api.aws"},
		"mx-central-1":    {"aws", "amazonaws.com", "api.aws"},
		"":                {"aws", "amazonaws.com", "api.aws"},
		"cn-northwest-1":  {"aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
		"us-gov-west-1":   {"aws-us-gov", "amazonaws.com", "api.aws"},
		"us-iso-east-1":   {"aws-iso", "c2s.ic.gov", "api.aws.ic.gov"},
		"us-isob-east-1":  {"aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud"},
		"eu-isoe-west-1":  {"aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
		"us-isof-south-1": {"aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
		"eusc-de-east-1":  {"aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu"},
	} {
		got := PartitionOfRegion(region)
		if [3]string{got.ID, got.DNSSuffix, got.DualStackDNSSuffix} != want {
			t.Errorf("%q is in %+v, want %v", region, got, want)
		}
		if byID, ok := PartitionByID(want[0]); !ok || byID != got {
			t.Errorf("%s is %+v (%t), want %+v", want[0], byID, ok, got)
		}
	}
	if got, ok := PartitionByID("aws-moon"); ok {
		t.Errorf("aws-moon is %+v", got)
	}
}
