package awsquery

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Timestamp is a point in time in an answer: ISO 8601 in UTC with whole seconds in XML, and seconds since 1970
// in scientific notation (1.714129061E9) in JSON (spec/sts.md section 2.1).
type Timestamp time.Time

// MarshalText is the XML form.
func (t Timestamp) MarshalText() ([]byte, error) {
	return []byte(time.Time(t).UTC().Format("2006-01-02T15:04:05Z")), nil
}

// MarshalJSON is the JSON form: the shortest digits that name the second, at least one of them after the
// point, and an exponent without sign or padding.
func (t Timestamp) MarshalJSON() ([]byte, error) {
	text := strconv.FormatFloat(float64(time.Time(t).Unix()), 'E', -1, 64)
	mantissa, exponent, _ := strings.Cut(text, "E")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	power, err := strconv.Atoi(exponent)
	if err != nil {
		return nil, err
	}
	return json.RawMessage(mantissa + "E" + strconv.Itoa(power)), nil
}
