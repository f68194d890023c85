/**
 * One call as one request of HTTP. It ends with its reply, with its error, or when it is stopped, which closes its
 * connection and so notifies the other side.
 *
 * 1. Nothing was done if no connection could be made. If one broke later, the outcome is unknown.
 * 2. Requests of a stream are sent as fast as the connection accepts them.
 */
import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import { errorFromUnknown, isTuttiError, type TuttiError } from "@tutti/kernel";
import type { Method } from "../../calls/method.ts";
import type { OutgoingCall } from "../../calls/outgoing-call.ts";
import type { Stoppable } from "../../calls/stopping.ts";
import { meshErrors } from "../../errors.ts";
import { encode } from "../wire.ts";
import { envelope, errorOfAnswer, flags, headersOf, mediaTypes, readBody } from "./wire.ts";

export interface HttpSite {
  /** URL of calls, without the name of the rpc. */
  readonly address: string;
  readonly agent: Agent;
  readonly request: (url: string, options: RequestOptions) => ClientRequest;
  readonly messageBytes: number;
  readonly credential: () => string;
}

/** Maximum size of an answer that is no reply. */
const errorBytesMax = 1_048_576;

/** Codes of a connection that never existed, so that the request was certainly not sent. */
const notConnected = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);

export class HttpExchange implements Stoppable {
  /** Rejects with the error, or with the reason of the stop. */
  readonly response: Promise<IncomingMessage>;
  readonly #call: OutgoingCall;
  readonly #site: HttpSite;
  readonly #request: ClientRequest;
  #broken: TuttiError | undefined = undefined;
  #isOver = false;
  #isConnected = false;
  #reject: (error: TuttiError) => void = () => {};

  /** `remainingMs`: until its deadline. */
  constructor(call: OutgoingCall, input: unknown, remainingMs: number, site: HttpSite) {
    this.#call = call;
    this.#site = site;
    const { rpc, streaming } = call.method;
    const message = rpc.requestStream ? undefined : encode(call.method, "request", input, site.messageBytes);
    const body = message && (streaming ? envelope(flags.message, message) : message);
    this.#request = site.request(`${site.address}${rpc.path}`, {
      method: "POST",
      agent: site.agent,
      headers: {
        ...headersOf(call, site.credential(), remainingMs),
        ...(body !== undefined && { "content-length": body.length }),
      },
    });
    this.response = this.#answered();
    if (body !== undefined) {
      this.#request.end(body);
      return;
    }
    // The call starts before its first request.
    this.#request.flushHeaders();
    this.#sendAll(input as AsyncIterable<unknown>).catch((thrown: unknown) => {
      if (!this.#isOver) this.stop(errorFromUnknown(thrown));
    });
  }

  stop(reason: TuttiError): void {
    this.#broken ??= reason;
    this.#close();
    this.#reject(this.#broken);
  }

  /** Everything was read. Unsent requests are no longer needed. */
  finish(): void {
    if (!this.#request.writableFinished) this.#close();
    this.#isOver = true;
  }

  /** Returns the answer if it has the form of a reply. Throws the error that it contains otherwise. */
  async accepted(): Promise<IncomingMessage> {
    const response = await this.response;
    const { method } = this.#call;
    const type = response.headers["content-type"]?.split(";", 1)[0]?.trim();
    const expected = method.streaming ? mediaTypes.stream : mediaTypes.one;
    if (response.statusCode === 200 && type === expected) return response;
    const bytes = await this.read(() =>
      readBody(response, (size) => {
        if (size > errorBytesMax) throw new RangeError("the answer is too large");
      }),
    );
    this.finish();
    const { address } = this.#site;
    throw errorOfAnswer(method, { address, status: response.statusCode ?? 0, text: bytes.toString("utf8") });
  }

  /** Reads from the answer. Throws the reason of the stop, or that the connection broke. */
  async read<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      throw this.#errorOf(thrown);
    }
  }

  #answered(): Promise<IncomingMessage> {
    const request = this.#request;
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    // There may be no listener yet.
    promise.catch(() => {});
    this.#reject = reject;
    request.once("socket", (socket) => {
      if (!socket.connecting) this.#isConnected = true;
      else
        socket.once("encrypted" in socket ? "secureConnect" : "connect", () => {
          this.#isConnected = true;
        });
    });
    request.once("response", (response) => {
      this.#isConnected = true;
      // Each reader gets the error by its own reading.
      response.on("error", () => {});
      resolve(response);
    });
    request.on("error", (error) => reject(this.#errorOf(error)));
    return promise;
  }

  #errorOf(thrown: unknown): TuttiError {
    if (this.#broken !== undefined) return this.#broken;
    if (isTuttiError(thrown)) return thrown;
    const code = (thrown as NodeJS.ErrnoException)?.code ?? "";
    const reason = thrown instanceof Error ? thrown.message || code : String(thrown);
    const { service, label: rpc } = this.#call.method;
    const parameters = { service, rpc, address: this.#site.address, reason };
    return this.#isConnected && !notConnected.has(code)
      ? meshErrors.connectionLost(parameters)
      : meshErrors.noConnection(parameters);
  }

  async #sendAll(requests: AsyncIterable<unknown>): Promise<void> {
    const { method } = this.#call;
    for await (const request of requests) {
      const bytes = encode(method, "request", request, this.#site.messageBytes);
      if (this.#isOver) return;
      await this.#write(envelope(flags.message, bytes));
    }
    if (!this.#isOver) this.#request.end();
  }

  #write(bytes: Buffer): Promise<void> | undefined {
    const request = this.#request;
    if (request.write(bytes) || this.#isOver) return undefined;
    return new Promise((resolve) => {
      const done = () => {
        request.off("drain", done).off("close", done);
        resolve();
      };
      request.once("drain", done).once("close", done);
    });
  }

  #close(): void {
    this.#isOver = true;
    this.#request.destroy();
  }
}

export function requireUncompressed(method: Method, flag: number): void {
  if ((flag & flags.compressed) !== 0)
    throw meshErrors.malformedReply({ rpc: method.label, reason: "it is compressed" });
}
