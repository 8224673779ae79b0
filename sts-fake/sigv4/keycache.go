package sigv4

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/binary"
	"sync"
)

// maxCachedKeys bounds each generation of each kind of key; a [KeyCache] holds two generations. A signing key and its
// name are 64 bytes, so all of it stays within a few megabytes.
const maxCachedKeys = 4096

// KeyCache keeps the keys that proved a signature, so that the next request signed by the same key needs one HMAC
// instead of five, and no elliptic curve arithmetic to find a public key. The zero value is ready, holds at most 8192
// signing keys and 8192 public keys, and is safe for concurrent use; its lock is never held while something is computed.
//
// A key is found by a hash of everything that it is made of, the secret included: under another secret the same access
// key ID has other keys, and no secret key stands in the cache. What does stand there is worth what AWS made it
// worth: a signing key one day, one region and one service, a public key nothing.
//
// Only a key that proved a signature gets in. Who has no secret can neither fill the cache nor empty it.
type KeyCache struct {
	signing generations[[sha256.Size]byte]
	public  generations[*ecdsa.PublicKey]
}

// keyName is the hash that a cached key is found by.
type keyName [sha256.Size]byte

// nameKey hashes what a key is made of. Every part has its length before it, so that no two lists of parts are one text.
func nameKey(parts ...string) keyName {
	var space [192]byte
	buf := space[:0]
	for _, part := range parts {
		buf = binary.BigEndian.AppendUint32(buf, uint32(len(part)))
		buf = append(buf, part...)
	}
	return sha256.Sum256(buf)
}

// generations is a map with a bound. When the young generation is full it becomes the old one, and the old one is
// forgotten; what is found in the old one is young again. So what is in use stays, at the price of one map lookup.
type generations[V any] struct {
	mu         sync.Mutex
	young, old map[keyName]V
}

func (g *generations[V]) get(name keyName) (V, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	v, ok := g.young[name]
	if !ok {
		if v, ok = g.old[name]; ok {
			g.add(name, v)
		}
	}
	return v, ok
}

func (g *generations[V]) put(name keyName, v V) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.add(name, v)
}

// add puts a value into the young generation. The caller holds the lock.
func (g *generations[V]) add(name keyName, v V) {
	if _, known := g.young[name]; !known && len(g.young) >= maxCachedKeys || g.young == nil {
		g.old, g.young = g.young, make(map[keyName]V)
	}
	g.young[name] = v
}
