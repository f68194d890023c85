/**
 * The background work on a data directory: expired content is removed, a slice at a time, and metrics are taken. None
 * of it is urgent: a failure is retried in the next round.
 */
import { statfs } from "node:fs/promises";
import type { Archive } from "@tutti/journal";
import type { Foundation, Timer } from "@tutti/kernel";
import type { PartitionStatus, Runtime } from "@tutti/runtime";
import type { StorageInstruments } from "./instruments.ts";

interface MaintainedService {
  readonly service: string;
  readonly runtime: Runtime;
  readonly archive: Archive;
}

export interface UpkeepParts {
  readonly foundation: Pick<Foundation, "clock" | "timers" | "logger">;
  readonly services: readonly MaintainedService[];
  readonly instruments: StorageInstruments;
  readonly directory: string;
  readonly purgeMs: number;
  /** Absent if the journal is elsewhere. */
  readonly journalBytes?: () => number;
}

/** Pause between two slices, for other work. */
const betweenSlicesMs = 5;
const figuresEveryMs = 5_000;
/** Within this time the archive has all decisions, including those that a new owner found in the journal. */
const steadyMs = 60_000;

export class Upkeep {
  readonly #parts: UpkeepParts;
  #purging: Timer | undefined;
  #counting: Timer | undefined;
  #isStopped = false;
  /** By service: its owned partitions, and since when they are unchanged. */
  readonly #steady = new Map<string, { readonly owned: string; readonly sinceMs: number }>();
  /** Free bytes on the disk. Undefined while unknown. */
  freeBytes: number | undefined;

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
  }

  start(): void {
    const { timers } = this.#parts.foundation;
    this.#purgeIn(this.#parts.purgeMs);
    this.#counting = timers.every(figuresEveryMs, () => void this.count());
    void this.count();
  }

  stop(): void {
    this.#isStopped = true;
    this.#purging?.cancel();
    this.#counting?.cancel();
  }

  /** Samples all metrics once. */
  async count(): Promise<void> {
    const { services, instruments, directory, foundation } = this.#parts;
    try {
      const bytes = this.#parts.journalBytes?.();
      if (bytes !== undefined) instruments.journalBytes.set(bytes);
      const { bavail, bsize } = await statfs(directory);
      this.freeBytes = bavail * bsize;
      instruments.freeBytes.set(this.freeBytes);
      for (const { service, runtime, archive } of services) {
        const { bytes } = await archive.figures();
        if (this.#isStopped) return;
        instruments.ofService(service).figures(runtime.partitionStatuses(), bytes);
      }
    } catch (error) {
      if (!this.#isStopped) foundation.logger.warn("failed to collect storage metrics", { error });
    }
  }

  #purgeIn(delayMs: number): void {
    if (this.#isStopped) return;
    this.#purging = this.#parts.foundation.timers.after(delayMs, () => void this.#purge());
  }

  /**
   * Returns the time up to which expired data is removed. Undefined for not now. An instance that was resumed just
   * before its expiry continues, and the archive learns that within moments. Nothing is removed while that may be
   * pending.
   */
  #dueUntil(service: string, statuses: readonly PartitionStatus[]): number | undefined {
    const nowMs = this.#parts.foundation.clock.now();
    const owned = statuses.map(({ partition, epoch, state }) => `${partition}.${epoch}.${state}`).join(" ");
    let steady = this.#steady.get(service);
    if (steady?.owned !== owned) {
      steady = { owned, sinceMs: nowMs };
      this.#steady.set(service, steady);
    }
    const isSteady = steady.sinceMs <= nowMs - steadyMs && statuses.every(({ state }) => state === "running");
    if (!isSteady) return undefined;
    return nowMs - steadyMs - statuses.reduce((most, { indexLagMs }) => Math.max(most, indexLagMs), 0);
  }

  async #purge(): Promise<void> {
    const { services, foundation, purgeMs } = this.#parts;
    let isMore = false;
    for (const { service, runtime, archive } of services) {
      if (this.#isStopped) return;
      const untilMs = this.#dueUntil(service, runtime.partitionStatuses());
      if (untilMs === undefined) continue;
      try {
        isMore = (await archive.purge(untilMs)) || isMore;
      } catch (error) {
        if (this.#isStopped) return;
        foundation.logger.warn("failed to remove expired data", { service, error });
      }
    }
    this.#purgeIn(isMore ? betweenSlicesMs : purgeMs);
  }
}

export function mebibytes(bytes: number): number {
  return Math.floor(bytes / 1_048_576);
}
