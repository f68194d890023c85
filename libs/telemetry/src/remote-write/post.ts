/** Posts bytes and tells what the server says, by Node's own client: `fetch` would load undici. */
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

// By `import` they would load undici as well.
const { request: requestPlain } = process.getBuiltinModule("node:http");
const { request: requestSecure } = process.getBuiltinModule("node:https");

export interface PostAnswer {
  readonly status: number;
  readonly retryAfterMs: number | undefined;
  /** The start of the body. */
  readonly reason: string;
}

const reasonMax = 300;

/** Rejects if there is no answer. */
export async function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  signal: AbortSignal,
): Promise<PostAnswer> {
  const send = new URL(url).protocol === "https:" ? requestSecure : requestPlain;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = send(url, {
      method: "POST",
      headers: { ...headers, "content-length": body.length },
      signal,
    });
    request.once("response", resolve).once("error", reject);
    request.end(body);
  });
  const said = await text(answer);
  const after = Number(answer.headers["retry-after"]);
  return {
    status: answer.statusCode ?? 0,
    retryAfterMs: after > 0 ? after * 1_000 : undefined,
    reason: said.trim().slice(0, reasonMax),
  };
}
