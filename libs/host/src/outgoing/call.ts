/**
 * Every call that this installation makes to an external service over HTTP, wherever its address comes from.
 *
 * 1. The connection goes to an address that was checked, and to no other: its name is resolved once.
 * 2. Nothing that an answer says leads elsewhere: a redirect is a failure.
 * 3. Connections are not shared with other calls: one to an address that only another caller may reach is not come by
 *    again.
 * 4. The answer is bounded, and so is the time that it may take.
 */
import type { IncomingMessage } from "node:http";
import { type Address, allowedAddresses, type Resolve } from "./addresses.ts";
import { outgoingErrors } from "./errors.ts";

// By `import` they would load undici as well.
const { request: requestPlain } = process.getBuiltinModule("node:http");
const { request: requestSecure } = process.getBuiltinModule("node:https");

export interface OutgoingCall {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of a POST. */
  readonly body?: string;
  /** Whether it may lead into private networks, and needs no https. */
  readonly arePrivateAllowed: boolean;
  /** Aborted when the time for it is over. */
  readonly signal: AbortSignal;
  /** A larger answer is a failure. Default 64 KiB. */
  readonly answerBytesMax?: number;
  /** How names are resolved. Default as the system does. */
  readonly resolve?: Resolve;
}

/** Returns the text of the answer. Throws when there is none, or one that is no 2xx. */
export async function callOut(call: OutgoingCall): Promise<string> {
  const { url, answerBytesMax = 65_536 } = call;
  const answer = await answerTo(call);
  const { statusCode = 0 } = answer;
  if (statusCode < 200 || statusCode >= 300) {
    answer.destroy();
    throw outgoingErrors.failed({ url, reason: `status ${statusCode}` });
  }
  return textOf(answer, url, answerBytesMax);
}

/** Returns the status of the answer, and reads nothing more of it. Throws when there is none. */
export async function statusOfCall(call: OutgoingCall): Promise<number> {
  const answer = await answerTo(call);
  answer.destroy();
  return answer.statusCode ?? 0;
}

async function answerTo(call: OutgoingCall): Promise<IncomingMessage> {
  const { url, arePrivateAllowed, signal } = call;
  const addresses = await inTime(signal, url, allowedAddresses(url, arePrivateAllowed, call.resolve));
  return answerOf(call, addresses);
}

function answerOf(
  { method, url, headers, body, signal }: OutgoingCall,
  addresses: readonly Address[],
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = url.startsWith("https:") ? requestSecure : requestPlain;
    const call = request(url, {
      method,
      headers,
      signal,
      agent: false,
      lookup: (_host, { all }, found) => {
        const [first] = addresses;
        if (all === true) found(null, [...addresses]);
        else if (first !== undefined) found(null, first.address, first.family);
      },
    });
    call.once("response", resolve);
    call.once("error", (error) => reject(outgoingErrors.failed({ url, reason: reasonOf(signal, error) })));
    call.end(body);
  });
}

async function textOf(answer: IncomingMessage, url: string, bytesMax: number): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of answer) {
      bytes += piece.length;
      if (bytes > bytesMax) break;
      pieces.push(piece);
    }
  } catch (error) {
    throw outgoingErrors.failed({ url, reason: error instanceof Error ? error.message : String(error) });
  }
  if (bytes > bytesMax) throw outgoingErrors.failed({ url, reason: `more than ${bytesMax} bytes` });
  return Buffer.concat(pieces).toString("utf8");
}

/** Names may take longer to be resolved than a call may take. */
function inTime<T>(signal: AbortSignal, url: string, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const give = () => reject(outgoingErrors.failed({ url, reason: reasonOf(signal, new Error("aborted")) }));
    if (signal.aborted) give();
    else signal.addEventListener("abort", give, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", give));
  });
}

/** Why its time is over, if a timeout ended it. */
function reasonOf({ aborted, reason }: AbortSignal, error: Error): string {
  return aborted && reason instanceof Error ? reason.message : error.message;
}
