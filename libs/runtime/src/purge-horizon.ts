/**
 * Decides up to which time expired data of a service may be removed from its archive.
 *
 * An instance that was resumed just before its expiry continues, and the archive learns that within moments. Nothing is
 * removed while that may be pending: it would leave a hole in the history of the instance.
 */
import type { PartitionStatus } from "./api.ts";

export class PurgeHorizon {
  readonly #steadyMs: number;
  #owned: string | undefined;
  /** Since when the owned partitions are unchanged. */
  #sinceMs = 0;

  /** @param steadyMs within this time the archive has all decisions, including those that a new owner found in the journal */
  constructor(steadyMs: number) {
    this.#steadyMs = steadyMs;
  }

  /** Returns the time up to which expired data is removed. Undefined for not now. */
  until(statuses: readonly PartitionStatus[], nowMs: number): number | undefined {
    const owned = statuses.map(({ partition, epoch, state }) => `${partition}.${epoch}.${state}`).join(" ");
    if (this.#owned !== owned) {
      this.#owned = owned;
      this.#sinceMs = nowMs;
    }
    const steadyMs = this.#steadyMs;
    const isSteady = this.#sinceMs <= nowMs - steadyMs && statuses.every(({ state }) => state === "running");
    if (!isSteady) return undefined;
    return nowMs - steadyMs - statuses.reduce((most, { indexLagMs }) => Math.max(most, indexLagMs), 0);
  }
}
