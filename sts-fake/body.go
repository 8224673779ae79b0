package stsfake

import (
	"errors"
	"fmt"
	"io"
	"net/http"
)

// MaxBody is the number of bytes that a request body may have. The largest that a client of these APIs sends is
// an AssumeRole with 50 long tags, about 40 KiB. AWS's own bound is not known.
const MaxBody = 256 << 10

// ErrBodyTooLarge is a request body of more than [MaxBody] bytes.
var ErrBodyTooLarge = fmt.Errorf("the request body has more than %d bytes", MaxBody)

// ReadBody reads the whole body of a request, which its signature covers. The error is [ErrBodyTooLarge], or what
// kept the body from arriving.
func ReadBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.Body == http.NoBody {
		return nil, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, ErrBodyTooLarge
	}
	if err != nil {
		return nil, fmt.Errorf("read the request body: %w", err)
	}
	return body, nil
}
