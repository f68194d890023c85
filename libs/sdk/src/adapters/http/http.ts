/**
 * HTTP APIs as adapters.
 *
 * 1. After 429, and after 503 with `Retry-After`, the task returns to the queue without a counted attempt.
 * 2. An operation that may not be repeated fails for good if it was sent and its outcome is unknown.
 * 3. A token that was refused is renewed once.
 */
import { type Clock, systemClock, systemTimers, type Timers } from "@tutti/kernel";
import { type OptionNames, requireKnown, requireKnownEach, tlsNames } from "../../options.ts";
import { Busy } from "../../task/failure.ts";
import type { JsonSchema } from "../../task/handlers.ts";
import {
  type Adapter,
  type AdapterCall,
  type AdapterOperation,
  type RateLimit,
  type Repeat,
  rateNames,
} from "../adapter.ts";
import { adapterErrors } from "../errors.ts";
import { Authentication, authNames, type HttpAuth } from "./auth.ts";
import {
  type AnswerType,
  type HttpBody,
  type HttpParameter,
  readAnswer,
  ValueRefused,
  writeRequest,
} from "./message.ts";
import { itemsOf, nextPage, type Pagination } from "./pages.ts";
import {
  BrokenExchange,
  Connections,
  deadline,
  exchange,
  type HttpAnswer,
  type HttpTls,
  retryAfterMsOf,
} from "./wire.ts";

export interface HttpOperation {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" | "TRACE" | "QUERY";
  /** Path relative to the address of the adapter. `{id}` is the member `id` of the input. */
  readonly path: string;
  /** Another server for this operation, instead of the server of the adapter. */
  readonly url?: string;
  readonly description?: string;
  readonly input?: JsonSchema;
  readonly output?: JsonSchema;
  /** Members of the input. Members in the path need no entry. */
  readonly parameters?: Readonly<Record<string, HttpParameter>>;
  /** How the member `body` of the input is sent. Default: JSON with POST, PUT and PATCH. */
  readonly body?: HttpBody;
  /** A header that makes a repeated call harmless. It gets the idempotency key of the task. */
  readonly idempotencyHeader?: string;
  /** Default: `key` with an `idempotencyHeader`, `never` for POST and PATCH, else `safe`. */
  readonly repeat?: Repeat;
  /** Default: JSON. */
  readonly answer?: AnswerType;
  /** Reads all pages. The output is the list of their items. */
  readonly pages?: Pagination;
}

export interface HttpAdapterOptions {
  readonly name: string;
  readonly url: string;
  readonly operations: Readonly<Record<string, HttpOperation>>;
  readonly auth?: HttpAuth;
  /** A client certificate, and private certificate authorities. */
  readonly tls?: HttpTls;
  /** Headers of each request. Do not use secrets here: use `auth`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly rate?: RateLimit;
  /** The path that the connection check reads. Default: the address itself. */
  readonly checkPath?: string;
  readonly version?: string;
  /** Default: 16 MiB. */
  readonly answerBytesMax?: number;
  /** Default: 100. */
  readonly pagesMax?: number;
  /** How long an exchange may take. Default: 60,000. */
  readonly timeoutMs?: number;
}

export interface HttpPorts {
  readonly clock?: Clock;
  readonly timers?: Timers;
}

const defaults = { answerBytesMax: 16 * 1024 * 1024, pagesMax: 100, timeoutMs: 60_000 };
const excerptLengthMax = 300;
const withBody = new Set(["POST", "PUT", "PATCH", "QUERY"]);

export const httpOptionNames = {
  name: true,
  url: true,
  operations: true,
  auth: authNames,
  tls: tlsNames,
  headers: true,
  rate: rateNames,
  checkPath: true,
  version: true,
  answerBytesMax: true,
  pagesMax: true,
  timeoutMs: true,
} satisfies OptionNames<HttpAdapterOptions>;
const operationOptionNames: OptionNames<HttpOperation> = {
  method: true,
  path: true,
  url: true,
  description: true,
  input: true,
  output: true,
  parameters: true,
  body: { type: true, mediaType: true, styles: true },
  idempotencyHeader: true,
  repeat: true,
  answer: true,
  pages: { by: true, cursor: true, parameter: true, first: true, items: true },
};
const styleNames = { style: true, explode: true } as const;
const parameterNames: OptionNames<HttpParameter> = {
  in: true,
  name: true,
  ...styleNames,
};

