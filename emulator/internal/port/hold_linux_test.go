package port

import "testing"

// TestReservedPortIsNotChosen has somebody else want a reserved port.
func TestReservedPortIsNotChosen(t *testing.T) {
	t.Parallel()
	reserved, err := Reserve(t.Context(), "127.0.0.1", 0)
	if err != nil {
		t.Fatal(err)
	}
	if listener, err := openAlone(t.Context(), "127.0.0.1", reserved.Port); err == nil {
		t.Errorf("port %d is reserved, and somebody else got it", reserved.Port)
		listener.Close()
	}
	if err := reserved.Release(); err != nil {
		t.Fatal(err)
	}
	listener, err := openAlone(t.Context(), "127.0.0.1", reserved.Port)
	if err != nil {
		t.Fatalf("port %d is not reserved any more: %v", reserved.Port, err)
	}
	defer listener.Close()
	if _, err := hold("127.0.0.1", reserved.Port); err == nil {
		t.Errorf("port %d, on which somebody listens, was reserved", reserved.Port)
	}
	if _, err := hold("::1", 1); err == nil || err.Error() != "::1 is no IPv4 address" {
		t.Errorf("error %v", err)
	}
}
