/** One call of a webhook: to an address that was checked, with a bounded answer in bounded time. */
import { type IncomingMessage, request as requestPlain } from "node:http";
import { request as requestSecure } from "node:https";
import { scalingErrors } from "../scaling/errors.ts";
import { type Address, allowedAddresses } from "./addresses.ts";

export interface WebhookCall {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly arePrivateAllowed: boolean;
  readonly signal: AbortSignal;
}

const answerBytesMax = 65_536;

/** The text of the answer. Throws when there is none, or one that is no 2xx; nothing is followed elsewhere. */
export async function callWebhook(call: WebhookCall): Promise<string> {
  const { url, arePrivateAllowed, signal } = call;
  const addresses = await allowedAddresses(url, arePrivateAllowed);
  signal.throwIfAborted();
  const answer = await answerOf(call, addresses);
  const { statusCode = 0 } = answer;
  const text = await textOf(answer);
  if (statusCode >= 200 && statusCode < 300) return text;
  throw scalingErrors.webhookFailed({ url, reason: `status ${statusCode}` });
}

function answerOf(
  { url, headers, body, signal }: WebhookCall,
  addresses: readonly Address[],
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = url.startsWith("https:") ? requestSecure : requestPlain;
    const call = request(url, {
      ...{ method: "POST", headers, signal },
      lookup: (_host, { all }, found) => {
        const [first] = addresses;
        if (all === true) found(null, [...addresses]);
        else if (first !== undefined) found(null, first.address, first.family);
      },
    });
    call.once("response", resolve);
    call.once("error", (error) => reject(scalingErrors.webhookFailed({ url, reason: error.message })));
    call.end(body);
  });
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of answer) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > answerBytesMax) break;
  }
  return Buffer.concat(pieces).toString("utf8").slice(0, answerBytesMax);
}
