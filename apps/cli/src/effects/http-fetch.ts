/**
 * Requests over Node's `http` module. The `fetch` of Node takes 130 ms of CPU time before its first request, which is
 * too much for the start of a command. This one takes 15 ms.
 */
import type { IncomingMessage, RequestOptions } from "node:http";
import { Readable } from "node:stream";
import type { Answer, Fetching, FetchingParts } from "@tutti/rest/client";

export const httpFetch: Fetching = async (url, parts) => {
  const { request } = url.startsWith("https:") ? await import("node:https") : await import("node:http");
  const { method = "GET", headers, body, signal } = parts;
  const options: RequestOptions = { method, headers: { ...headers, ...lengthOf(body) } };
  if (signal != null) options.signal = signal;
  const message = await new Promise<IncomingMessage>((done, fail) => {
    const message = request(url, options, done);
    // As with `fetch`, the original error is the cause.
    message.on("error", (cause) => fail(new TypeError("the request failed", { cause })));
    message.end(typeof body === "string" ? body : undefined);
  });
  return answerOf(message);
};

/** Returns a `fetch` for requests to the first address. While an address refuses connections, the next one gets them. */
export function fetchOf(urls: readonly string[]): Fetching {
  const [first = ""] = urls;
  let current = 0;
  return async (url, parts) => {
    for (let refusals = 1; ; refusals++)
      try {
        return await httpFetch(url.replace(first, urls[current] ?? first), parts);
      } catch (error) {
        if (refusals >= urls.length || !isRefused(error)) throw error;
        current = (current + 1) % urls.length;
      }
  };
}

function isRefused(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && "code" in cause && cause.code === "ECONNREFUSED";
}

function lengthOf(body: FetchingParts["body"]): Readonly<Record<string, string>> {
  return typeof body === "string" ? { "content-length": String(Buffer.byteLength(body)) } : {};
}

function answerOf(message: IncomingMessage): Answer {
  const status = message.statusCode ?? 0;
  const bytes = async (): Promise<Buffer> => {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  };
  return {
    status,
    ok: status >= 200 && status < 300,
    headers: { get: (name) => message.headersDistinct[name]?.[0] ?? null },
    text: async () => (await bytes()).toString("utf8"),
    json: async () => JSON.parse((await bytes()).toString("utf8")),
    arrayBuffer: async () => new Uint8Array(await bytes()).buffer,
    get body() {
      return Readable.toWeb(message);
    },
  };
}
