/**
 * The background work on a data directory: expired content is removed, a slice at a time, and metrics are taken. None
 * of it is urgent: a failure is retried in the next round.
 */
import { statfs } from "node:fs/promises";
import type { Archive } from "@tutti/journal";
import type { Foundation, Timer } from "@tutti/kernel";
import { PurgeHorizon, type Runtime } from "@tutti/runtime";
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
/** See `PurgeHorizon`. */
const steadyMs = 60_000;

export class Upkeep {
  readonly #parts: UpkeepParts;
  #purging: Timer | undefined;
  #counting: Timer | undefined;
  #isStopped = false;
  readonly #horizons = new Map<string, PurgeHorizon>();
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

  async #purge(): Promise<void> {
    const { services, foundation, purgeMs } = this.#parts;
    let isMore = false;
    for (const { service, runtime, archive } of services) {
      if (this.#isStopped) return;
      const horizon = this.#horizons.get(service) ?? new PurgeHorizon(steadyMs);
      this.#horizons.set(service, horizon);
      const untilMs = horizon.until(runtime.partitionStatuses(), foundation.clock.now());
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
