/**
 * Client of the gateway by the names of its routes, for browsers and for Node: uses `fetch`, with types that are
 * generated from the contracts.
 *
 * 1. A refused or failed call throws a `RestError`, with the code and text of the problem.
 * 2. A broken stream is reopened from the cursor of the last event. No event is missed or seen twice.
 */
import type { PlatformEvent, Routes } from "../generated/types.ts";
import { paramsIn, type RouteName, routeNamed } from "../routes/routes.ts";
import type { Answer, Fetching } from "./fetching.ts";
import { errorOfAnswer, lateAnswer, strangeAnswer, unreachable } from "./problem-error.ts";
import { type Followed, type FollowOptions, followed } from "./stream.ts";
import { abortedAfter, type ClientTime } from "./time.ts";

export interface ClientOptions {
  /** Address of the gateway: `http://127.0.0.1:7400`. Empty in a page: the origin of the page. */
  readonly url?: string;
  /** API key of the installation, if it requires one. */
  readonly key?: string;
  /** Function for HTTP calls. Default: the `fetch` of browser or Node. */
  readonly fetch?: Fetching;
  /** Parses responses. Default: `JSON.parse`. */
  readonly parse?: (text: string) => unknown;
  /** Clock, for tests. */
  readonly time?: ClientTime;
}

export interface CallParts<N extends RouteName> {
  readonly params?: Routes[N]["params"];
  readonly query?: Routes[N]["query"];
  readonly body?: Routes[N]["body"];
  /** Makes a repetition safe: calls with the same key and the same request take effect once. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
  /** Timeout of the call. */
  readonly timeoutMs?: number;
}

/** Streams are named by their routes as well. */
export type StreamName =
  | "events"
  | "tasks.output"
  | "bulk.apply"
  | "audit.export"
  | "audit.verify"
  | "policies.impact"
  | Extract<RouteName, `${string}.watch${string}`>;

export class Client {
  readonly #url: string;
  readonly #options: ClientOptions;

  constructor(options: ClientOptions = {}) {
    this.#url = (options.url ?? "").replace(/\/+$/, "");
    this.#options = options;
  }

  /** Returns the address of a route, for links and for commands to copy. */
  address<N extends RouteName>(
    name: N,
    { params, query }: Pick<CallParts<N>, "params" | "query"> = {},
  ): string {
    return this.#url + addressOf(name, params as Values, query as Values);
  }

  async call<N extends RouteName>(name: N, parts: CallParts<N> = {}): Promise<Routes[N]["reply"]> {
    const answer = await this.#fetch(name, parts);
    if (!answer.ok) throw await errorOfAnswer(answer);
    if (answer.status === 204) return undefined as Routes[N]["reply"];
    const text = await answer.text();
    const { parse = JSON.parse } = this.#options;
    try {
      // The content has the form of the route's plan: both are generated from the contracts.
      return parse(text) as Routes[N]["reply"];
    } catch {
      throw strangeAnswer(answer.status, text);
    }
  }

  /** Returns the bytes of a response that is not JSON. */
  async bytes<N extends RouteName>(name: N, parts: CallParts<N> = {}): Promise<Uint8Array> {
    const answer = await this.#fetch(name, parts);
    if (!answer.ok) throw await errorOfAnswer(answer);
    return new Uint8Array(await answer.arrayBuffer());
  }

  /** Returns the bytes in pieces, for responses that may be larger than memory. */
  async *pieces<N extends RouteName>(name: N, parts: CallParts<N> = {}): AsyncGenerator<Uint8Array, void> {
    const answer = await this.#fetch(name, parts);
    if (!answer.ok) throw await errorOfAnswer(answer);
    if (answer.body !== null) yield* answer.body;
  }

  /**
   * Follows events whose type matches a pattern: after the cursor, or else from now on. Ends when aborted. Each event
   * has the cursor after it. A gap reports missing events.
   */
  events(
    pattern = ">",
    after = "",
    { namespace, ...options }: FollowOptions & { readonly namespace?: string } = {},
  ): AsyncGenerator<Followed<PlatformEvent>, void, void> {
    const query = { pattern, ...(namespace !== undefined && { namespace }) };
    return this.follow("events", { query }, after === "" ? options : { ...options, cursor: after });
  }

  /** Follows a stream: a snapshot, then changes. Ends when the server ends it, or when aborted. */
  follow<N extends StreamName>(
    name: N,
    parts: Pick<CallParts<N>, "params" | "query" | "body"> = {},
    options: FollowOptions = {},
  ): AsyncGenerator<Followed<Routes[N]["reply"]>, void, void> {
    return followed({
      address: this.address(name, parts),
      open: async (cursor, signal) => {
        const answer = await this.#fetch(name, { ...parts, signal }, cursor);
        if (!answer.ok) throw await errorOfAnswer(answer);
        return answer;
      },
      ...(this.#options.parse !== undefined && { parse: this.#options.parse }),
      ...(this.#options.time !== undefined && { time: this.#options.time }),
      ...options,
    });
  }

  async #fetch<N extends RouteName>(name: N, parts: CallParts<N>, cursor?: string): Promise<Answer> {
    const { method } = routeNamed(name);
    const { params, query, body, idempotencyKey, timeoutMs } = parts;
    const { key, fetch: via = fetch } = this.#options;
    const url = this.#url + addressOf(name, params as Values, query as Values);
    const headers: Record<string, string> = {};
    // An unset variable of the environment gives an empty key.
    if (key !== undefined && key !== "") headers["authorization"] = `Bearer ${key}`;
    if (idempotencyKey !== undefined) headers["idempotency-key"] = idempotencyKey;
    if (timeoutMs !== undefined) headers["request-timeout"] = String(timeoutMs / 1000);
    if (cursor !== undefined && cursor !== "") headers["last-event-id"] = cursor;
    if (body !== undefined) headers["content-type"] = "application/json";
    // The server ends the call at its timeout, with a problem as response. This is for a server that does not.
    const late = timeoutMs === undefined ? undefined : abortedAfter(timeoutMs + 1_000);
    const signal = eitherOf(parts.signal, late);
    try {
      return await via(url, {
        method,
        headers,
        credentials: "same-origin",
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(signal !== undefined && { signal }),
      });
    } catch (thrown) {
      if (parts.signal?.aborted === true) throw parts.signal.reason;
      if (late?.aborted === true) throw lateAnswer(this.#url, timeoutMs ?? 0);
      throw unreachable(this.#url, thrown);
    }
  }
}

function eitherOf(one?: AbortSignal, other?: AbortSignal): AbortSignal | undefined {
  return one === undefined || other === undefined ? (one ?? other) : AbortSignal.any([one, other]);
}

type Values = Readonly<Record<string, unknown>>;

/** Returns the address of a call: the path with its parameters, and the query. */
function addressOf(name: RouteName, params: Values = {}, query: Values = {}): string {
  const { path } = routeNamed(name);
  let filled = path;
  for (const param of paramsIn(path)) {
    const value = params[param];
    if (value === undefined || value === "") throw new Error(`expected ${param} for ${path}, got none`);
    filled = filled.replace(`{${param}}`, encodeURIComponent(String(value)));
  }
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== undefined)
        search.append(key, typeof item === "object" ? JSON.stringify(item) : String(item));
    }
  }
  const text = search.toString();
  return text === "" ? filled : `${filled}?${text}`;
}
