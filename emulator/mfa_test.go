package emulator

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/eksemu/eksemu/emulator/config"
)

// TestMFACodes: the codes are those of RFC 6238, appendix B ([R]: its SHA-1 rows, of which six digits are the last
// six), and the seed is not among the answers.
func TestMFACodes(t *testing.T) {
	t.Parallel()
	const seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" // 12345678901234567890, the RFC's
	cfg := &config.Environment{
		Users: []config.User{{Name: "alice"}, {Name: "trurl", MFADevices: []config.MFADevice{
			{SerialNumber: "arn:aws:iam::111122223333:mfa/phone", Seed: seed}, {SerialNumber: "GAHT12345678", Seed: seed},
		}}},
		Roles: []config.Role{{Name: "open"}, {Name: "guarded", MFASerial: "GAHT12345678"}},
	}
	for _, tc := range []struct {
		now  int64
		code string
		left int
	}{{59, "287082", 1}, {60, "359152", 30}, {1111111109, "081804", 1}, {1111111111, "050471", 29}} {
		got, err := mfaCodes(cfg, time.Unix(tc.now, 0))
		want := []MFACode{
			{"trurl", "arn:aws:iam::111122223333:mfa/phone", []string{}, tc.code, tc.left},
			{"trurl", "GAHT12345678", []string{"guarded"}, tc.code, tc.left},
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("at %d: %v, (-want +got):\n%s", tc.now, err, diff)
		}
		if raw, _ := json.Marshal(got); strings.Contains(string(raw), seed) {
			t.Errorf("the seed leaves the environment: %s", raw)
		}
	}
	cfg.Users[1].MFADevices[0].Seed = "not base32"
	if _, err := mfaCodes(cfg, time.Unix(59, 0)); err == nil || strings.Contains(err.Error(), "not base32\"") ||
		!strings.HasPrefix(err.Error(), "MFA device arn:aws:iam::111122223333:mfa/phone of trurl: ") {
		t.Errorf("error %v", err)
	}
}

// TestMFACodesOfNobody is an empty list and no null.
func TestMFACodesOfNobody(t *testing.T) {
	t.Parallel()
	e := startedAlone(t, nil)
	codes, err := attached(t, e).MFACodes(t.Context())
	if err != nil || codes == nil || len(codes) != 0 {
		t.Errorf("%#v, %v", codes, err)
	}
}
