/**
 * A watch on a bucket, as a stream of changes that its reader takes at its own pace: at most `buffered` are fetched
 * ahead.
 */
import { TuttiError } from "@tutti/kernel";
import { natsErrors } from "../errors.ts";
import type { Delivered } from "../streams/delivered.ts";
import type { OrderedReader, OrderedReaderOptions, StreamFacts } from "../streams/ordered-reader.ts";
import { horizonKey, keyOf, subjectOf } from "./keys.ts";

export interface WatchOptions {
  /** Keys to watch: `*` stands for one segment, `>` for all that follow. Default `>`. */
  readonly filter?: string;
  /** Resume: only changes after this revision, instead of a snapshot. */
  readonly after?: number;
  /** Ends the watch. */
  readonly signal?: AbortSignal;
  /** How many changes are fetched ahead. Default 256. */
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
  /** All former content, or all changes since the given revision, has been delivered. Comes once. */
  | { readonly kind: "snapshot-end"; readonly revision: number };

export interface Watch extends AsyncIterable<BucketChange> {
  /**
   * Resolves when every change from now on will be delivered, with the identity of the bucket among those of its
   * name.
   */
  readonly opened: Promise<Pick<StreamFacts, "created">>;
  close(): void;
}

/** What a watch needs of its bucket. */
export interface WatchSource {
  readonly bucket: string;
  /** Deletions up to this revision may have been cleared away. */
  readonly horizon: () => Promise<number>;
  /** Waits after so many failures in a row. */
  readonly pause: (failures: number) => Promise<void>;
  readonly read: (
    handlers: Pick<OrderedReaderOptions, "subjects" | "from" | "onMessage" | "onCaughtUp" | "onFailed">,
  ) => OrderedReader;
}

export function watchBucket(options: WatchOptions, source: WatchSource): Watch {
  return new BucketWatch(options, source);
}

class BucketWatch implements Watch {
  readonly #source: WatchSource;
  readonly #reader: OrderedReader;
  readonly #buffered: number;
  readonly #signal: AbortSignal | undefined;
  readonly #changes: BucketChange[] = [];
  /** From which on deletions must not have been cleared away unseen. */
  #safeFrom: number | undefined;
  #wake: (() => void) | undefined;
  #taken = 0;
  #timesCaughtUp = 0;
  #snapshotEnded = false;
  #closed = false;
  #error: TuttiError | undefined;

  constructor(options: WatchOptions, source: WatchSource) {
    this.#source = source;
    this.#buffered = options.buffered ?? 256;
    this.#signal = options.signal;
    this.#safeFrom = options.after;
    const filter = options.filter ?? ">";
    this.#reader = source.read({
      subjects: [subjectOf(source.bucket, filter)],
      from:
        options.after === undefined ? { kind: "last-of-each" } : { kind: "after", sequence: options.after },
      onMessage: (message) => this.#take(message),
      onCaughtUp: () => void this.#caughtUp(),
      onFailed: (error) =>
        this.#fail(
          natsErrors.replaced.is(error) ? this.#revisionGone("a bucket that was made again") : error,
        ),
    });
    this.#reader.grant(this.#buffered);
    this.#signal?.addEventListener("abort", this.close, { once: true });
    if (this.#signal?.aborted) this.close();
  }

  get opened(): Promise<StreamFacts> {
    return this.#reader.opened;
  }

  readonly close = (): void => {
    if (this.#closed) return;
    this.#closed = true;
    this.#signal?.removeEventListener("abort", this.close);
    this.#reader.close();
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

  #take(message: Delivered): void {
    const { sequence: revision, timeMs: writtenMs, data: value, headers } = message;
    const key = keyOf(this.#source.bucket, message.subject);
    if (key === horizonKey) {
      this.#reader.grant(1);
      return;
    }
    const gone = headers !== undefined && (headers.has("KV-Operation") || headers.has("Nats-Marker-Reason"));
    this.#push(
      gone ? { kind: "delete", key, revision, writtenMs } : { kind: "put", key, value, revision, writtenMs },
    );
  }

  /** After a beginning and after each interruption: whether a deletion may have been cleared away meanwhile. */
  async #caughtUp(): Promise<void> {
    const time = ++this.#timesCaughtUp;
    const revision = this.#reader.last;
    try {
      if (this.#safeFrom !== undefined && !(await this.#nothingCleared(this.#safeFrom, time))) return;
    } catch (error) {
      return this.#fail(error as TuttiError);
    }
    this.#safeFrom = revision;
    if (this.#snapshotEnded) return;
    this.#snapshotEnded = true;
    this.#push({ kind: "snapshot-end", revision });
  }

  /** False where this question was overtaken by the next interruption, which asks it again. */
  async #nothingCleared(after: number, time: number): Promise<boolean> {
    for (let failures = 1; !this.#closed && time === this.#timesCaughtUp; failures++) {
      try {
        const horizon = await this.#source.horizon();
        if (after >= horizon) return time === this.#timesCaughtUp;
        throw this.#revisionGone(`that deletions up to revision ${horizon} were cleared away`, after);
      } catch (error) {
        if (!(error instanceof TuttiError && error.retryable)) throw error;
        await this.#source.pause(failures);
      }
    }
    return false;
  }

  #revisionGone(known: string, after = this.#reader.last): TuttiError {
    return natsErrors.revisionGone({ bucket: this.#source.bucket, after, known });
  }

  #push(change: BucketChange): void {
    this.#changes.push(change);
    this.#wake?.();
  }

  /** Grants in halves of the buffer, not one by one. */
  #replenish(change: BucketChange): void {
    if (change.kind === "snapshot-end") return;
    this.#taken++;
    if (this.#taken * 2 < this.#buffered) return;
    this.#reader.grant(this.#taken);
    this.#taken = 0;
  }

  #fail(error: TuttiError): void {
    this.#error = error;
    this.close();
  }
}
