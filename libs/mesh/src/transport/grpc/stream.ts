import { type experimental, type InterceptingListener, type StatusObject, status } from "@grpc/grpc-js";
import { errorFromUnknown, type TuttiError } from "@tutti/kernel";
import type { Method } from "../../calls/method.ts";
import { callCancelled, type Stoppable } from "../../calls/stopping.ts";
import type { LinkStream } from "../link.ts";
import { decodeReply } from "../wire.ts";
import { errorOfStatus } from "./status.ts";

/** Number of replies read ahead of the caller. Beyond it flow control slows the other side down. */
const aheadMax = 4;

type Outcome = { readonly ok: true } | { readonly ok: false; readonly error: TuttiError };

/** The replies of a stream over gRPC, on its caller's side. */
export class GrpcStream implements LinkStream, InterceptingListener, Stoppable {
  readonly established: Promise<void>;
  readonly #method: Method;
  readonly #address: string;
  readonly #wire: experimental.CallStream;
  readonly #limit: number;
  readonly #accept: () => void;
  readonly #refuse: (error: TuttiError) => void;
  readonly #ahead: Buffer[] = [];
  #reading = true;
  #outcome: Outcome | undefined = undefined;
  #wake: (() => void) | undefined = undefined;

  constructor(method: Method, address: string, wire: experimental.CallStream, limit: number) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // There may be no listener.
    promise.catch(() => {});
    this.established = promise;
    this.#accept = resolve;
    this.#refuse = reject;
    this.#method = method;
    this.#address = address;
    this.#wire = wire;
    this.#limit = limit;
  }

  /** Whether the call has ended. */
  get over(): boolean {
    return this.#outcome !== undefined;
  }

  async next(): Promise<IteratorResult<unknown, undefined>> {
    for (;;) {
      const bytes = this.#ahead.shift();
      if (bytes !== undefined) {
        this.#read();
        return { done: false, value: this.#decoded(bytes) };
      }
      const outcome = this.#outcome;
      if (outcome?.ok === true) return { done: true, value: undefined };
      if (outcome?.ok === false) throw outcome.error;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    if (this.#outcome === undefined) this.stop(callCancelled(this.#method));
    return { done: true, value: undefined };
  }

  stop(reason: TuttiError): void {
    if (this.#outcome !== undefined) return;
    this.#ahead.length = 0;
    this.#finish({ ok: false, error: reason });
    this.#wire.cancelWithStatus(status.CANCELLED, reason.message);
  }

  onReceiveMetadata(): void {
    this.#accept();
  }

  onReceiveMessage(message: Buffer): void {
    this.#reading = false;
    if (this.#outcome !== undefined) return;
    this.#ahead.push(message);
    this.#read();
    this.#awaken();
  }

  onReceiveStatus(ended: StatusObject): void {
    if (ended.code === status.OK) this.#finish({ ok: true });
    else this.#finish({ ok: false, error: errorOfStatus(this.#method, this.#address, ended) });
  }

  #read(): void {
    if (this.#reading || this.#outcome !== undefined || this.#ahead.length >= aheadMax) return;
    this.#reading = true;
    this.#wire.startRead();
  }

  #decoded(bytes: Buffer): unknown {
    try {
      return decodeReply(this.#method, bytes, this.#limit);
    } catch (thrown) {
      const error = errorFromUnknown(thrown);
      this.stop(error);
      throw error;
    }
  }

  #finish(outcome: Outcome): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    if (outcome.ok) this.#accept();
    else this.#refuse(outcome.error);
    this.#awaken();
  }

  #awaken(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
