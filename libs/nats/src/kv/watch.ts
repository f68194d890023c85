/**
 * A watch on a bucket, as a stream of changes at the pace of its reader: at most `buffered` are fetched ahead.
 *
 * Frequently changing keys of low importance (`seldom`) are read in one go: on request of the watch's owner (`poll`),
 * and before each change of another key. So a change follows the changes that it depends on, unless the answering
 * replicas are not equally up to date.
 */
import { TuttiError } from "@tutti/kernel";
import { natsErrors } from "../errors.ts";
import type { Delivered } from "../streams/delivered.ts";
import type { OrderedReader, OrderedReaderOptions, StreamFacts } from "../streams/ordered-reader.ts";
import { horizonKey, keyOf, subjectOf } from "./keys.ts";

export interface WatchOptions {
  /** Keys to watch: `*` matches one segment, `>` all that follow. Default: `>`. */
  readonly filter?: string | readonly string[];
  /** Further keys, whose changes are reported with the next look. */
  readonly seldom?: string;
  /** Resumes: only changes after this revision, instead of a snapshot. */
  readonly after?: number;
  /** Ends the watch. */
  readonly signal?: AbortSignal;
  /** Number of changes fetched ahead. Default: 256. */
  readonly buffered?: number;
}

export type BucketChange =
  | {
      readonly kind: "put";
      readonly key: string;
      readonly value: Uint8Array;
      readonly revision: number;
      readonly writtenMs: number;
    }
  | { readonly kind: "delete"; readonly key: string; readonly revision: number; readonly writtenMs: number }
  /** All former content, or all changes since the given revision, has been delivered. Occurs once. */
  | { readonly kind: "snapshot-end"; readonly revision: number };

export interface Watch extends AsyncIterable<BucketChange> {
  /** Resolves when every change from now on will be delivered. Its value distinguishes buckets of one name. */
  readonly opened: Promise<Pick<StreamFacts, "created">>;
  /** Requests the changes of the keys in `seldom`. */
  poll(): void;
  close(): void;
}

/** The part of a bucket that a watch needs. */
export interface WatchSource {
  readonly bucket: string;
  /** Returns the revision up to which deletions may have been removed. */
  readonly horizon: () => Promise<number>;
  /** Waits after this many failures in a row. */
  readonly pause: (failures: number) => Promise<void>;
  readonly read: (
    handlers: Pick<
      OrderedReaderOptions,
      "subjects" | "from" | "polled" | "onMessage" | "onCaughtUp" | "onFailed"
    >,
  ) => OrderedReader;
}

export function watchBucket(options: WatchOptions, source: WatchSource): Watch {
  return new BucketWatch(options, source);
}

/** One of the readers of a watch. */
interface Reading {
  readonly reader: OrderedReader;
  /** Revision from which deletions must not have been removed unseen. */
  safeFrom: number | undefined;
  timesCaughtUp: number;
}

class BucketWatch implements Watch {
  readonly #source: WatchSource;
  readonly #live: Reading;
  readonly #seldom: Reading | undefined;
  readonly #buffered: number;
  readonly #signal: AbortSignal | undefined;
  readonly #changes: BucketChange[] = [];
  /** Changes that wait for a look at the keys in `seldom`. */
  readonly #held: BucketChange[] = [];
  #wake: (() => void) | undefined;
  #delivered = 0;
  #snapshotEnded = false;
  #isPolling = false;
  #closed = false;
  #error: TuttiError | undefined;

