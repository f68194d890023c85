/**
 * The one lease of a process: a key that it alone writes and that it renews again and again.
 *
 * 1. Each renewal names the revision before, so a renewal and another's declaration that this process is gone exclude
 *    each other: whichever comes first makes the other fail.
 * 2. A process is declared gone only by one that has watched it unrenewed for a full lease time. So until a lease time
 *    after the moment *before* a renewal was sent that succeeded, no other process owns what this process owned. A
 *    margin allows for clocks that run unequally.
 * 3. A process that was declared gone comes back as another holder, which does not own the earlier partitions.
 * 4. While the store does not answer, attempts become rarer, with random pauses. One follows at once when the
 *    connection is restored: the rest of the lease may be shorter than such a pause.
 *
 * @guarantee A partition has one writer at a time. A process that lost its lease can no longer commit.
 */
import {
  backoffMs,
  type Chance,
  type Clock,
  errorFromUnknown,
  type Logger,
  sleep,
  type Timers,
} from "@tutti/kernel";
import { ownershipErrors } from "../errors.ts";
import type { OwnershipSettings } from "../settings.ts";
import type { OwnershipStore } from "../store/port.ts";
import { encodeHolder, type HolderEntry, holderKey, visiblePartOf } from "../table/entries.ts";

export interface LeaseParts {
  readonly store: OwnershipStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly chance: Chance;
  readonly logger: Logger;
  readonly settings: Pick<OwnershipSettings, "renewMs" | "leaseMs" | "marginMs" | "retryMaxMs">;
  /** Id of the process. The names of its holders start with it. */
  readonly process: string;
  /** The entry of the process in the store, read at each renewal. */
  readonly entry: () => HolderEntry;
  /** A renewal succeeded. */
  readonly renewed: (revision: number, value: Uint8Array) => void;
  /** The cluster knows of this process under its present name. */
  readonly entered: () => void;
  /** The process was declared gone: its previous holder no longer exists. */
  readonly ended: (holder: string) => void;
}

/** Period in which this process could write without a gap. */
export interface Writing {
  readonly sinceMs: number;
  readonly lastMs: number;
  /** Whether it could not write before. */
  readonly wasUnavailable: boolean;
}

interface Renewed {
  /** On both clocks, the moment before the renewal was sent. */
  readonly sentMs: number;
  readonly sentWallMs: number;
}

type Attempt = "renewed" | "again" | "failed";

export class Lease {
  readonly #parts: LeaseParts;
  #number = 1;
  /** Revision of the own key as last known. 0 if the key does not exist. */
  #revision = 0;
  /** Whether the key ever existed under this holder's name. */
  #entered = false;
  /** False while the outcome of a write is unknown. */
  #sure = true;
  #renewal: Renewed | undefined;
  /** The last written entry without its load. */
  #written = "";
  #writing: Writing | undefined;
  #wake: () => void = () => {};
  #soon = false;
  #failures = 0;

  constructor(parts: LeaseParts) {
    this.#parts = parts;
  }

  /** Name under which this process owns partitions. It changes after the process was declared gone. */
  get holder(): string {
    return `${this.#parts.process}-${this.#number}`;
  }

  /** Whether the cluster knows of this holder. */
  get entered(): boolean {
    return this.#entered;
  }

  get writing(): Writing | undefined {
    return this.#writing;
  }

