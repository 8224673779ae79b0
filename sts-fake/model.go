package stsfake

import (
	"regexp"

	"github.com/eksemu/eksemu/sts-fake/awsmodel"
)

// This file is the part of STS's service model that its messages speak about: the shapes of the operations'
// inputs, under the names that they have in the model (botocore 1.43.11 data/sts/2011-06-15/service-2.json;
// spec/sts.md section 4.2). Each operation's file lists its members in the model's order. Where documentation says
// more than the model, a comment says so.

// Bounds that code needs, too.
const (
	maxTags        = 50
	minDuration    = 900
	defaultSeconds = 3600 // of the AssumeRole operations
)

// Messages are on record with the patterns of arnType and roleSessionNameType (spec/sts.md section 2.2); that they
// quote the others in the same way is inferred.
var (
	arnPattern = &awsmodel.Pattern{
		Text:   `[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+`,
		Regexp: regexp.MustCompile(`^[\x{09}\x{0A}\x{0D}\x{20}-\x{7E}\x{85}\x{A0}-\x{D7FF}\x{E000}-\x{FFFD}\x{10000}-\x{10FFFF}]+$`),
	}
	policyPattern = &awsmodel.Pattern{
		Text:   `[\u0009\u000A\u000D\u0020-\u00FF]+`,
		Regexp: regexp.MustCompile(`^[\x{09}\x{0A}\x{0D}\x{20}-\x{FF}]+$`),
	}
	namePattern = awsmodel.SamePattern(`[\w+=,.@-]*`)
)

var (
	arnType                     = awsmodel.Shape{Min: 20, Max: 2048, Pattern: arnPattern}
	roleSessionNameType         = awsmodel.Shape{Min: 2, Max: 64, Pattern: namePattern}
	roleDurationSecondsType     = awsmodel.Shape{Kind: awsmodel.Number, Min: minDuration, Max: 43200}
	durationSecondsType         = awsmodel.Shape{Kind: awsmodel.Number, Min: minDuration, Max: 129600}
	rootDurationSecondsType     = awsmodel.Shape{Kind: awsmodel.Number, Min: 0, Max: 900}
	externalIDType              = awsmodel.Shape{Min: 2, Max: 1224, Pattern: awsmodel.SamePattern(`[\w+=,.@:\/-]*`)}
	serialNumberType            = awsmodel.Shape{Min: 9, Max: 256, Pattern: awsmodel.SamePattern(`[\w+=/:,.@-]*`)}
	tokenCodeType               = awsmodel.Shape{Min: 6, Max: 6, Pattern: awsmodel.SamePattern(`[\d]*`), Secret: true}
	sourceIdentityType          = awsmodel.Shape{Min: 2, Max: 64, Pattern: namePattern}
	userNameType                = awsmodel.Shape{Min: 2, Max: 32, Pattern: namePattern}
	accessKeyIDType             = awsmodel.Shape{Min: 16, Max: 128, Pattern: awsmodel.SamePattern(`[\w]*`)}
	clientTokenType             = awsmodel.Shape{Min: 4, Max: 20000, Sensitive: true}
	samlAssertionType           = awsmodel.Shape{Min: 4, Max: 100000, Sensitive: true}
	urlType                     = awsmodel.Shape{Min: 4, Max: 2048}
	encodedMessageType          = awsmodel.Shape{Min: 1, Max: 10240}
	targetPrincipalType         = awsmodel.Shape{Min: 12, Max: 2048}
	tradeInTokenType            = awsmodel.Shape{Sensitive: true}
	contextAssertionType        = awsmodel.Shape{Min: 4, Max: 2048, Secret: true}
	webIdentityTokenAudience    = awsmodel.Shape{Min: 1, Max: 1000}
	webIdentityTokenDuration    = awsmodel.Shape{Kind: awsmodel.Number, Min: 60, Max: 3600}
	jwtAlgorithmType            = awsmodel.Shape{Min: 5, Max: 5}
	tagKeyType                  = awsmodel.Shape{Min: 1, Max: 128, Pattern: awsmodel.SamePattern(`[\p{L}\p{Z}\p{N}_.:/=+\-@]+`)}
	tagValueType                = awsmodel.Shape{Min: 0, Max: 256, Pattern: awsmodel.SamePattern(`[\p{L}\p{Z}\p{N}_.:/=+\-@]*`)}
	tagShape                    = awsmodel.Shape{Kind: awsmodel.Structure, Members: []awsmodel.Member{awsmodel.Required("Key", tagKeyType), awsmodel.Required("Value", tagValueType)}}
	tagListType                 = awsmodel.Shape{Kind: awsmodel.List, Max: maxTags, Element: &tagShape}
	tagKeyListType              = awsmodel.Shape{Kind: awsmodel.List, Max: maxTags, Element: &tagKeyType}
	policyDescriptorType        = awsmodel.Shape{Kind: awsmodel.Structure, Members: []awsmodel.Member{awsmodel.Optional("arn", arnType)}}
	providedContextShape        = awsmodel.Shape{Kind: awsmodel.Structure, Members: []awsmodel.Member{awsmodel.Optional("ProviderArn", arnType), awsmodel.Optional("ContextAssertion", contextAssertionType)}}
	providedContextsListType    = awsmodel.Shape{Kind: awsmodel.List, Min: 1, Max: 5, Element: &providedContextShape}
	webIdentityTokenAudiences   = awsmodel.Shape{Kind: awsmodel.List, Min: 1, Max: 10, Element: &webIdentityTokenAudience}
	minimumSessionTokenSizeType = awsmodel.Shape{Kind: awsmodel.Number, Min: 0, Max: 4096} // from its documentation: "must not exceed 4,096 bytes"

	// policyDescriptorListType has no bound in the model: ten is the documentation's.
	policyDescriptorListType = awsmodel.Shape{Kind: awsmodel.List, Max: 10, Element: &policyDescriptorType}

	// sessionPolicyDocumentType is that of all operations here. AssumeRole's own, unrestrictedSessionPolicyDocumentType,
	// has no upper bound in the model, but its documentation has the same 2048 characters.
	sessionPolicyDocumentType = awsmodel.Shape{Min: 1, Max: 2048, Pattern: policyPattern}
)
