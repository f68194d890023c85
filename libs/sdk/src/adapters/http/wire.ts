/**
 * One HTTP exchange.
 *
 * 1. Link-local addresses are never connected, because clouds serve the credentials of their machines there.
 * 2. A redirect to another origin is followed only to public addresses, without credentials and only with GET or HEAD.
 * 3. The size of an answer is bounded.
 */
import { lookup as systemLookup } from "node:dns";
import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  Agent as PlainAgent,
  request as requestPlain,
} from "node:http";
import { request as requestSecure, Agent as SecureAgent } from "node:https";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { createSecureContext, rootCertificates } from "node:tls";
import { isInner } from "@tutti/host/outgoing";
import { durationText, type Timers } from "@tutti/kernel";
import type { AdapterCall, SecretReference } from "../adapter.ts";
import { unreachableReason } from "../client.ts";
import { adapterErrors } from "../errors.ts";

export interface HttpRequest {
  readonly operation: string;
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal: AbortSignal;
  readonly answerBytesMax: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Final address after redirects. */
  readonly url: URL;
}

/** A broken exchange. The request may have reached the other system before. */
export class BrokenExchange extends Error {
  readonly wasSent: boolean;

  constructor(message: string, wasSent: boolean) {
    super(message);
    this.wasSent = wasSent;
  }
}

/** Returns a signal that aborts after a time. The caller cancels it. */
export function deadline(timers: Timers, ms: number): { readonly signal: AbortSignal; cancel(): void } {
  const late = new AbortController();
  const timer = timers.after(ms, () =>
    late.abort(new BrokenExchange(`no answer within ${durationText(ms)}`, true)),
  );
  return { signal: late.signal, cancel: () => timer.cancel() };
}

/** An address that must not be called. */
class Forbidden extends Error {}

export interface Agents {
  readonly plain: PlainAgent;
  readonly secure: SecureAgent;
}

/** References to files in PEM. */
export interface HttpTls {
  /** Trusted authorities in addition to Node's. */
  readonly ca?: SecretReference;
  /** The certificate of the client, with the certificates of its issuers. */
  readonly cert?: SecretReference;
  readonly key?: SecretReference;
}

/** The connections of an adapter. A renewed certificate gets new connections. */
export class Connections {
  readonly #tls: HttpTls | undefined;
  readonly #plain = new PlainAgent({ keepAlive: true });
  readonly #opened: SecureAgent[] = [];
  #known: string | undefined;

  constructor(tls?: HttpTls) {
    this.#tls = tls;
  }

