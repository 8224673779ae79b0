package explain

// awsCauses are the outcomes of calls to AWS APIs that are not about the signature; those are in stsKeyCauses
// and its neighbours. Their texts are written "CODE: message". Sources: spec/sts.md §2.2, spec/eks.md §3.
// Their hop is the service that was called.
func awsCauses() []Cause {
	denied := func(id, sentence, fix string, says ...string) Cause {
		return Cause{ID: id, Outcome: Denied, Says: says, Sentence: sentence, Fix: fix}
	}
	return []Cause{
		{ID: "aws-allowed", Outcome: Allowed, Sentence: "{service} knows the caller as {arn} and allowed {operation}"},
		{ID: "aws-signature-mismatch", Outcome: Unauthorized, Sentence: "{service} computed another signature for {key}: the client's secret key is not the one that AWS has for it, or a proxy changed the request",
			Fix: "Use access key and secret key of the same credentials (environment variables beat AWS_PROFILE):\naws configure list"},
		{ID: "aws-auth-failure", Outcome: Unauthorized, Says: []string{"AuthFailure: {message}"},
			Sentence: "{service} refuses {key}, and does not say whether the key, its secret, the session token or the client's clock is wrong",
			Fix: "Ask STS with the same credentials, which says more, and check the clock:\n" +
				"aws sts get-caller-identity\n" +
				"aws configure list"},
		{ID: "aws-not-identified", Outcome: Unauthorized, Sentence: "{service} answered {status} to {operation}, and had not found out who is calling",
			Fix: "Send what an AWS client sends: a signed request that names an operation of the service."},
		denied("assume-role-root", "the root user of an account may not assume roles", "Assume the role as an IAM user or from another role.", "Roles may not be assumed by root accounts."),
		denied("assume-role-denied", "{arn} may not assume {role}: the role does not exist, its trust policy does not allow the caller (or this external ID), or the caller's own policies do not allow sts:AssumeRole; AWS does not say which",
			"Allow the caller in the role's trust policy:\n"+
				"{\"Effect\": \"Allow\", \"Principal\": {\"AWS\": \"{principal}\"}, \"Action\": \"sts:AssumeRole\"}",
			"is not authorized to perform: sts:AssumeRole on resource: {role}"),
		denied("session-too-long", "the request asks for a longer session than the role allows",
			"Ask for less (--duration-seconds, or duration_seconds in the profile), or let the role's sessions last up to 12 hours, in eksemu with maxSessionDuration in the environment file:\n"+
				"aws iam update-role --role-name ROLE --max-session-duration 43200",
			"ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role."),
		denied("session-too-long-chained", "the caller is a session itself, and a role that is assumed with one lasts an hour at most, whatever the role's own maximum",
			"Ask for 3600 seconds or less (--duration-seconds, or duration_seconds in the profile), or assume the role with an IAM user's own access key.",
			"ValidationError: The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."),
		denied("aws-access-denied", "{arn} is not allowed {action}", "Attach a policy that allows it to the caller:\n"+
			"{\"Effect\": \"Allow\", \"Action\": \"{action}\", \"Resource\": \"*\"}",
			"is not authorized to perform: {action} on resource", "is not authorized to perform: {action} because", "is not authorized to perform: {action}", "AccessDenied: {message}"),
		denied("aws-throttled", "{service} throttled the request", "Retry with backoff; the SDKs do so themselves.", "Throttling: {message}"),
		denied("aws-not-found", "{service} has no such thing", "Check name, region and account of what {operation} names.", "NotFound: {message}", "NoSuchEntity: {message}"),
		denied("aws-conflict", "what {operation} asks for is in use already, or being changed", "Use what exists, or wait until it is settled.", "ResourceInUse: {message}", "EntityAlreadyExists: {message}"),
		denied("aws-invalid-request", "{service} knows the caller, but not what to do with the request", "Change the request as the message says.",
			"InvalidParameter: {message}", "InvalidParameterValue: {message}", "InvalidParameterCombination: {message}", "MissingParameter: {message}", "InvalidRequest: {message}", "InvalidState: {message}",
			"BadRequest: {message}", "ValidationError: {message}", "UnknownOperation: {message}", "InvalidAction: {message}", "NoSuchVersion: {message}"),
		denied("aws-failure", "{service} could not answer ({status})", "Retry; AWS's health dashboard tells about outages.", "InternalFailure: {message}", "InternalError: {message}", "ServiceUnavailable: {message}"),
		denied("aws-no-answer", "{service} ended the connection without an answer", "Retry; AWS's health dashboard tells about outages."),
		denied("aws-refused", "{service} answered {status} to {operation}", "Read the message; it is all that AWS says."),
	}
}
