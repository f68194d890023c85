/** Calls a server of the same process: no connection, but the same errors, deadlines and limits. */
import {
  type Clock,
  errorFromUnknown,
  fromStatusDetails,
  systemDefer,
  type TuttiError,
  toStatusDetails,
  turnForOthers,
} from "@tutti/kernel";
import type { OutgoingCall } from "../../calls/outgoing-call.ts";
import { meshErrors } from "../../errors.ts";
import { isHeavy, requireWeight } from "../../interceptors/limits.ts";
import type { ServedMethod } from "../../server/served-method.ts";
import { type Incoming, ServerCall, type ServerCallDefaults } from "../../server/server-call.ts";
import type { Link, LinkStream } from "../link.ts";
import { decodeInTurns, decodeReply, decodeRequest, encode, encodeInTurns } from "../wire.ts";
import { InProcessStream } from "./stream.ts";

/** The interface of a server for callers in its own process. */
export interface LocalServer {
  readonly defaults: ServerCallDefaults;
  /** Returns the method that a service, or the only host of the contract, serves. */
  served(path: string, hosted: string): ServedMethod | undefined;
}

export interface InProcessOptions {
  readonly clock: Clock;
  readonly messageBytes: number;
  /** Whether every message that passes is frozen. */
  readonly freeze: boolean;
  /**
   * Key or token of a program that is treated like another process, read for each call. Its messages pass as bytes, and
   * its errors in their encoded form.
   */
  readonly outside: (() => string) | undefined;
  /** Its running calls, which the mesh ends together with the program. */
  readonly running: Set<ServerCall>;
}

export class InProcessLink implements Link {
  readonly transport = "in-process";
  readonly state = "ready";
  readonly #server: LocalServer;
  readonly #options: InProcessOptions;

  constructor(server: LocalServer, options: InProcessOptions) {
    this.#server = server;
    this.#options = options;
  }

  connect(): void {}

  close(): void {}

  unary(call: OutgoingCall, input: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const served = this.#served(call);
      const serverCall = this.#arrive(call);
      call.setStoppable({
        stop(reason: TuttiError) {
          serverCall.stop(reason);
          reject(reason);
        },
      });
      const { outside, running } = this.#options;
      const serve = async (message: unknown) => {
        if (outside !== undefined) running.add(serverCall);
        try {
          const reply = await served.unary(serverCall, message);
          const answered = isHeavy(reply)
            ? await this.#answeredInTurns(call, reply)
            : this.#answered(call, reply);
          inOwnTurn(answered, () => resolve(answered));
        } catch (thrown) {
          reject(this.#failed(thrown));
        } finally {
          running.delete(serverCall);
        }
      };
      if (isHeavy(input)) this.#requestInTurns(call, serverCall, input).then(serve, reject);
      else {
        const handled = this.#handle(call, serverCall, input);
        inOwnTurn(handled, () => serve(handled));
      }
    });
  }

  stream(call: OutgoingCall, input: unknown): LinkStream {
    const served = this.#served(call);
    const serverCall = this.#arrive(call);
    const stream = new InProcessStream({
      call: serverCall,
      pass: (reply) => this.#answered(call, reply),
      fail: (thrown) => this.#failed(thrown),
      open: (established) => served.stream(serverCall, this.#handle(call, serverCall, input), established),
    });
    call.setStoppable(stream);
    return stream;
  }

  #served(call: OutgoingCall): ServedMethod {
    const served = this.#server.served(call.method.rpc.path, call.method.hosted);
    if (served === undefined) throw meshErrors.noHandler({ rpc: call.method.label });
    return served;
  }

  #arrive(call: OutgoingCall): ServerCall {
    const { outside, clock } = this.#options;
    const incoming: Incoming = {
      transport: outside === undefined ? "in-process" : "outside",
      presented: call.principal,
      credential: outside?.() ?? "",
      namespace: call.namespace,
      deadlineMs: call.deadlineMs,
      parent: call.trace,
      idempotencyKey: call.idempotencyKey,
      hosted: call.method.hosted,
      ownerEpoch: call.ownerEpoch,
      peer: undefined,
      address: outside && (() => "127.0.0.1"),
    };
    return new ServerCall(call.method, incoming, this.#server.defaults, clock.monotonic());
  }

  #handle(call: OutgoingCall, serverCall: ServerCall, input: unknown): unknown {
    if (!call.method.rpc.requestStream) return this.#request(call, serverCall, input);
    return this.#passing(call, serverCall, input as AsyncIterable<unknown>);
  }

  async *#passing(
    call: OutgoingCall,
    serverCall: ServerCall,
    requests: AsyncIterable<unknown>,
  ): AsyncGenerator<unknown, void> {
    for await (const request of requests) yield this.#request(call, serverCall, request);
  }

  #request({ method }: OutgoingCall, serverCall: ServerCall, request: unknown): unknown {
    const { messageBytes, freeze, outside } = this.#options;
    if (outside !== undefined) {
      const bytes = encode(method, "request", request, messageBytes);
      serverCall.requestBytes = bytes.length;
      return decodeRequest(method, bytes, messageBytes);
    }
    requireWeight(method, "request", request, messageBytes);
    return freeze ? deepFreeze(request) : request;
  }

  /** Like `#asked`, with turns for other work. */
  async #requestInTurns(call: OutgoingCall, serverCall: ServerCall, request: unknown): Promise<unknown> {
    const { messageBytes, freeze, outside } = this.#options;
    const { method } = call;
    await turnForOthers();
    if (method.rpc.requestStream) return this.#handle(call, serverCall, request);
    const bytes = await encodeInTurns(method, "request", request, messageBytes);
    await turnForOthers();
    if (outside === undefined) return freeze ? deepFreeze(request) : request;
    serverCall.requestBytes = bytes.length;
    return decodeInTurns(method, "request", bytes, messageBytes);
  }

  /** Like `#answered`, with turns for other work. */
  async #answeredInTurns(call: OutgoingCall, reply: unknown): Promise<unknown> {
    const { messageBytes, outside } = this.#options;
    if (outside === undefined) return this.#answered(call, reply);
    const bytes = await encodeInTurns(call.method, "reply", reply, messageBytes);
    return decodeInTurns(call.method, "reply", bytes, messageBytes);
  }

  #answered({ method }: OutgoingCall, reply: unknown): unknown {
    const { messageBytes, freeze, outside } = this.#options;
    if (outside !== undefined)
      return decodeReply(method, encode(method, "reply", reply, messageBytes), messageBytes);
    requireWeight(method, "reply", reply, messageBytes);
    return freeze ? deepFreeze(reply) : reply;
  }

  #failed(thrown: unknown): unknown {
    if (this.#options.outside === undefined) return thrown;
    return fromStatusDetails(toStatusDetails(errorFromUnknown(thrown)));
  }
}

/** Gives other work a turn between two steps of a heavy message. */
function inOwnTurn(message: unknown, step: () => void): void {
  if (isHeavy(message)) systemDefer(step);
  else step();
}

/**
 * Deeply freezes a message. Messages pass by reference in-process. Tests freeze them, so that a handler or caller that
 * changes data of the other side fails in tests and not in production.
 */
function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  // The elements of a typed array cannot be frozen.
  if (ArrayBuffer.isView(value)) return value;
  Object.freeze(value);
  for (const key of Object.keys(value)) deepFreeze((value as Record<string, unknown>)[key]);
  return value;
}
