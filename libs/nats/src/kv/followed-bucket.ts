/**
 * Follows a bucket of NATS for ever.
 *
 * 1. If a change may have been missed, the whole content is listed again, starting with `started`.
 * 2. A deleted bucket is recreated, and `started` reports that it is another one.
 * 3. A change that cannot be applied is left out and reported: one bad entry must not hide all the others.
 */
import { errorFromUnknown, type Foundation } from "@tutti/kernel";
import type { NatsConnection } from "../connection/nats-connection.ts";
import { type Bucket, type BucketOptions, openBucket } from "./bucket.ts";
import type { BucketChange } from "./watch.ts";

export interface FollowedBucketOptions {
  readonly connection: NatsConnection;
  readonly foundation: Foundation;
  readonly bucket: BucketOptions;
  /** The error for users of the bucket before it exists. */
  readonly loading: () => Error;
  /** @param created creation time of the bucket, by the server's clock: it distinguishes buckets of one name */
  readonly started: (created: string) => void;
  readonly changed: (change: BucketChange) => void;
}

export class FollowedBucket {
  readonly #options: FollowedBucketOptions;
  readonly #stopping = new AbortController();
  #bucket: Bucket | undefined;
  #following: Promise<void> | undefined;
  #problem = "";
  #failures = 0;

  constructor(options: FollowedBucketOptions) {
    this.#options = options;
  }

  /** The error that prevents following. Empty if there is none. */
  get problem(): string {
    return this.#problem;
  }

  get bucket(): Bucket {
    if (this.#bucket === undefined) throw this.#options.loading();
    return this.#bucket;
  }

  /** Resolves when the bucket exists. Its content is listed afterwards. */
  async start(signal: AbortSignal): Promise<void> {
    const { connection, bucket } = this.#options;
    this.#bucket = await openBucket(connection, bucket, signal);
    this.#following = this.#follow(this.#bucket);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#following;
  }

  async #follow(bucket: Bucket): Promise<void> {
    const { connection, foundation } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#followOnce(bucket, signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#failures++;
        this.#problem = `the bucket ${bucket.name} cannot be followed: ${errorFromUnknown(error).message}`;
        foundation.logger.warn("failed to watch a bucket, retrying", { bucket: bucket.name, error });
        await connection.pause(this.#failures, signal);
        // If it still cannot be opened, the next attempt to follow it reports the reason.
        await openBucket(connection, this.#options.bucket, signal).catch(() => {});
      }
    }
  }

  async #followOnce(bucket: Bucket, signal: AbortSignal): Promise<void> {
    const watch = bucket.watch({ signal });
    const { created } = await watch.opened;
    this.#options.started(created);
    for await (const change of watch) {
      this.#apply(change);
      if (change.kind !== "snapshot-end") continue;
      this.#problem = "";
      this.#failures = 0;
    }
  }

  #apply(change: BucketChange): void {
    try {
      this.#options.changed(change);
    } catch (error) {
      const { bucket, foundation } = this.#options;
      const location = change.kind === "snapshot-end" ? {} : { key: change.key };
      foundation.logger.error("skipped an invalid bucket entry, delete it", {
        bucket: bucket.name,
        ...location,
        error,
      });
    }
  }
}
