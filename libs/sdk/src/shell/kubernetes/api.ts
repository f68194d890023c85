/** Client of the Kubernetes API. Reads its credentials from a folder for each call, because they are renewed. */

import { readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { sleep, systemTimers } from "@tutti/kernel";
import type { KubernetesOptions } from "../container-input.ts";

// An `import` would load undici as well.
const { request: requestPlain } = process.getBuiltinModule("node:http");
const { request: requestSecure } = process.getBuiltinModule("node:https");

const credentialsHere = "/var/run/secrets/kubernetes.io/serviceaccount";
const answerBytesMax = 16 * 1_048_576;
/** The API ends a watch after this time. A broken connection is noticed then at the latest. */
const watchSeconds = 240;
const retryDelayMs = { first: 500, most: 10_000 };

/** A refusal of the API, with its message. */
export class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export class ClusterApi {
  readonly #options: KubernetesOptions;

  constructor(options: KubernetesOptions) {
    this.#options = options;
  }

  async namespace(): Promise<string> {
    return this.#options.namespace ?? (await this.#credential("namespace")).trim();
  }

  async call(
    method: "GET" | "POST" | "PATCH" | "DELETE",
    path: string,
    signal: AbortSignal,
    body?: unknown,
  ): Promise<unknown> {
    const pieces: Buffer[] = [];
    let size = 0;
    for await (const piece of await this.open(method, path, signal, body)) {
      size += piece.length;
      if (size > answerBytesMax) throw new Error(`more than ${answerBytesMax} bytes`);
      pieces.push(piece);
    }
    return JSON.parse(Buffer.concat(pieces).toString());
  }

  /** Returns the body of the answer. Rejects with a `Refusal`. */
  async open(method: string, path: string, signal: AbortSignal, body?: unknown): Promise<IncomingMessage> {
    const url = new URL(path, this.#options.server ?? serverHere());
    const isSecure = url.protocol === "https:";
    const token = (await this.#credential("token")).trim();
    const text = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
    const headers = {
      authorization: `Bearer ${token}`,
      accept: "application/json",
      ...(text !== undefined && { "content-type": type, "content-length": String(text.length) }),
    };
    const options = {
      method,
      headers,
      signal,
      agent: false,
      ...(isSecure && { ca: await this.#credential("ca.crt") }),
    };
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const call = (isSecure ? requestSecure : requestPlain)(url, options);
      call.once("response", resolve);
      call.once("error", reject);
      call.end(text);
    });
    const { statusCode = 0 } = answer;
    if (statusCode < 300) return answer;
    let refused = "";
    for await (const piece of answer) refused = `${refused}${piece}`.slice(0, 65_536);
    throw new Refusal(statusCode, messageIn(refused) || `status ${statusCode}`);
  }

  /**
   * Reports the object of a selector, and each change, until the signal is aborted. Reports undefined if there is none.
   * Continues after a broken connection. Rejects without permission.
   */
  async watch<Kind>(
    path: string,
    selector: string,
    signal: AbortSignal,
    report: (found: Kind | undefined) => void,
  ): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      try {
        const list = (await this.call("GET", `${path}?${selector}`, signal)) as {
          readonly items: readonly Kind[];
          readonly metadata?: { readonly resourceVersion?: string };
        };
        report(list.items[0]);
        failures = 0;
        const version = list.metadata?.resourceVersion ?? "";
        const query = `watch=true&resourceVersion=${version}&timeoutSeconds=${watchSeconds}`;
        for await (const line of linesOf(await this.open("GET", `${path}?${selector}&${query}`, signal))) {
          const { type, object } = JSON.parse(line) as { readonly type: string; readonly object: Kind };
          // The version is too old: the list is read again.
          if (type === "ERROR") break;
          if (type !== "BOOKMARK") report(type === "DELETED" ? undefined : object);
        }
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof Refusal && [401, 403].includes(error.status)) throw error;
        await sleep(
          systemTimers,
          Math.min(retryDelayMs.first * 2 ** failures++, retryDelayMs.most),
          signal,
        ).catch(() => {});
      }
    }
  }

  #credential(name: string): Promise<string> {
    return readFile(join(this.#options.credentials ?? credentialsHere, name), "utf8");
  }
}

/** Yields the lines of a stream in pieces. The last piece of a line has its newline. */
export async function* linesOf(stream: IncomingMessage): AsyncGenerator<string> {
  stream.setEncoding("utf8");
  let rest = "";
  for await (const piece of stream as AsyncIterable<string>) {
    rest += piece;
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
      yield rest.slice(0, end + 1);
      rest = rest.slice(end + 1);
    }
  }
  if (rest !== "") yield rest;
}

/** Returns the address of the API from the environment of the pod. */
function serverHere(): string {
  const { KUBERNETES_SERVICE_HOST: host = "", KUBERNETES_SERVICE_PORT: port = "443" } = process.env;
  if (host === "") return "https://kubernetes.default.svc";
  return `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function messageIn(text: string): string {
  try {
    return (JSON.parse(text) as { readonly message?: string }).message ?? "";
  } catch {
    return text.trim().slice(0, 500);
  }
}
