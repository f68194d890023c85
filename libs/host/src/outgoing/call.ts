/**
 * Makes every HTTP call of this installation to an external service, with an address from any source.
 *
 * 1. The connection goes to a checked address, and to no other: its name is resolved once.
 * 2. Redirects are failures, so no answer can lead elsewhere.
 * 3. Connections are not shared with other calls: a connection to an address that only another caller may reach is not
 *    reused.
 * 4. The size of the answer and the time are bounded.
 */
import type { IncomingMessage } from "node:http";
import { type Address, allowedAddresses, type Resolve } from "./addresses.ts";
import { outgoingErrors } from "./errors.ts";

// An `import` would load undici as well.
const { request: requestPlain } = process.getBuiltinModule("node:http");
const { request: requestSecure } = process.getBuiltinModule("node:https");

export interface OutgoingCall {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Body of a POST. */
  readonly body?: string;
  /** Whether private networks and plain http are allowed. */
  readonly arePrivateAllowed: boolean;
  /** Aborted when its time is over. */
  readonly signal: AbortSignal;
  /** A larger answer is a failure. Default: 64 KiB. */
  readonly answerBytesMax?: number;
  /** Resolves names. Default: the system's resolver. */
  readonly resolve?: Resolve;
}

/** Returns the text of the answer. Throws if there is none, or its status is not 2xx. */
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

/** Returns the status of the answer, and reads nothing more of it. Throws if there is none. */
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

/** Resolving a name may take longer than the call's time limit. */
function inTime<T>(signal: AbortSignal, url: string, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = () => reject(outgoingErrors.failed({ url, reason: reasonOf(signal, new Error("aborted")) }));
    if (signal.aborted) fail();
    else signal.addEventListener("abort", fail, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", fail));
  });
}

/** Returns why its time is over, if a timeout ended it. */
function reasonOf({ aborted, reason }: AbortSignal, error: Error): string {
  return aborted && reason instanceof Error ? reason.message : error.message;
}
