"""A program of somebody who uses boto3 as its documentation shows, and knows nothing of eksemu: everything comes from
the environment and the AWS files. It prints the ARN that an operation answers.

    client.py [--endpoint-url URL] identity
    client.py [--endpoint-url URL] assume-role ROLE_ARN SESSION_NAME
"""

import argparse
import sys

import boto3

parser = argparse.ArgumentParser()
parser.add_argument("--endpoint-url")
parser.add_argument("operation")
parser.add_argument("arguments", nargs="*")
args = parser.parse_args()

sts = boto3.client("sts", endpoint_url=args.endpoint_url)
if args.operation == "identity":
    print(sts.get_caller_identity()["Arn"])
elif args.operation == "assume-role":
    role, session = args.arguments
    print(sts.assume_role(RoleArn=role, RoleSessionName=session)["AssumedRoleUser"]["Arn"])
else:
    sys.exit(f"no such operation: {args.operation}")
