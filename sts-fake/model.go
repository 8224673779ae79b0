package stsfake

import "regexp"

// This file is the part of STS's service model that its messages speak about: the shapes of the operations'
// inputs, under the names that they have in the model (botocore 1.43.11 data/sts/2011-06-15/service-2.json;
// spec/sts.md section 4.2). Each operation's file lists its members in the model's order. Where documentation says
// more than the model, a comment says so.

// shape bounds a value. What a zero field stands for depends on the kind.
type shape struct {
	kind      shapeKind
	min, max  int      // characters of a text, members of a list, or a number itself; max 0 is no bound
	pattern   *pattern // of a text; nil takes every one
	sensitive bool     // a text that no message repeats
	secret    bool     // a text that messages repeat, and that no record may have
	element   *shape   // of a list
	members   []member // of a structure
}

type shapeKind int

const (
	textShape shapeKind = iota
	numberShape
	listShape
	structureShape
)

// member is a member of an operation's input or of a structure, named as on the wire.
type member struct {
	name     string
	shape    shape
	required bool
}

func required(name string, s shape) member { return member{name, s, true} }

func optional(name string, s shape) member { return member{name, s, false} }

// pattern is a regular expression as messages quote it, and as Go reads it.
type pattern struct {
	text string
	re   *regexp.Regexp
}

// samePattern is a pattern that Go reads like the model. Its \w is ASCII: spec/sts.md section 4.2 has that from
// practice.
func samePattern(text string) *pattern {
	return &pattern{text, regexp.MustCompile(`^(?:` + text + `)$`)}
}

// Bounds that code needs, too.
const (
	maxTags        = 50
	minDuration    = 900
	defaultSeconds = 3600 // of the AssumeRole operations
)

// Messages are on record with the patterns of arnType and roleSessionNameType (spec/sts.md section 2.2); that they
// quote the others in the same way is inferred.
var (
	arnPattern = &pattern{
		`[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+`,
		regexp.MustCompile(`^[\x{09}\x{0A}\x{0D}\x{20}-\x{7E}\x{85}\x{A0}-\x{D7FF}\x{E000}-\x{FFFD}\x{10000}-\x{10FFFF}]+$`),
	}
	policyPattern = &pattern{
		`[\u0009\u000A\u000D\u0020-\u00FF]+`,
		regexp.MustCompile(`^[\x{09}\x{0A}\x{0D}\x{20}-\x{FF}]+$`),
	}
	namePattern = samePattern(`[\w+=,.@-]*`)
)

var (
	arnType                     = shape{min: 20, max: 2048, pattern: arnPattern}
	roleSessionNameType         = shape{min: 2, max: 64, pattern: namePattern}
	roleDurationSecondsType     = shape{kind: numberShape, min: minDuration, max: 43200}
	durationSecondsType         = shape{kind: numberShape, min: minDuration, max: 129600}
	rootDurationSecondsType     = shape{kind: numberShape, min: 0, max: 900}
	externalIDType              = shape{min: 2, max: 1224, pattern: samePattern(`[\w+=,.@:\/-]*`)}
	serialNumberType            = shape{min: 9, max: 256, pattern: samePattern(`[\w+=/:,.@-]*`)}
	tokenCodeType               = shape{min: 6, max: 6, pattern: samePattern(`[\d]*`), secret: true}
	sourceIdentityType          = shape{min: 2, max: 64, pattern: namePattern}
	userNameType                = shape{min: 2, max: 32, pattern: namePattern}
	accessKeyIDType             = shape{min: 16, max: 128, pattern: samePattern(`[\w]*`)}
	clientTokenType             = shape{min: 4, max: 20000, sensitive: true}
	samlAssertionType           = shape{min: 4, max: 100000, sensitive: true}
	urlType                     = shape{min: 4, max: 2048}
	encodedMessageType          = shape{min: 1, max: 10240}
	targetPrincipalType         = shape{min: 12, max: 2048}
	tradeInTokenType            = shape{sensitive: true}
	contextAssertionType        = shape{min: 4, max: 2048, secret: true}
	webIdentityTokenAudience    = shape{min: 1, max: 1000}
	webIdentityTokenDuration    = shape{kind: numberShape, min: 60, max: 3600}
	jwtAlgorithmType            = shape{min: 5, max: 5}
	tagKeyType                  = shape{min: 1, max: 128, pattern: samePattern(`[\p{L}\p{Z}\p{N}_.:/=+\-@]+`)}
	tagValueType                = shape{min: 0, max: 256, pattern: samePattern(`[\p{L}\p{Z}\p{N}_.:/=+\-@]*`)}
	tagShape                    = shape{kind: structureShape, members: []member{required("Key", tagKeyType), required("Value", tagValueType)}}
	tagListType                 = shape{kind: listShape, max: maxTags, element: &tagShape}
	tagKeyListType              = shape{kind: listShape, max: maxTags, element: &tagKeyType}
	policyDescriptorType        = shape{kind: structureShape, members: []member{optional("arn", arnType)}}
	providedContextShape        = shape{kind: structureShape, members: []member{optional("ProviderArn", arnType), optional("ContextAssertion", contextAssertionType)}}
	providedContextsListType    = shape{kind: listShape, min: 1, max: 5, element: &providedContextShape}
	webIdentityTokenAudiences   = shape{kind: listShape, min: 1, max: 10, element: &webIdentityTokenAudience}
	minimumSessionTokenSizeType = shape{kind: numberShape, min: 0, max: 4096} // from its documentation: "must not exceed 4,096 bytes"

	// policyDescriptorListType has no bound in the model: ten is the documentation's.
	policyDescriptorListType = shape{kind: listShape, max: 10, element: &policyDescriptorType}

	// sessionPolicyDocumentType is that of all operations here. AssumeRole's own, unrestrictedSessionPolicyDocumentType,
	// has no upper bound in the model, but its documentation has the same 2048 characters.
	sessionPolicyDocumentType = shape{min: 1, max: 2048, pattern: policyPattern}
)
