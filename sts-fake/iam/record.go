package iam

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// sessionKind is what a session is of.
type sessionKind byte

const (
	roleSession      sessionKind = 'r'
	userSession      sessionKind = 'u' // GetSessionToken: of a user or root
	federatedSession sessionKind = 'f' // GetFederationToken
)

// record is what a session token carries. Times are seconds since 1970; 0 is none.
type record struct {
	kind                 sessionKind
	secret               []byte // secretBytes of it
	principalID          string // AROA…, AIDA…, or the account ID of a root user
	name                 string
	issued, expires, mfa int64
	sourceIdentity       string
	provider             string // ARN
	tags                 []Tag
	policies             []string // JSON documents
}

var errRecord = errors.New("the session token carries no session")

// encode writes a record: kind and secret, then numbers as varints and texts with their lengths in front.
func (r record) encode() []byte {
	b := append(append(make([]byte, 0, 256), byte(r.kind)), r.secret...)
	for _, text := range []string{r.principalID, r.name, r.sourceIdentity, r.provider} {
		b = appendText(b, text)
	}
	for _, seconds := range []int64{r.issued, r.expires, r.mfa} {
		b = binary.AppendVarint(b, seconds)
	}
	b = binary.AppendUvarint(b, uint64(len(r.tags)))
	for _, tag := range r.tags {
		b = appendText(appendText(append(b, boolByte(tag.Transitive)), tag.Key), tag.Value)
	}
	b = binary.AppendUvarint(b, uint64(len(r.policies)))
	for _, policy := range r.policies {
		b = appendText(b, policy)
	}
	return b
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// decodeRecord reads what encode wrote.
func decodeRecord(data []byte) (record, error) {
	if len(data) < 1+secretBytes {
		return record{}, errRecord
	}
	r := record{kind: sessionKind(data[0]), secret: data[1 : 1+secretBytes]}
	in := recordReader{rest: string(data[1+secretBytes:])}
	r.principalID, r.name, r.sourceIdentity, r.provider = in.text(), in.text(), in.text(), in.text()
	r.issued, r.expires, r.mfa = in.number(), in.number(), in.number()
	if n := in.count(3); n > 0 {
		r.tags = make([]Tag, n)
	}
	for i := range r.tags {
		r.tags[i] = Tag{Transitive: in.byte() == 1, Key: in.text(), Value: in.text()}
	}
	if n := in.count(1); n > 0 {
		r.policies = make([]string, n)
	}
	for i := range r.policies {
		r.policies[i] = in.text()
	}
	known := r.kind == roleSession || r.kind == userSession || r.kind == federatedSession
	if in.broken || in.rest != "" || !known {
		return record{}, errRecord
	}
	return r, nil
}

// recordReader takes a record apart. What is not there reads as nothing, and makes the record broken.
type recordReader struct {
	rest   string
	broken bool
}

func (in *recordReader) byte() byte {
	if in.rest == "" {
		in.broken = true
		return 0
	}
	b := in.rest[0]
	in.rest = in.rest[1:]
	return b
}

func (in *recordReader) uvarint() uint64 {
	var value uint64
	for shift := 0; shift < 64; shift += 7 {
		b := in.byte()
		value |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return value
		}
	}
	in.broken = true
	return 0
}

// number is the inverse of [binary.AppendVarint].
func (in *recordReader) number() int64 {
	u := in.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

// count is a number of things of at least size bytes each.
func (in *recordReader) count(size int) int {
	n := in.uvarint()
	if n > uint64(len(in.rest)/size) {
		in.broken = true
		return 0
	}
	return int(n)
}

func (in *recordReader) text() string {
	n := in.count(1)
	text := in.rest[:n]
	in.rest = in.rest[n:]
	return text
}

func (r *record) setPolicies(policies []Policy) error {
	for _, policy := range policies {
		text, err := policy.normal()
		if err != nil {
			return fmt.Errorf("write a session policy: %w", err)
		}
		r.policies = append(r.policies, string(text))
	}
	return nil
}

// checkPolicies refuses policies that [ParsePolicy] would not read again: written out, a document may be longer than it
// was.
func (r record) checkPolicies() error {
	var ps Problems
	for i, text := range r.policies {
		if len(text) > maxPolicyBytes {
			ps.add(fmt.Sprintf("session policy %d", i+1), "has %d bytes with its lists written out: at most %d are kept", len(text), maxPolicyBytes)
		}
	}
	return ps.err()
}

func (r record) parsePolicies() ([]Policy, error) {
	var out []Policy
	for _, text := range r.policies {
		policy, err := parsePolicy([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("read a session policy: %w", err)
		}
		out = append(out, policy)
	}
	return out, nil
}

const (
	packedPlain   = 0
	packedDeflate = 1

	// minDeflate is the size in bytes below which deflating is not tried: it would win a few bytes, and opening such
	// a token costs 40 kB for a moment.
	minDeflate = 512
	// maxUnpacked bounds what a token or message unpacks to, in bytes: above 10 managed policies and the largest inline
	// one.
	maxUnpacked = 1 << 20
)

// pack is data as it goes into a token: deflated if that is smaller, and with its size in front, so that padding may
// follow.
func pack(data []byte) []byte {
	form, body := byte(packedPlain), data
	if len(data) >= minDeflate {
		if small := deflate(data); len(small) < len(data) {
			form, body = packedDeflate, small
		}
	}
	out := binary.AppendUvarint([]byte{form}, uint64(len(body)))
	return append(out, body...)
}

func deflate(data []byte) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression) // fails for unknown levels only
	_, _ = w.Write(data)                               // a Buffer takes everything
	_ = w.Close()
	return b.Bytes()
}

// unpack is the inverse of pack, without the padding.
func unpack(packed []byte) ([]byte, bool) {
	if len(packed) == 0 {
		return nil, false
	}
	size, n := binary.Uvarint(packed[1:])
	if n <= 0 || size > uint64(len(packed)-1-n) {
		return nil, false
	}
	body := packed[1+n : 1+n+int(size)]
	switch packed[0] {
	case packedPlain:
		return body, true
	case packedDeflate:
		data, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(body)), maxUnpacked+1))
		return data, err == nil && len(data) <= maxUnpacked
	}
	return nil, false
}
