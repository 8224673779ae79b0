// A program of somebody who uses the AWS SDK for JavaScript v3 as its documentation shows, and knows nothing of eksemu:
// everything comes from the environment and the AWS files. It prints the ARN that an operation answers.
//
//     node client.mjs identity
//     node client.mjs assume-role ROLE_ARN SESSION_NAME
//
// The SDK itself does not look at HTTPS_PROXY: its users hand it an agent.
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { HttpsProxyAgent } from "https-proxy-agent";

const proxy = process.env.HTTPS_PROXY;
const sts = new STSClient(proxy ? { requestHandler: { httpsAgent: new HttpsProxyAgent(proxy) } } : {});
const [operation, RoleArn, RoleSessionName] = process.argv.slice(2);
switch (operation) {
  case "identity":
    console.log((await sts.send(new GetCallerIdentityCommand({}))).Arn);
    break;
  case "assume-role":
    console.log((await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName }))).AssumedRoleUser.Arn);
    break;
  default:
    throw new Error(`no such operation: ${operation}`);
}
