/**
 * Removes unused blobs in rounds, a slice at a time.
 *
 * 1. A round starts by recording the time up to which each partition of this process has mentioned the blobs of its
 *    records. Only blobs are removed that were put at least `keepMs` before the earliest of these times, over all
 *    partitions of all processes. So a service that is unavailable for long keeps everything that its last records may
 *    name.
 * 2. The process that owns a partition releases the mentions of its removed instances. No other process can decide
 *    that.
 */
import { type BlobMention, type Blobs, sweepSlices } from "@tutti/journal";
import { type Component, type Foundation, type InstanceKey, sleep } from "@tutti/kernel";
import type { Runtime } from "@tutti/runtime";
import type { BlobSettings } from "../storage/settings.ts";

/** The part of a runtime that the sweeper needs. */
export type MentioningRuntime = Pick<
  Runtime,
  "service" | "namesBlobs" | "partitionStatuses" | "mentioned" | "checkExistence"
>;

export interface SweeperParts {
  /** Called once the process has started. */
  readonly blobs: () => Blobs;
  readonly runtimes: () => readonly MentioningRuntime[];
  readonly settings: Pick<BlobSettings, "keepMs" | "sweepMs">;
  readonly foundation: Pick<Foundation, "clock" | "timers" | "logger">;
}

/** The first round records all times soon after the start. */
const firstMs = 1_000;
/** Pause between two slices, for other work. A round takes at most a quarter of the time until the next. */
const betweenSlicesMs = 20;

export class BlobSweeper implements Component {
  readonly #parts: SweeperParts;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(parts: SweeperParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** The store is closed after this, so work in progress ends first. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Sweeps everything once. Resolves with the number of removed blobs. */
  async sweep(): Promise<number> {
    const { foundation, settings } = this.#parts;
    const blobs = this.#parts.blobs();
    await this.#recordThrough(blobs);
    const nowMs = foundation.clock.now();
    const { throughMs = nowMs, ...away } = (await blobs.through()) ?? {};
    if (throughMs < nowMs - settings.keepMs)
      foundation.logger.warn("blob sweep postponed: a partition that may refer to blobs is unavailable", {
        ...away,
        since: new Date(throughMs).toISOString(),
      });
    const options = {
      beforeMs: Math.min(throughMs, nowMs) - settings.keepMs,
      isReferenced: (mentions: readonly BlobMention[]) => this.#areReferenced(mentions),
    };
    const pauseMs = Math.min(betweenSlicesMs, settings.sweepMs / (4 * sweepSlices));
    let removed = 0;
    for (let slice = 0; slice < sweepSlices && !this.#stopping.signal.aborted; slice++) {
      removed += await blobs.sweep(slice, options);
      if (pauseMs >= 1) await this.#pause(pauseMs);
    }
    return removed;
  }

  async #run(): Promise<void> {
    const { foundation, settings } = this.#parts;
    const { signal } = this.#stopping;
    await this.#pause(Math.min(firstMs, settings.sweepMs));
    while (!signal.aborted) {
      try {
        const removed = await this.sweep();
        if (removed > 0) foundation.logger.info("removed unreferenced blobs", { removed });
      } catch (error) {
        if (!signal.aborted) foundation.logger.warn("blob sweep failed, retrying later", { error });
      }
      await this.#pause(settings.sweepMs);
    }
  }

  async #recordThrough(blobs: Blobs): Promise<void> {
    const { runtimes, foundation } = this.#parts;
    for (const runtime of runtimes()) {
      if (!runtime.namesBlobs) continue;
      for (const { partition, state } of runtime.partitionStatuses()) {
        if (this.#stopping.signal.aborted) return;
        // Before the mentions are read: later blobs may not be mentioned yet.
        const throughMs = foundation.clock.now();
        if (state !== "running" || !(await runtime.mentioned(partition))) continue;
        await blobs.recordThrough({ service: runtime.service, partition }, throughMs);
      }
    }
  }

  async #areReferenced(mentions: readonly BlobMention[]): Promise<readonly boolean[]> {
    const referenced = mentions.map(() => true);
    const places = Map.groupBy(mentions.keys(), (index) => {
      const { service = "", partition = 0 } = mentions[index] ?? {};
      return `${service}/${partition}`;
    });
    for (const indexes of places.values()) {
      const [first = 0] = indexes;
      const { service, partition } = mentions[first] as BlobMention;
      const runtime = this.#parts.runtimes().find((candidate) => candidate.service === service);
      const keys = indexes.map((index): InstanceKey => mentions[index] as BlobMention);
      const answers = await runtime?.checkExistence(partition, keys);
      for (const [place, index] of indexes.entries()) referenced[index] = answers?.[place] ?? true;
    }
    return referenced;
  }

  #pause(ms: number): Promise<void> {
    return sleep(this.#parts.foundation.timers, ms, this.#stopping.signal).catch(() => undefined);
  }
}
