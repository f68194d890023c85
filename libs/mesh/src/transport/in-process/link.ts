/** Calls a server of the same process: no bytes, no connection, but the same errors, deadlines and limits. */
import type { Clock, TuttiError } from "@tutti/kernel";
import type { OutgoingCall } from "../../calls/outgoing-call.ts";
import { meshErrors } from "../../errors.ts";
import { insistOnWeight } from "../../interceptors/limits.ts";
import type { ServedMethod } from "../../server/served-method.ts";
import { type Incoming, ServerCall, type ServerCallDefaults } from "../../server/server-call.ts";
import type { Link, LinkStream } from "../link.ts";
import { deepFreeze } from "./freeze.ts";
import { InProcessStream } from "./stream.ts";

/** What a server shows to callers of its own process. */
export interface LocalServer {
  readonly defaults: ServerCallDefaults;
  /** The method that a service, or whoever alone hosts the contract, serves. */
  served(path: string, hosted: string): ServedMethod | undefined;
}

export interface InProcessOptions {
  readonly clock: Clock;
  readonly messageBytes: number;
  /** Freezes every message that passes. */
  readonly freeze: boolean;
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

  one(call: OutgoingCall, input: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const served = this.#served(call);
      const taken = this.#take(call, input);
      const serverCall = this.#arrive(call);
      call.hold({
        stop(reason: TuttiError) {
          serverCall.stop(reason);
          reject(reason);
        },
      });
      served
        .one(serverCall, taken)
        .then((reply) => resolve(this.#passed(call, "reply", reply)))
        .catch(reject);
    });
  }

  many(call: OutgoingCall, input: unknown): LinkStream {
    const served = this.#served(call);
    const serverCall = this.#arrive(call);
    const stream = new InProcessStream({
      call: serverCall,
      pass: (reply) => this.#passed(call, "reply", reply),
      open: (established) => served.many(serverCall, this.#take(call, input), established),
    });
    call.hold(stream);
    return stream;
  }

  #served(call: OutgoingCall): ServedMethod {
    const served = this.#server.served(call.method.rpc.path, call.method.hosted);
    if (served === undefined) throw meshErrors.noHandler({ rpc: call.method.label });
    return served;
  }

  #arrive(call: OutgoingCall): ServerCall {
    const incoming: Incoming = {
      transport: "in-process",
      presented: call.principal,
      credential: "",
      namespace: call.namespace,
      deadlineMs: call.deadlineMs,
      parent: call.trace,
      idempotencyKey: call.idempotencyKey,
      hosted: call.method.hosted,
      ownerEpoch: call.ownerEpoch,
      peer: undefined,
      address: undefined,
    };
    return new ServerCall(call.method, incoming, this.#server.defaults, this.#options.clock.monotonic());
  }

  #take(call: OutgoingCall, input: unknown): unknown {
    if (!call.method.rpc.requestStream) return this.#passed(call, "request", input);
    return this.#passing(call, input as AsyncIterable<unknown>);
  }

  async *#passing(call: OutgoingCall, requests: AsyncIterable<unknown>): AsyncGenerator<unknown, void> {
    for await (const request of requests) yield this.#passed(call, "request", request);
  }

  #passed(call: OutgoingCall, part: "request" | "reply", message: unknown): unknown {
    const { messageBytes, freeze } = this.#options;
    insistOnWeight(call.method, part, message, messageBytes);
    return freeze ? deepFreeze(message) : message;
  }
}