  async of(operation: string, call: Pick<AdapterCall, "secret">): Promise<Agents> {
    const { ca, cert, key } = this.#tls ?? {};
    const [authority, own, ownKey] = await Promise.all(
      [ca, cert, key].map(async (each) => (each === undefined ? undefined : call.secret(each))),
    );
    const known = JSON.stringify([authority, own, ownKey]);
    if (this.#known !== known) {
      const options = {
        ...(authority !== undefined && { ca: [...rootCertificates, authority] }),
        ...(own !== undefined && { cert: own }),
        ...(ownKey !== undefined && { key: ownKey }),
      };
      try {
        createSecureContext(options);
      } catch (error) {
        const reason = "a certificate or its key cannot be read, or they do not belong together";
        throw adapterErrors.notSignedIn({ operation, reason }, { cause: error });
      }
      this.#opened.push(new SecureAgent({ keepAlive: true, ...options }));
      this.#known = known;
    }
    return { plain: this.#plain, secure: this.#opened.at(-1) as SecureAgent };
  }

  close(): void {
    for (const agent of [this.#plain, ...this.#opened]) agent.destroy();
  }
}

const linkLocal = new BlockList();
linkLocal.addSubnet("169.254.0.0", 16, "ipv4");
linkLocal.addSubnet("fe80::", 10, "ipv6");
linkLocal.addAddress("fd00:ec2::254", "ipv6");

const redirectsMax = 5;
const redirects = new Set([301, 302, 303, 307, 308]);
/** Headers that are kept in a redirect to another origin. */
const privateHeaders = new Set(["content-type", "accept", "user-agent"]);

/** Sends a request and follows its redirects. */
export async function exchange(request: HttpRequest, agents: Agents): Promise<HttpAnswer> {
  let { url, method, headers, body } = request;
  for (let hop = 0; hop <= redirectsMax; hop++) {
    const isCrossOrigin = url.origin !== request.url.origin;
    const answer = await sendOnce(
      { ...request, url, method, headers, ...(body !== undefined && { body }) },
      isCrossOrigin,
      agents,
    );
    const location = answer.headers.location;
    if (!redirects.has(answer.status) || location === undefined) return answer;
    const target = targetOf(location, url, request);
    const becomesGet = answer.status === 303 || (answer.status < 303 && method === "POST");
    if (becomesGet && method !== "HEAD") [method, body] = ["GET", undefined];
    if (target.origin !== request.url.origin) {
      if (method !== "GET" && method !== "HEAD")
        throw refused(request, target, `a redirect of ${method} to another origin is not followed`);
      headers = Object.fromEntries(Object.entries(headers).filter(([name]) => privateHeaders.has(name)));
    }
    url = target;
  }
  throw refused(request, url, `more than ${redirectsMax} redirects`);
}

function targetOf(location: string, from: URL, request: HttpRequest): URL {
  const target = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (target === undefined || (target.protocol !== "https:" && target.protocol !== "http:"))
    throw refused(request, from, "it redirects to something that is no HTTP address");
  if (from.protocol === "https:" && target.protocol === "http:")
    throw refused(request, target, "a redirect from https to http is not followed");
  return target;
}

function refused({ operation }: HttpRequest, url: URL, reason: string) {
  return adapterErrors.addressRefused({ operation, url: `${url.origin}${url.pathname}`, reason });
}

function sendOnce(
  request: HttpRequest,
  isCrossOrigin: boolean,
  { plain, secure }: Agents,
): Promise<HttpAnswer> {
  const { url, method, headers, body, signal } = request;
  const problem = addressProblem(url.hostname.replace(/^\[|\]$/g, ""), isCrossOrigin);
  if (problem !== undefined) return Promise.reject(refused(request, url, problem));
  const isSecure = url.protocol === "https:";
  const send = isSecure ? requestSecure : requestPlain;
  // Without a length, Node sends the body of a DELETE behind the request, where the server expects the next request.
  const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    let wasSent = false;
    const call = send(url, {
      method,
      headers: { ...headers, ...length },
      signal,
      lookup: isCrossOrigin ? lookupPublic : lookupSafe,
      // A connection that was checked for one origin is not reused for a redirect to another.
      agent: isCrossOrigin ? false : isSecure ? secure : plain,
    });
    call.once("finish", () => {
      wasSent = true;
    });
    call.once("error", (error) => {
      if (error instanceof Forbidden) reject(refused(request, url, error.message));
      else reject(signal.aborted ? signal.reason : new BrokenExchange(reasonOf(error, url), wasSent));
    });
    call.once("response", (answer) => read(answer, request).then(resolve, reject));
    call.end(body);
  });
}

function reasonOf({ code = "", message, name }: NodeJS.ErrnoException, url: URL): string {
  const port = url.port || (url.protocol === "https:" ? 443 : 80);
  return unreachableReason(code, message || name, { host: url.hostname, port });
}

async function read(
  answer: IncomingMessage,
  { operation, method, url, signal, answerBytesMax }: HttpRequest,
): Promise<HttpAnswer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  // An answer to HEAD has the length of the answer to GET.
  if (method !== "HEAD" && Number(answer.headers["content-length"]) > answerBytesMax) {
    answer.destroy();
    throw tooLarge(operation, answerBytesMax);
  }
  try {
    for await (const piece of answer) {
      bytes += piece.length;
      if (bytes > answerBytesMax) break;
      pieces.push(piece);
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw new BrokenExchange(`the answer broke off: ${error instanceof Error ? error.message : error}`, true);
  }
  if (bytes > answerBytesMax) throw tooLarge(operation, answerBytesMax);
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(pieces), url };
}

function tooLarge(operation: string, bytesMax: number) {
  return adapterErrors.answerUnreadable({ operation, reason: `it has more than ${bytesMax} bytes` });
}

/** Returns why an address must not be called. `isCrossOrigin` means a redirect to another origin. */
export function addressProblem(address: string, isCrossOrigin: boolean): string | undefined {
  const version = isIP(address);
  if (version === 0) return undefined;
  const family = version === 6 ? "ipv6" : "ipv4";
  if (linkLocal.check(address, family)) return "the address is link-local";
  if (isCrossOrigin && isInner(address)) return "a redirect leads into a private network";
  return undefined;
}

/** Checks the resolved addresses of the connection, so that a name cannot change between check and connection. */
function lookupWith(isCrossOrigin: boolean): LookupFunction {
  return (host, options, found) => {
    systemLookup(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return found(error, "", 4);
      for (const { address } of addresses) {
        const problem = addressProblem(address, isCrossOrigin);
        if (problem !== undefined) return found(new Forbidden(problem), "", 4);
      }
      const [first] = addresses;
      if (options.all === true) found(null, addresses);
      else found(null, first?.address ?? "", first?.family ?? 4);
    });
  };
}

const lookupSafe = lookupWith(false);
const lookupPublic = lookupWith(true);

const secondMs = 1_000;
/** Maximum wait, because a server may send any value. */
const waitMsMax = 3_600_000;

/** Reads `Retry-After`: seconds, or a time of the server's clock, which may differ from the local clock. */
export function retryAfterMsOf({ headers }: Pick<HttpAnswer, "headers">, ownMs: number): number {
  const header = headers["retry-after"];
  if (header === undefined) return 0;
  if (/^\d+$/.test(header.trim())) return Math.min(Number(header) * secondMs, waitMsMax);
  const atMs = Date.parse(header);
  const serverMs = Date.parse(headers["date"] ?? "");
  const nowMs = Number.isNaN(serverMs) ? ownMs : serverMs;
  return Number.isNaN(atMs) ? 0 : Math.min(Math.max(0, atMs - nowMs), waitMsMax);
}
