package iamapi

import (
	"regexp"

	"github.com/eksemu/eksemu/sts-fake/awsmodel"
)

// This file is the part of IAM's service model that its messages speak about: the shapes of the operations' inputs, under
// the names that they have in the model (botocore data/iam/2010-05-08/service-2.json). Each operation lists its members
// in the model's order.

// own is a pattern that IAM has words of its own for.
func own(pattern *awsmodel.Pattern, message string) *awsmodel.Pattern {
	pattern.Message = message
	return pattern
}

// The words about names are recorded for roleName (aws/eks-hybrid#112, torchserve-examples#7), and those about paths
// are what other emulators took from AWS (getmoto/moto, tests of create_virtual_mfa_device). For other names they are
// inferred.
const (
	nameMessage = "The specified value for %s is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"
	pathMessage = "The specified value for %s is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters."
)

var (
	namePattern     = own(awsmodel.SamePattern(`[\w+=,.@-]+`), nameMessage)
	pathPattern     = own(&awsmodel.Pattern{Text: `(\u002F)|(\u002F[\u0021-\u007E]+\u002F)`, Regexp: regexp.MustCompile(`^(?:/|/[!-~]+/)$`)}, pathMessage)
	documentPattern = &awsmodel.Pattern{
		Text:   `[\u0009\u000A\u000D\u0020-\u00FF]+`,
		Regexp: regexp.MustCompile(`^[\x{09}\x{0A}\x{0D}\x{20}-\x{FF}]+$`),
	}
)

var (
	userNameType         = awsmodel.Shape{Min: 1, Max: 64, Pattern: namePattern}
	existingUserNameType = awsmodel.Shape{Min: 1, Max: 128, Pattern: namePattern}
	roleNameType         = awsmodel.Shape{Min: 1, Max: 64, Pattern: namePattern}
	policyNameType       = awsmodel.Shape{Min: 1, Max: 128, Pattern: namePattern}
	pathType             = awsmodel.Shape{Min: 1, Max: 512, Pattern: pathPattern}
	policyPathType       = awsmodel.Shape{Min: 1, Max: 512, Pattern: own(awsmodel.SamePattern(`((/[A-Za-z0-9\.,\+@=_-]+)*)/`), pathMessage)}
	pathPrefixType       = awsmodel.Shape{Min: 1, Max: 512, Pattern: &awsmodel.Pattern{Text: `\u002F[\u0021-\u007F]*`, Regexp: regexp.MustCompile(`^/[!-\x7F]*$`)}}
	arnType              = awsmodel.Shape{Min: 20, Max: 2048}
	policyDocumentType   = awsmodel.Shape{Min: 1, Max: 131072, Pattern: documentPattern}
	versionIDType        = awsmodel.Shape{Pattern: awsmodel.SamePattern(`v[1-9][0-9]*(\.[A-Za-z0-9-]*)?`)}
	markerType           = awsmodel.Shape{Min: 1, Max: 320, Pattern: &awsmodel.Pattern{Text: `[\u0020-\u00FF]+`, Regexp: regexp.MustCompile(`^[\x{20}-\x{FF}]+$`)}}
	maxItemsType         = awsmodel.Shape{Kind: awsmodel.Number, Min: 1, Max: 1000}
	booleanType          = awsmodel.Shape{Kind: awsmodel.Boolean}
	accessKeyIDType      = awsmodel.Shape{Min: 16, Max: 128, Pattern: awsmodel.SamePattern(`[\w]+`)}
	statusType           = awsmodel.Shape{Enum: []string{"Active", "Inactive", "Expired"}}
	serialNumberType     = awsmodel.Shape{Min: 9, Max: 256, Pattern: awsmodel.SamePattern(`[\w+=/:,.@-]+`)}
	roleDescriptionType  = awsmodel.Shape{Max: 1000, Pattern: &awsmodel.Pattern{
		Text:   `[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*`,
		Regexp: regexp.MustCompile(`^[\x{09}\x{0A}\x{0D}\x{20}-\x{7E}\x{A1}-\x{FF}]*$`),
	}}
	policyDescriptionType  = awsmodel.Shape{Max: 1000}
	maxSessionDurationType = awsmodel.Shape{Kind: awsmodel.Number, Min: 3600, Max: 43200}
	policyScopeType        = awsmodel.Shape{Enum: []string{"All", "AWS", "Local"}}
	policyUsageType        = awsmodel.Shape{Enum: []string{"PermissionsPolicy", "PermissionsBoundary"}}
	entityType             = awsmodel.Shape{Enum: []string{"User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"}}
	assignmentStatusType   = awsmodel.Shape{Enum: []string{"Assigned", "Unassigned", "Any"}}
	tagKeyType             = awsmodel.Shape{Min: 1, Max: 128, Pattern: awsmodel.SamePattern(`[\p{L}\p{Z}\p{N}_.:/=+\-@]+`)}
	tagValueType           = awsmodel.Shape{Min: 0, Max: 256, Pattern: awsmodel.SamePattern(`[\p{L}\p{Z}\p{N}_.:/=+\-@]*`)}
	tagShape               = awsmodel.Shape{Kind: awsmodel.Structure, Members: []awsmodel.Member{
		awsmodel.Required("Key", tagKeyType), awsmodel.Required("Value", tagValueType),
	}}
	tagListType        = awsmodel.Shape{Kind: awsmodel.List, Max: 50, Element: &tagShape}
	tagKeyListType     = awsmodel.Shape{Kind: awsmodel.List, Max: 50, Element: &tagKeyType}
	providerURLType    = awsmodel.Shape{Min: 1, Max: 255}
	clientIDType       = awsmodel.Shape{Min: 1, Max: 255}
	clientIDListType   = awsmodel.Shape{Kind: awsmodel.List, Element: &clientIDType}
	thumbprintType     = awsmodel.Shape{Min: 40, Max: 40}
	thumbprintListType = awsmodel.Shape{Kind: awsmodel.List, Element: &thumbprintType}
)

// Members that many operations have.
var (
	roleName    = awsmodel.Required("RoleName", roleNameType)
	policyName  = awsmodel.Required("PolicyName", policyNameType)
	policyArn   = awsmodel.Required("PolicyArn", arnType)
	providerArn = awsmodel.Required("OpenIDConnectProviderArn", arnType)
	document    = awsmodel.Required("PolicyDocument", policyDocumentType)
	versionID   = awsmodel.Required("VersionId", versionIDType)
	tags        = awsmodel.Required("Tags", tagListType)
	tagKeys     = awsmodel.Required("TagKeys", tagKeyListType)
	marker      = awsmodel.Optional("Marker", markerType)
	maxItems    = awsmodel.Optional("MaxItems", maxItemsType)

	existingUser = awsmodel.Required("UserName", existingUserNameType)
	anyUser      = awsmodel.Optional("UserName", existingUserNameType) // the caller's own without it
	attachedUser = awsmodel.Required("UserName", userNameType)
)

// members lists members.
func members(list ...awsmodel.Member) []awsmodel.Member { return list }

// optional is a member that a request need not have after all.
func optional(m awsmodel.Member) awsmodel.Member { return awsmodel.Optional(m.Name, m.Shape) }