export function httpAdapter(
  options: HttpAdapterOptions,
  { clock = systemClock, timers = systemTimers, kind = "http" }: HttpPorts & { readonly kind?: string } = {},
): Adapter {
  const { name } = options;
  requireKnown("httpAdapter", options, httpOptionNames);
  requireKnownEach(name, options.operations, operationOptionNames);
  for (const [operation, { parameters, body }] of Object.entries(options.operations)) {
    requireKnownEach(`${name}.${operation}.parameters`, parameters, parameterNames);
    requireKnownEach(`${name}.${operation}.body.styles`, body?.styles, styleNames);
  }
  requireAddress(name, options.url);
  for (const { url } of Object.values(options.operations)) if (url !== undefined) requireAddress(name, url);
  const caller = new Caller(options, { clock, timers });
  const operations = Object.fromEntries(
    Object.entries(options.operations).map(([key, operation]) => [key, caller.operation(key, operation)]),
  );
  return {
    name,
    kind,
    operations,
    ...(options.rate !== undefined && { rate: options.rate }),
    ...(options.version !== undefined && { version: options.version }),
    check: (call) => caller.check(call),
    close: () => caller.close(),
  };
}

function requireAddress(adapter: string, url: string): void {
  const isUrl = URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
  if (!isUrl) throw adapterErrors.invalid({ adapter, problem: `\`${url}\` is no HTTP address` });
  if (new URL(url).password !== "")
    throw adapterErrors.invalid({ adapter, problem: "an address has no password, use `auth`" });
}

type Input = Readonly<Record<string, unknown>>;

interface Exchange {
  readonly operation: string;
  readonly method: string;
  readonly repeat: Repeat;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

class Caller {
  readonly #options: HttpAdapterOptions;
  readonly #base: URL;
  readonly #ports: Required<HttpPorts>;
  readonly #connections: Connections;
  readonly #authentication: Authentication;

  constructor(options: HttpAdapterOptions, ports: Required<HttpPorts>) {
    this.#options = options;
    this.#base = new URL(options.url);
    this.#ports = ports;
    this.#connections = new Connections(options.tls);
    const agentsOf = (operation: string, call: AdapterCall) => this.#connections.of(operation, call);
    this.#authentication = new Authentication(options.auth, agentsOf, ports);
  }

  close(): void {
    this.#connections.close();
  }

