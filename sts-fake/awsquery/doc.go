// Package awsquery speaks the AWS query protocol, the wire format of STS, IAM and (in a flavour of its own)
// EC2: parameters arrive in a query string or a form, answers leave as XML, or as JSON for who asks for it.
//
// A request is a flat list of names and values. Structure is spelled in the names:
//
//	Action=AssumeRole&Version=2011-06-15&Tags.member.1.Key=team&Tags.member.1.Value=blue
//	Action=DescribeInstances&Filter.1.Name=instance-id&Filter.1.Value.1=i-0123456789abcdef0
//
// [Decode] reads such a list into [Params], which gives out single values, lists ([Params.Strings]) and lists
// of structures ([Params.Members]).
//
// An answer is a [Response]: [Success] and [Failure] encode one in STS's and IAM's shape, [EC2Success] and
// [EC2Failure] in EC2's. Bodies and headers are byte for byte what the project's record of STS shows
// (spec/sts.md section 2.1); what that record does not cover is marked at its place.
//
// The package knows no operation, no identity and no signature.
package awsquery
