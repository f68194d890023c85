/**
 * Which ends of attempts are sent: all of a new kind, and a sample of a frequent one. The estimates of a kind
 * hardly change after its first attempts, and any later sample shows a change.
 */

interface SampleLimits {
  /** Number of first samples, and the rate of further ones. */
  readonly burst: number;
  readonly perSec: number;
}

/** For one capability at one agent: every twenty seconds in the long run. */
const perKind: SampleLimits = { burst: 60, perSec: 1 / 20 };
/** For all ends of a process. */
const ofAll: SampleLimits = { burst: 1_000, perSec: 2 };
/** Number of remembered capabilities at agents. All others count as new. */
const kindsMax = 10_000;

interface Bucket {
  remaining: number;
  sinceMs: number;
}

export class Samples {
  readonly #buckets = new Map<string, Bucket>();
  readonly #all: Bucket;

  constructor(nowMs: number) {
    this.#all = { remaining: ofAll.burst, sinceMs: nowMs };
  }

  /** Returns whether an end of this kind is sent now. */
  admit(kind: string, nowMs: number): boolean {
    const own = this.#buckets.get(kind) ?? { remaining: perKind.burst, sinceMs: nowMs };
    this.#buckets.delete(kind);
    this.#buckets.set(kind, own);
    const [oldest] = this.#buckets.size > kindsMax ? this.#buckets.keys() : [];
    if (oldest !== undefined) this.#buckets.delete(oldest);
    fill(own, perKind, nowMs);
    fill(this.#all, ofAll, nowMs);
    if (own.remaining < 1 || this.#all.remaining < 1) return false;
    own.remaining--;
    this.#all.remaining--;
    return true;
  }
}

function fill(bucket: Bucket, { burst, perSec }: SampleLimits, nowMs: number): void {
  const passedMs = Math.max(0, nowMs - bucket.sinceMs);
  bucket.remaining = Math.min(burst, bucket.remaining + (passedMs * perSec) / 1_000);
  bucket.sinceMs = nowMs;
}
