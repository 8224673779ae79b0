// Package awsmodel holds requests of the AWS query protocol against the shapes of a service's model, and words what
// is wrong with them as AWS does:
//
//	1 validation error detected: Value '600' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900
//
// A service lists the members of each operation as [Member]s; its [Style] says in which of AWS's two known ways the
// messages are put. All sources are at the places that they are for; spec/sts.md section 2.2 has most of them.
package awsmodel
