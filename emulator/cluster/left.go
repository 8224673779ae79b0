package cluster

import "fmt"

// LeftError says that something is left running that should have ended.
type LeftError struct {
	What string // "the kind cluster dev"
	Err  error  // why it did not end
}

func (e *LeftError) Error() string {
	return fmt.Sprintf("%s is left, because it could not be taken down (the next start, or `eksemu down`, tries again): %v", e.What, e.Err)
}

// Unwrap returns why it did not end.
func (e *LeftError) Unwrap() error { return e.Err }
