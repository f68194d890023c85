/**
 * Answers calls over HTTP: each becomes the call of a service, made by this process on behalf of its caller. The
 * gateway decides the identity and the limits of the caller. The serving process decides everything else.
 *
 * 1. An rpc that is not offered is refused before its request is read.
 * 2. Every call is answered once. Its caller leaves by closing the connection, and the call is cancelled.
 * 3. A body is read only up to the size of one message, and a stream only as fast as its service reads it.
 * 4. Replies are made as fast as the caller reads them. A silent stream shows that it is alive.
 */
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import type { ServiceDescription } from "@tutti/contracts/rpc";
import {
  type CallContext,
  errorFromUnknown,
  notOwnerOf,
  statuses,
  type Timers,
  type TuttiError,
} from "@tutti/kernel";
import { type Method, methodsOf } from "../../calls/method.ts";
import type { CallOptions, ReplyStream } from "../../client/types.ts";
import { meshErrors } from "../../errors.ts";
import { requireSize } from "../../interceptors/limits.ts";
import type { Mesh } from "../../mesh.ts";
import { decodeInTurns, decodeRequest, encode, encodeInTurns } from "../wire.ts";
import {
  aliveMs,
  envelope,
  envelopes,
  errorJson,
  flags,
  type HttpCallHeaders,
  mediaTypes,
  readBody,
  readHeaders,
} from "./wire.ts";

export interface HttpEndpointParts {
  readonly mesh: Pick<Mesh, "client" | "knows" | "settings">;
  readonly timers: Timers;
  readonly contracts: Iterable<ServiceDescription>;
  /** Returns whether external callers may call it: `tutti.workflow.v1.RunService/StartRun`. */
  readonly isOffered: (rpc: string) => boolean;
  /** Returns the service that hosts an rpc, if it is not that of its contract. A caller may name another one. */
  readonly hostOf?: (rpc: string) => string | undefined;
  /** Aborted when the process is about to stop. Waiting callers, and streams that resume, reconnect. */
  readonly stopping: AbortSignal;
}

export interface ReceivedCall {
  /** `tutti.workflow.v1.RunService/StartRun` */
  readonly rpc: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: AsyncIterable<Uint8Array>;
  readonly response: ServerResponse;
  /** Principal, deadline and trace. Cancelled when the response closes. */
  readonly context: CallContext;
  /** Counts the call against its caller's limit. Throws if the limit is exceeded. */
  readonly admit: (isStream: boolean) => void;
  /** Throws if a message of this size is too large for its caller. */
  readonly admitBytes: (bytes: number) => void;
}

interface Offered {
  readonly method: Method;
  readonly call: (input: unknown, options: CallOptions) => unknown;
}

/** Retry time of a caller that was refused because an owner is unknown. */
const retryLaterMs = 1_000;

export class HttpEndpoint {
  readonly #parts: HttpEndpointParts;
  readonly #contracts: ReadonlyMap<string, ServiceDescription>;
  /** By rpc, and by the called service. */
  readonly #offered = new Map<string, Offered>();

  constructor(parts: HttpEndpointParts) {
    this.#parts = parts;
    this.#contracts = new Map([...parts.contracts].map((contract) => [contract.name, contract]));
  }

  /** Resolves when the call is answered. Returns the error if it failed. */
  async serve(received: ReceivedCall): Promise<TuttiError | undefined> {
    const { response, rpc } = received;
    // The end of the connection cancels the call.
    response.on("error", () => {});
    try {
      const requestHeaders = readHeaders(received.headers);
      const offered = this.#find(rpc, requestHeaders.hosted);
      requireForm(offered.method, requestHeaders);
      received.admit(offered.method.streaming);
      if (offered.method.streaming) await this.#stream(offered, received, requestHeaders);
      else await this.#unary(offered, received, requestHeaders);
      return undefined;
    } catch (thrown) {
      const error = this.#publicError(errorFromUnknown(thrown), rpc);
      fail(response, error);
      return error;
    }
  }

  /** Answers a call that was refused before it came here. */
  refuse(response: ServerResponse, error: TuttiError): void {
    fail(response, error);
  }

