// Package ec2 answers one operation of the Amazon EC2 API, DescribeInstances, for a fixed list of instances.
//
// The emulator runs no instances. The list exists because a node's identity depends on it: a node role in
// aws-auth is mapped to the user name system:node:{{EC2PrivateDNSName}}, and the authenticator fills in the
// template by asking EC2 for the private DNS name of the instance that the session name names. It asks for
// one instance, or, under load, for up to 101 in one request (pkg/ec2provider of aws-iam-authenticator).
//
// Instances belong to an account and a region, like everything in EC2: a caller in another account or region
// gets InvalidInstanceID.NotFound. Within the account every authenticated caller may ask; IAM policies for
// ec2:DescribeInstances are not evaluated.
//
// The protocol is EC2's flavour of the AWS query protocol: parameters in a form, XML with a namespace of its
// own in the answer, refusals as Response/Errors/Error. Error texts are recorded AWS answers where a comment
// gives the record; comments mark the others as inferred (known of EC2, but not from a record at hand) or as
// ours (made up by the emulator).
package ec2