  constructor(options: WatchOptions, source: WatchSource) {
    this.#source = source;
    this.#buffered = options.buffered ?? 256;
    this.#signal = options.signal;
    const { filter = ">", seldom, after } = options;
    this.#seldom = seldom === undefined ? undefined : this.#read([seldom], after, true);
    this.#live = this.#read(typeof filter === "string" ? [filter] : filter, after, false);
    this.#live.reader.grant(this.#buffered);
    this.#signal?.addEventListener("abort", this.close, { once: true });
    if (this.#signal?.aborted) this.close();
  }

  get opened(): Promise<StreamFacts> {
    return this.#live.reader.opened;
  }

  poll(): void {
    void this.#seldom?.reader.poll();
  }

  readonly close = (): void => {
    if (this.#closed) return;
    this.#closed = true;
    this.#signal?.removeEventListener("abort", this.close);
    this.#live.reader.close();
    this.#seldom?.reader.close();
    this.#wake?.();
  };

  async *[Symbol.asyncIterator](): AsyncGenerator<BucketChange, void, undefined> {
    try {
      for (;;) {
        if (this.#closed && this.#error === undefined) return;
        const change = this.#changes.shift();
        if (change !== undefined) {
          this.#replenish(change);
          yield change;
        } else if (this.#error !== undefined) {
          throw this.#error;
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } finally {
      this.close();
    }
  }

  #read(filters: readonly string[], after: number | undefined, polled: boolean): Reading {
    const reader = this.#source.read({
      subjects: filters.map((filter) => subjectOf(this.#source.bucket, filter)),
      from: after === undefined ? { kind: "last-of-each" } : { kind: "after", sequence: after },
      polled,
      onMessage: (message) => this.#receive(message, polled),
      onCaughtUp: () => void this.#caughtUp(reading),
      onFailed: (error) =>
        this.#fail(
          natsErrors.replaced.is(error) ? this.#revisionMissing("a bucket that was made again") : error,
        ),
    });
    const reading: Reading = { reader, safeFrom: after, timesCaughtUp: 0 };
    return reading;
  }

  #receive(message: Delivered, isSeldom: boolean): void {
    const { sequence: revision, timeMs: writtenMs, data: value, headers } = message;
    const key = keyOf(this.#source.bucket, message.subject);
    if (key === horizonKey) {
      this.#live.reader.grant(1);
      return;
    }
    const isDeleted =
      headers !== undefined && (headers.has("KV-Operation") || headers.has("Nats-Marker-Reason"));
    const change: BucketChange = isDeleted
      ? { kind: "delete", key, revision, writtenMs }
      : { kind: "put", key, value, revision, writtenMs };
    if (isSeldom) this.#push(change);
    else this.#pushAfterPoll(change);
  }

  /** After the start and each interruption: checks whether a deletion may have been removed meanwhile. */
  async #caughtUp(reading: Reading): Promise<void> {
    const time = ++reading.timesCaughtUp;
    const revision = reading.reader.last;
    try {
      const { safeFrom } = reading;
      if (safeFrom !== undefined && !(await this.#nothingCleared(reading, safeFrom, time))) return;
    } catch (error) {
      return this.#fail(error as TuttiError);
    }
    reading.safeFrom = revision;
    if (this.#snapshotEnded || reading !== this.#live) return;
    this.#snapshotEnded = true;
    this.#pushAfterPoll({ kind: "snapshot-end", revision });
  }

  /** Returns false if the next interruption came first: that one repeats the check. */
  async #nothingCleared(reading: Reading, after: number, time: number): Promise<boolean> {
    for (let failures = 1; !this.#closed && time === reading.timesCaughtUp; failures++) {
      try {
        const horizon = await this.#source.horizon();
        if (after >= horizon) return time === reading.timesCaughtUp;
        throw this.#revisionMissing(`that deletions up to revision ${horizon} were cleared away`, after);
      } catch (error) {
        if (!(error instanceof TuttiError && error.retryable)) throw error;
        await this.#source.pause(failures);
      }
    }
    return false;
  }

  #revisionMissing(known: string, after = this.#live.reader.last): TuttiError {
    return natsErrors.revisionGone({ bucket: this.#source.bucket, after, known });
  }

  /** Changes of `seldom` keys that were written before this change must be known first. */
  #pushAfterPoll(change: BucketChange): void {
    if (this.#seldom === undefined) this.#push(change);
    else {
      this.#held.push(change);
      if (!this.#isPolling) void this.#pollForHeld();
    }
  }

  async #pollForHeld(): Promise<void> {
    this.#isPolling = true;
    while (this.#held.length > 0 && !this.#closed) {
      const count = this.#held.length;
      await this.#seldom?.reader.poll();
      for (const change of this.#held.splice(0, count)) this.#push(change);
    }
    this.#isPolling = false;
  }

  #push(change: BucketChange): void {
    this.#changes.push(change);
    this.#wake?.();
  }

  /** Grants in halves of the buffer, not one by one. */
  #replenish(change: BucketChange): void {
    if (change.kind === "snapshot-end") return;
    this.#delivered++;
    if (this.#delivered * 2 < this.#buffered) return;
    this.#live.reader.grant(this.#delivered);
    this.#delivered = 0;
  }

  #fail(error: TuttiError): void {
    this.#error = error;
    this.close();
  }
}
