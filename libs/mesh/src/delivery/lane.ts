/**
 * The path of messages to one partition of another process: one stream, kept as long as it works.
 *
 * 1. Requests are sent in the order of their submission. After a change of owner, unanswered ones are sent again, in
 *    the same order, to the new one. Repetitions do no harm.
 * 2. Any other failure is reported to all waiters: it is unknown whether something became durable, and the sender
 *    repeats it at its own pace.
 * 3. The amount under way is bounded. Further senders wait, and the transport itself accepts requests only as fast as
 *    the other side does.
 */
import type { DeliverReply, DeliverRequest } from "@tutti/contracts/runtime/v1";
import {
  assert,
  type EnvelopeBatch,
  errorFromUnknown,
  notOwnerOf,
  type Owner,
  type Ownership,
  type Place,
  type TuttiError,
} from "@tutti/kernel";
import type { CallOptions, ReplyStream } from "../client/types.ts";
import { meshErrors } from "../errors.ts";
import { type Address, type Part, partsOf, requestOf } from "./batch-parts.ts";
import { Room } from "./room.ts";

export interface LaneParts {
  readonly place: Place;
  readonly partition: number;
  readonly open: (
    requests: AsyncIterable<DeliverRequest>,
    options?: CallOptions,
  ) => ReplyStream<DeliverReply>;
  readonly ownership: Ownership;
}

/** Maximum requests and bytes under way to one partition. */
const partsMax = 64;
const bytesMax = 8 * 1_024 * 1_024;
/** Maximum number of consecutive changes of owner without an answer. */
const changesMax = 8;

/** A batch under way. */
interface PendingBatch {
  readonly address: Address;
  /** Number of its unanswered requests. */
  remaining: number;
  over: boolean;
  settle(outcome: { readonly upTo: number } | { readonly error: unknown }): void;
}

interface Entry {
  readonly parcel: PendingBatch;
  readonly part: Part;
}

/** An opened stream, and its sent but unanswered requests. */
interface Stream {
  readonly sent: Map<number, Entry>;
  readonly ending: AbortController;
  number: number;
  /** The owner at the other end, once it is known. */
  owner: Owner | undefined;
  /** True if it was abandoned because the partition has another owner. */
  replaced: boolean;
  over: boolean;
}

export class Lane {
  readonly #parts: LaneParts;
  readonly #room = new Room(partsMax, bytesMax);
  #waiting: Entry[] = [];
  #stream: Stream | undefined;
  #running = false;
  #changes = 0;
  #wake: () => void = () => {};
  #stopped: TuttiError | undefined;

  constructor(parts: LaneParts) {
    this.#parts = parts;
  }

  async deliver({ service, partition, envelopes }: EnvelopeBatch, signal: AbortSignal): Promise<number> {
    const parts = partsOf(envelopes);
    const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
    await this.#room.enter(parts.length, bytes, signal);
    try {
      signal.throwIfAborted();
      if (this.#stopped !== undefined) throw this.#stopped;
      const address = { partition: this.#parts.partition, fromService: service, fromPartition: partition };
      return await this.#send(address, parts, signal);
    } finally {
      this.#room.release(parts.length, bytes);
    }
  }

  stop(reason: TuttiError): void {
    this.#stopped = reason;
    this.#stream?.ending.abort(reason);
    this.#fail(reason);
  }

  #send(address: Address, parts: readonly Part[], signal: AbortSignal): Promise<number> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => parcel.settle({ error: signal.reason });
      const parcel: PendingBatch = {
        address,
        remaining: parts.length,
        over: false,
        settle(outcome) {
          if (parcel.over) return;
          parcel.over = true;
          signal.removeEventListener("abort", onAbort);
          if ("error" in outcome) reject(outcome.error);
          else resolve(outcome.upTo);
        },
      };
      signal.addEventListener("abort", onAbort, { once: true });
      for (const part of parts) this.#waiting.push({ parcel, part });
      this.#followOwner();
      this.#wake();
      if (!this.#running) void this.#run();
    });
  }

  /** Leaves a stream to a former owner before that owner ends it. */
  #followOwner(): void {
    const { ownership, place } = this.#parts;
    const stream = this.#stream;
    if (stream?.owner === undefined) return;
    const owner = ownership.ownerOf(place);
    if (owner === undefined || owner.instance === stream.owner.instance) return;
    stream.replaced = true;
    stream.ending.abort();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0 && this.#stopped === undefined) {
      const stream: Stream = {
        sent: new Map(),
        ending: new AbortController(),
        number: 0,
        owner: undefined,
        replaced: false,
        over: false,
      };
      this.#stream = stream;
      try {
        const replies = this.#parts.open(this.#requests(stream), { signal: stream.ending.signal });
        for await (const reply of replies) this.#answered(stream, reply);
        throw meshErrors.interrupted({ rpc: "RuntimeService.Deliver" });
      } catch (thrown) {
        this.#handleStreamEnd(stream, errorFromUnknown(thrown));
      }
    }
    this.#running = false;
  }

  async *#requests(stream: Stream): AsyncGenerator<DeliverRequest, void> {
    while (!stream.over) {
      const entry = this.#waiting.shift();
      if (entry === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      } else if (!entry.parcel.over) {
        const number = ++stream.number;
        stream.sent.set(number, entry);
        yield requestOf(entry.parcel.address, number, entry.part);
      }
    }
  }

  #answered(stream: Stream, { batch, upTo }: DeliverReply): void {
    const { ownership, place } = this.#parts;
    this.#changes = 0;
    stream.owner ??= ownership.ownerOf(place);
    const entry = stream.sent.get(batch);
    if (entry === undefined) return;
    stream.sent.delete(batch);
    assert(entry.parcel.remaining > 0, "a part is answered once", { batch });
    entry.parcel.remaining--;
    if (entry.parcel.remaining === 0) entry.parcel.settle({ upTo });
  }

  #handleStreamEnd(stream: Stream, error: TuttiError): void {
    stream.over = true;
    this.#stream = undefined;
    // Wakes the stream's own reader of requests, which sees that it is over.
    this.#wake();
    this.#waiting = [...stream.sent.values(), ...this.#waiting].filter(({ parcel }) => !parcel.over);
    if (this.#stopped !== undefined) this.#fail(this.#stopped);
    else if (!this.#moved(stream, error)) this.#fail(error);
  }

  /** Returns whether the partition has another owner, which gets the unanswered requests. */
  #moved(stream: Stream, error: TuttiError): boolean {
    const refusal = notOwnerOf(error);
    if (refusal === undefined && !stream.replaced) return false;
    const { ownership, place } = this.#parts;
    if (refusal?.owner !== undefined && refusal.place === place) ownership.learn(place, refusal.owner);
    return ++this.#changes <= changesMax;
  }

  #fail(error: TuttiError): void {
    const entries = [...(this.#stream?.sent.values() ?? []), ...this.#waiting.splice(0)];
    this.#changes = 0;
    for (const { parcel } of entries) parcel.settle({ error });
  }
}