  /** Time until which no other process can own this process's partitions, on the monotonic clock. */
  get validUntilMs(): number {
    if (this.#renewal === undefined) return Number.NEGATIVE_INFINITY;
    const { clock, settings } = this.#parts;
    const { sentMs, sentWallMs } = this.#renewal;
    const termMs = settings.leaseMs - settings.marginMs;
    // A machine that slept may not have counted that time on its monotonic clock. The wall clock has.
    if (Math.abs(clock.now() - sentWallMs - (clock.monotonic() - sentMs)) > settings.marginMs) {
      return Number.NEGATIVE_INFINITY;
    }
    return sentMs + termMs;
  }

  /** Renews now, because the entry of this process has changed. */
  renewSoon(): void {
    this.#soon = true;
    this.#wake();
  }

  /** Renews until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, settings } = this.#parts;
    while (!signal.aborted) {
      this.#soon = false;
      const startedMs = clock.monotonic();
      const outcome = await this.#attempt();
      if (outcome === "again") continue;
      if (outcome === "renewed") await this.#pause(startedMs + settings.renewMs - clock.monotonic(), signal);
      // A change of another process must not make this process hammer an unavailable store.
      else await this.#rest(signal);
    }
  }

  /** Gives up the lease, so that others need not wait for its end. */
  async release(): Promise<void> {
    const key = holderKey(this.holder);
    const stored = this.#sure ? undefined : await this.#inTime("reading", this.#parts.store.read(key));
    const revision = stored?.revision ?? this.#revision;
    this.#renewal = undefined;
    if (revision !== 0) await this.#inTime("end", this.#parts.store.remove(key, revision));
  }

  async #attempt(): Promise<Attempt> {
    try {
      if (!this.#sure) await this.#find();
      return await this.#renew();
    } catch (error) {
      this.#failed(error);
      return "failed";
    }
  }

  async #renew(): Promise<Attempt> {
    const { store, clock } = this.#parts;
    const renewal = { sentMs: clock.monotonic(), sentWallMs: clock.now() };
    const entry = this.#parts.entry();
    const value = encodeHolder(entry);
    const visiblePart = visiblePartOf(entry);
    this.#sure = false;
    const key = holderKey(this.holder);
    const writing =
      this.#revision !== 0 && visiblePart === this.#written
        ? store.renew(key, value, this.#revision)
        : store.change(key, value, this.#revision);
    const revision = await this.#inTime("renewal", writing);
    if (revision === undefined) return "again";
    this.#written = visiblePart;
    this.#sure = true;
    this.#revision = revision;
    this.#renewal = renewal;
    this.#succeeded(renewal.sentMs);
    this.#parts.renewed(revision, value);
    this.#enter();
    return "renewed";
  }

  /** Finds the state of the own key. */
  async #find(): Promise<void> {
    const stored = await this.#inTime("reading", this.#parts.store.read(holderKey(this.holder)));
    this.#sure = true;
    this.#revision = stored?.revision ?? 0;
    if (stored !== undefined) this.#enter();
    else if (this.#entered) this.#restart();
  }

  #enter(): void {
    if (this.#entered) return;
    this.#entered = true;
    this.#parts.entered();
  }

  #restart(): void {
    const { holder } = this;
    this.#number++;
    this.#entered = false;
    this.#renewal = undefined;
    this.#writing = undefined;
    this.#parts.logger.warn("process was declared lost, rejoining as a new holder", {
      holder,
      next: this.holder,
    });
    this.#parts.ended(holder);
  }

  #succeeded(sentMs: number): void {
    const before = this.#writing;
    const gapMaxMs = this.#parts.settings.leaseMs / 2;
    this.#writing =
      before !== undefined && sentMs - before.lastMs <= gapMaxMs
        ? { ...before, lastMs: sentMs }
        : { sinceMs: sentMs, lastMs: sentMs, wasUnavailable: before !== undefined || this.#failures > 0 };
    this.#failures = 0;
  }

  #failed(thrown: unknown): void {
    this.#failures++;
    this.#writing = undefined;
    const error = errorFromUnknown(thrown);
    if (this.#failures > 1) return;
    this.#parts.logger.warn("lease renewal failed, retrying", { error });
  }

  async #rest(signal: AbortSignal): Promise<void> {
    const { store, timers } = this.#parts;
    const reconnected = new AbortController();
    const stop = store.onReconnect(() => reconnected.abort());
    await sleep(timers, this.#backoffMs(), AbortSignal.any([signal, reconnected.signal])).catch(
      () => undefined,
    );
    stop();
  }

  #backoffMs(): number {
    const { settings, chance } = this.#parts;
    return backoffMs({ firstMs: settings.renewMs / 2, maxMs: settings.retryMaxMs }, this.#failures, chance);
  }

  /** An operation that takes too long counts as failed. Its outcome is determined before the next attempt. */
  #inTime<T>(operation: string, work: Promise<T>): Promise<T> {
    const { timers, settings } = this.#parts;
    const waitedMs = settings.leaseMs / 2;
    return new Promise((resolve, reject) => {
      const timer = timers.after(waitedMs, () =>
        reject(ownershipErrors.storeSilent({ operation: `${operation} of the lease`, waitedMs })),
      );
      work.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  #pause(delayMs: number, signal: AbortSignal): Promise<void> {
    if (this.#soon || signal.aborted || delayMs <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        timer.cancel();
        signal.removeEventListener("abort", done);
        this.#wake = () => {};
        resolve();
      };
      const timer = this.#parts.timers.after(delayMs, done);
      signal.addEventListener("abort", done, { once: true });
      this.#wake = done;
    });
  }
}
