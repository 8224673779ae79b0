package eks

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Timestamp is a point in time in the JSON form of the EKS API: seconds since the Unix epoch with three
// decimals, as in AWS's examples ("createdAt": 1527808069.147).
type Timestamp time.Time

// MarshalJSON implements json.Marshaler. Times are cut to milliseconds.
func (t Timestamp) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(time.Time(t).UnixMilli())/1000, 'f', 3, 64), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *Timestamp) UnmarshalJSON(data []byte) error {
	seconds, err := strconv.ParseFloat(string(data), 64)
	if err != nil {
		return fmt.Errorf("read timestamp %s: want seconds since 1970: %w", data, err)
	}
	*t = Timestamp(time.UnixMilli(int64(math.Round(seconds * 1000))).UTC())
	return nil
}

// Equal says whether two timestamps are the same point in time.
func (t Timestamp) Equal(other Timestamp) bool { return time.Time(t).Equal(time.Time(other)) }

// timestamp is a time as the API keeps it: in milliseconds, so that what is saved is what is loaded.
func timestamp(t time.Time) Timestamp { return Timestamp(t.UTC().Truncate(time.Millisecond)) }
