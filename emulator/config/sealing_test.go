package config_test

import (
	"bytes"
	"testing"

	"github.com/eksemu/eksemu/emulator/config"
)

func TestSealingKey(t *testing.T) {
	t.Parallel()
	key := config.Default().SealingKey()
	if len(key) != 32 || !bytes.Equal(key, config.Default().SealingKey()) {
		t.Errorf("the built-in environment must always have the same key of 32 bytes, got %x", key)
	}
	other := config.Default()
	other.Users[1].AccessKeys[0].Secret = "another"
	if bytes.Equal(key, other.SealingKey()) {
		t.Error("another secret must give another key")
	}
}