  async check(call: AdapterCall): Promise<void> {
    const operation = `${this.#options.name}.check`;
    const { url, headers } = writeRequest(this.#base, this.#options.checkPath ?? "", {}, undefined, {});
    const answer = await this.#send({ operation, method: "GET", repeat: "safe", url, headers }, call, true);
    // Without `checkPath`, an API may have nothing at its address. It is enough that it answers and accepts the caller.
    if (answer.status >= 400 && (this.#options.checkPath !== undefined || isRefusal(answer.status)))
      throw failureOf(operation, "safe", answer);
  }

  operation(key: string, spec: HttpOperation): AdapterOperation {
    const operation = `${this.#options.name}.${key}`;
    const { method, path, description, input, output, idempotencyHeader } = spec;
    const inPath = [...path.matchAll(/\{([^{}]+)\}/g)].map(([, name = ""]) => [
      name,
      { in: "path" } as const,
    ]);
    const named = Object.values(spec.parameters ?? {});
    const parameters: Readonly<Record<string, HttpParameter>> = {
      ...Object.fromEntries(
        inPath.filter(([name]) => !named.some((each) => each.in === "path" && each.name === name)),
      ),
      ...spec.parameters,
    };
    const body = spec.body ?? (withBody.has(method) ? ({ type: "json" } as const) : undefined);
    const isRepeatable = method !== "POST" && method !== "PATCH";
    const repeat = spec.repeat ?? (idempotencyHeader !== undefined ? "key" : isRepeatable ? "safe" : "never");
    const required = Object.entries(parameters).filter(([, { in: place }]) => place === "path");
    return {
      ...(description !== undefined && { description }),
      input: input ?? { type: "object", required: required.map(([name]) => name) },
      ...(output !== undefined && { output }),
      repeat,
      call: async (input, call) => {
        const written = this.#written(operation, spec, parameters, body, input);
        const headers = { ...written.headers };
        if (idempotencyHeader !== undefined) headers[idempotencyHeader.toLowerCase()] = call.idempotencyKey;
        const content = written.body === undefined ? {} : { body: written.body };
        const request = { operation, method, repeat, url: written.url, headers, ...content };
        const { pages } = spec;
        if (pages !== undefined) return this.#allPages(request, pages, call);
        const answer = await this.#send(request, call);
        if (answer.status >= 300) throw failureOf(operation, repeat, answer);
        return readAnswer(operation, spec.answer ?? "json", answer);
      },
    };
  }

  #written(
    operation: string,
    { path, url }: HttpOperation,
    parameters: Readonly<Record<string, HttpParameter>>,
    body: HttpBody | undefined,
    input: Input,
  ) {
    const isSent = (member: string) =>
      Object.hasOwn(parameters, member) || (member === "body" && body !== undefined);
    const lost = Object.keys(input).find((member) => !isSent(member) && input[member] !== undefined);
    if (lost !== undefined) {
      const reason = `\`${lost}\` has no place in the request: it is neither in the path, nor in \`parameters\`, nor \`body\``;
      throw adapterErrors.inputInvalid({ operation, reason });
    }
    try {
      return writeRequest(url === undefined ? this.#base : new URL(url), path, parameters, body, input);
    } catch (error) {
      if (error instanceof ValueRefused)
        throw adapterErrors.inputInvalid({ operation, reason: error.message });
      throw error;
    }
  }

  async #allPages(first: Exchange, pages: Pagination, call: AdapterCall): Promise<unknown> {
    const { operation } = first;
    const { pagesMax = defaults.pagesMax } = this.#options;
    const all: unknown[] = [];
    let { url } = first;
    for (let page = 0; page < pagesMax; page++) {
      const answer = await this.#send({ ...first, url }, call);
      if (answer.status >= 300) throw failureOf(operation, first.repeat, answer);
      const value = readAnswer(operation, "json", answer);
      const items = itemsOf(pages, value);
      if (items === undefined) {
        const reason = `expected a list ${pages.items === undefined ? "" : `in \`${pages.items}\``}`.trim();
        throw adapterErrors.answerUnreadable({ operation, reason });
      }
      all.push(...items);
      const { link } = answer.headers;
      const next = nextPage(pages, url, { url: answer.url, link: link?.toString(), value });
      if (next === undefined) return all;
      if (next.origin !== first.url.origin)
        throw adapterErrors.addressRefused({
          operation,
          url: next.origin,
          reason: "the next page is at another origin",
        });
      if (next.href === url.href)
        throw adapterErrors.answerUnreadable({ operation, reason: "the next page is the same page" });
      url = next;
    }
    throw adapterErrors.answerUnreadable({ operation, reason: `it has more than ${pagesMax} pages` });
  }

  /** Sends a request. Returns any answer other than a rate limit. */
  async #send(request: Exchange, call: AdapterCall, isCheck = false): Promise<HttpAnswer> {
    const authentication = this.#authentication;
    const signed: Record<string, string> = {};
    let answer = await this.#sendOnce(request, call, signed);
    if (answer.status === 401 && authentication.renew(answer, signed["authorization"]))
      answer = await this.#sendOnce(request, call);
    const { status } = answer;
    const retryAfterMs = retryAfterMsOf(answer, this.#ports.clock.now());
    if (!isCheck && (status === 429 || (status === 503 && retryAfterMs > 0)))
      throw new Busy({ retryAfterMs, message: `${request.operation}: status ${status}` });
    return answer;
  }

  async #sendOnce(
    { operation, method, repeat, url, headers, body }: Exchange,
    call: AdapterCall,
    signed: Record<string, string> = {},
  ): Promise<HttpAnswer> {
    const { answerBytesMax = defaults.answerBytesMax, timeoutMs = defaults.timeoutMs } = this.#options;
    const target = new URL(url);
    Object.assign(signed, lowered(this.#options.headers), headers);
    await this.#authentication.apply({ operation, method }, target, signed, call);
    const agents = await this.#connections.of(operation, call);
    const late = deadline(this.#ports.timers, timeoutMs);
    const signal = AbortSignal.any([call.signal, late.signal]);
    const content = body === undefined ? {} : { body };
    try {
      return await exchange(
        { operation, method, url: target, headers: signed, signal, answerBytesMax, ...content },
        agents,
      );
    } catch (error) {
      if (call.signal.aborted) throw call.signal.reason;
      if (!(error instanceof BrokenExchange)) throw error;
      const details = { operation, reason: error.message };
      if (repeat === "never" && error.wasSent) throw adapterErrors.outcomeUnknown(details, { cause: error });
      throw adapterErrors.unreachable(details, { cause: error });
    } finally {
      late.cancel();
    }
  }
}

function lowered(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

const isRefusal = (status: number) => status === 401 || status === 403;

function failureOf(operation: string, repeat: Repeat, { status, body, url }: HttpAnswer) {
  const text = body
    .toString("utf8", 0, excerptLengthMax * 2)
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, excerptLengthMax);
  const reason = `status ${status} of ${url.origin}${url.pathname}${text === "" ? "" : `: ${text}`}`;
  const extras = { details: { status: String(status) } };
  if (status === 401) return adapterErrors.notSignedIn({ operation, reason }, extras);
  const isTransient = status === 408 || status === 425 || status >= 500;
  if (!isTransient) return adapterErrors.refused({ operation, reason }, extras);
  if (repeat === "never" && status >= 500 && status !== 501 && status !== 503)
    return adapterErrors.outcomeUnknown({ operation, reason }, extras);
  return adapterErrors.failed({ operation, reason }, extras);
}
