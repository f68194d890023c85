/**
 * One HTTP request to a configured destination: a local socket, or an API with its own certificate authority.
 */
import type { IncomingMessage } from "node:http";

// `import` would load undici as well.
const { request: requestPlain } = process.getBuiltinModule("node:http");
const { request: requestSecure } = process.getBuiltinModule("node:https");

export interface Exchange {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly to: { readonly socketPath: string } | { readonly url: string; readonly ca: string | undefined };
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: { readonly type: string; readonly value: unknown };
  /** Aborted at the timeout. */
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly bytes: Buffer;
}

const answerBytesMax = 16 * 1_048_576;

/** Sends a request. Rejects without an answer. A refusal is an answer. */
export async function exchange({ method, to, path, headers, body, signal }: Exchange): Promise<Answer> {
  const text = body === undefined ? undefined : Buffer.from(JSON.stringify(body.value));
  const all = {
    ...headers,
    ...(text === undefined
      ? {}
      : { "content-type": body?.type ?? "", "content-length": String(text.length) }),
  };
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const call =
      "socketPath" in to
        ? requestPlain({ socketPath: to.socketPath, path, method, headers: all, signal, agent: false })
        : (to.url.startsWith("https:") ? requestSecure : requestPlain)(new URL(path, to.url), {
            method,
            headers: all,
            signal,
            agent: false,
            ...(to.ca === undefined ? {} : { ca: to.ca }),
          });
    call.once("response", resolve);
    call.once("error", reject);
    call.end(text);
  });
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of answer) {
    size += piece.length;
    if (size > answerBytesMax) throw new Error(`more than ${answerBytesMax} bytes`);
    pieces.push(piece);
  }
  return { status: answer.statusCode ?? 0, headers: answer.headers, bytes: Buffer.concat(pieces) };
}

/** Returns the body as JSON. Undefined if it is no JSON. */
export function jsonIn({ bytes }: Pick<Answer, "bytes">): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** Returns the `message` of a refusal from APIs of both kinds, or the first characters of the body. */
export function messageIn(answer: Answer): string {
  const body = jsonIn(answer);
  const message = typeof body === "object" && body !== null && "message" in body ? body.message : undefined;
  const text = typeof message === "string" ? message : answer.bytes.toString("utf8");
  return `${text.trim().slice(0, 500) || "no word"} (status ${answer.status})`;
}

/** Returns why there was no answer. */
export function reasonOf(signal: AbortSignal, thrown: unknown): string {
  if (signal.aborted && signal.reason instanceof Error) return signal.reason.message;
  return thrown instanceof Error ? thrown.message : String(thrown);
}
