package scenarios

import "regexp"

// secrets are the forms in which clients print secrets: bearer tokens of EKS and of service accounts, and the fields
// and query parameters of AWS credentials and signatures.
var secrets = regexp.MustCompile(`(k8s-aws-v1\.)[A-Za-z0-9_=-]+` +
	`|(eyJ)[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+` +
	`|((?i:secret_?access_?key|session_?token|x-amz-security-token|x-amz-signature)["'>]?\s*[:=>]\s*["']?)[^\s"'<&,]+`)

// redact takes what looks like a secret out of a client's output.
func redact(text string) string { return secrets.ReplaceAllString(text, "${1}${2}${3}[redacted]") }