  async #unary(
    { method, call }: Offered,
    received: ReceivedCall,
    requestHeaders: HttpCallHeaders,
  ): Promise<void> {
    const { messageBytes } = this.#parts.mesh.settings.limits;
    const bytes = await readBody(received.body, (size) => requireSize(method, "request", size, messageBytes));
    received.admitBytes(bytes.length);
    const message = await decodeInTurns(method, "request", bytes, messageBytes);
    const waits = Number((message as { readonly waitMs?: unknown }).waitMs) > 0;
    const reply = await call(message, this.#optionsOf(received, requestHeaders, waits));
    const encoded = await encodeInTurns(method, "reply", reply, messageBytes);
    received.response.writeHead(200, { "content-type": mediaTypes.one, "content-length": encoded.length });
    received.response.end(encoded);
  }

  async #stream(
    { method, call }: Offered,
    received: ReceivedCall,
    requestHeaders: HttpCallHeaders,
  ): Promise<void> {
    const { requestStream, replyStream, repeat } = method.rpc;
    const options = this.#optionsOf(received, requestHeaders, repeat === "resumes");
    const requests = this.#messages(method, received);
    const input = requestStream ? requests : await onlyMessage(method, requests);
    const { response } = received;
    response.writeHead(200, { "content-type": mediaTypes.stream, "x-accel-buffering": "no" });
    response.flushHeaders();
    const outcome = call(input, options);
    const stopAlive = requestHeaders.wantsKeepAlive ? this.#keepAlive(response) : () => {};
    try {
      if (replyStream) await this.#pump(method, response, outcome as ReplyStream<unknown>);
      else await this.#send(method, response, await (outcome as Promise<unknown>));
    } finally {
      stopAlive();
    }
    response.end(envelope(flags.end, Buffer.from("{}")));
  }

  async #pump(method: Method, response: ServerResponse, replies: ReplyStream<unknown>): Promise<void> {
    for await (const reply of replies) await this.#send(method, response, reply);
  }

  #send(method: Method, response: ServerResponse, reply: unknown): Promise<void> | undefined {
    const bytes = encode(method, "reply", reply, this.#parts.mesh.settings.limits.messageBytes);
    return response.write(envelope(flags.message, bytes)) ? undefined : drained(response);
  }

  /** Returns a function that stops it. */
  #keepAlive(response: ServerResponse): () => void {
    const show = () => {
      if (!response.writableNeedDrain) response.write(envelope(flags.alive, Buffer.alloc(0)));
      timer = this.#parts.timers.after(aliveMs, show);
    };
    let timer = this.#parts.timers.after(aliveMs, show);
    return () => timer.cancel();
  }

  async *#messages(method: Method, { body, admitBytes }: ReceivedCall): AsyncGenerator<unknown, void> {
    const { messageBytes } = this.#parts.mesh.settings.limits;
    const read = envelopes(body, (size) => {
      requireSize(method, "request", size, messageBytes);
      admitBytes(size);
    });
    try {
      for await (const { flag, bytes } of read) {
        if (flag !== flags.message) throw malformed(method, `an envelope with the flags ${flag}`);
        yield decodeRequest(method, bytes, messageBytes);
      }
    } catch (thrown) {
      const error = errorFromUnknown(thrown);
      throw error.status === "INTERNAL" ? malformed(method, error.message) : error;
    }
  }

  #optionsOf(
    { context }: ReceivedCall,
    { namespace, idempotencyKey, timeoutMs }: HttpCallHeaders,
    mayRetry: boolean,
  ): CallOptions {
    return {
      context,
      namespace,
      idempotencyKey,
      timeoutMs,
      ...(mayRetry && { signal: this.#parts.stopping }),
    };
  }

  #find(rpc: string, hosted: string): Offered {
    const key = `${rpc} ${hosted}`;
    const known = this.#offered.get(key);
    if (known !== undefined) return known;
    const { mesh, isOffered, hostOf } = this.#parts;
    const [name = "", short] = rpc.split("/");
    const description = this.#contracts.get(name);
    const service = hosted === "" ? hostOf?.(rpc) : hosted;
    const found =
      description && methodsOf(description, { service }).find(([, method]) => method.name === short);
    if (description === undefined || found === undefined || !isOffered(rpc))
      throw meshErrors.noHandler({ rpc: rpc.slice(0, 200) });
    // An unknown service name would be waited for, and kept.
    if (service !== undefined && !mesh.knows(service))
      throw meshErrors.noInstance({ service: service.slice(0, 200) });
    const [at, method] = found;
    // Typed clients are for callers that know the rpc.
    const client = mesh.client(description, { service }) as Readonly<Record<string, unknown>>;
    const offered = { method, call: client[at] as Offered["call"] };
    this.#offered.set(key, offered);
    return offered;
  }

  /** Returns an error for external callers: they cannot reach owners, and do not wait for a stopping process. */
  #publicError(error: TuttiError, rpc: string): TuttiError {
    const refusal = notOwnerOf(error);
    if (refusal !== undefined)
      return meshErrors.ownerAway(
        { place: refusal.place, rpc, instance: "" },
        { retryAfterMs: retryLaterMs },
      );
    const isStopped = error.status === "CANCELLED" && this.#parts.stopping.aborted;
    return isStopped ? meshErrors.draining({ rpc }) : error;
  }
}

function requireForm(method: Method, { mediaType, encoding, timeoutMs }: HttpCallHeaders): void {
  const expected = method.streaming ? mediaTypes.stream : mediaTypes.one;
  if (mediaType !== expected)
    throw malformed(
      method,
      `Content-Type: expected ${expected}, got ${JSON.stringify(mediaType.slice(0, 100))}`,
    );
  if (encoding !== "identity") throw malformed(method, "it is compressed");
  if (Number.isNaN(timeoutMs)) throw malformed(method, "Connect-Timeout-Ms: expected up to 10 digits");
}

async function onlyMessage(method: Method, messages: AsyncGenerator<unknown, void>): Promise<unknown> {
  const first = await messages.next();
  const second = first.done ? first : await messages.next();
  if (first.done || !second.done) throw malformed(method, "expected one message");
  return first.value;
}

function malformed({ label }: Method, reason: string): TuttiError {
  return meshErrors.malformed({ rpc: label, reason });
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.once("drain", done).once("close", done);
    if (response.destroyed) done();
  });
}

/** Writes an error: as the whole answer, or as the end of a started stream. */
function fail(response: ServerResponse, error: TuttiError): void {
  if (response.destroyed || response.writableEnded) return;
  const json = errorJson(error);
  if (response.headersSent) {
    response.end(envelope(flags.end, Buffer.from(JSON.stringify({ error: json }))));
    return;
  }
  const body = Buffer.from(JSON.stringify(json));
  const { http } = statuses[error.status];
  response.setHeader("content-type", mediaTypes.error);
  response.setHeader("content-length", body.length);
  if (error.retryAfterMs > 0) response.setHeader("retry-after", Math.ceil(error.retryAfterMs / 1_000));
  if (http === 401) response.setHeader("www-authenticate", 'Bearer realm="tutti"');
  // The rest of a body that was not read completely would disturb the next request.
  if (!response.req.complete) response.setHeader("connection", "close");
  response.writeHead(http);
  response.end(body);
}
