/**
 * Writes plans into the table. For each service one process plans at a time: the one that has been present longest. If
 * two processes plan for a moment, the table accepts each change from one of them only.
 */
import {
  backoffMs,
  type Chance,
  type Clock,
  errorFromUnknown,
  type Logger,
  type Timer,
  type Timers,
} from "@tutti/kernel";
import {
  type BehaviourLevels,
  beyond,
  commonLevels,
  joined,
  textOfLevels,
} from "../../behaviour/behaviours.ts";
import type { OwnershipSettings } from "../settings.ts";
import type { OwnershipStore } from "../store/port.ts";
import {
  behaviourKey,
  encodeBehaviour,
  encodePartition,
  type PartitionEntry,
  partitionKey,
} from "../table/entries.ts";
import type { Picture } from "../table/picture.ts";
import { type Move, type PlanView, plan } from "./plan.ts";
import { plannerOf, strandedOf, viewOf } from "./view.ts";

export interface PlannerParts {
  readonly store: OwnershipStore;
  readonly picture: Picture;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly chance: Chance;
  readonly logger: Logger;
  readonly settings: Pick<OwnershipSettings, "partitions" | "retryMaxMs" | "balance" | "behaviour">;
  /** The current holder of this process. Undefined while there is none. */
  readonly self: () => string | undefined;
  readonly services: () => readonly string[];
  readonly wrote: (key: string, value: Uint8Array, revision: number) => void;
  readonly moved: (service: string, move: Move) => void;
}

/** Changes within this time are planned for together. */
const gatherMs = 5;
const retryFirstMs = 100;

export class Planner {
  readonly #parts: PlannerParts;
  #timer: Timer | undefined;
  #round: Timer | undefined;
  #running = false;
  #mustRepeat = false;
  #failures = 0;
  #stopped = false;
  /** Moves that merely balance start in rounds. A partition without an owner gets one at once. */
  #roundIsDue = true;
  readonly #raising: Raising;

  constructor(parts: PlannerParts) {
    this.#parts = parts;
    this.#raising = new Raising(parts.settings.behaviour.raiseAfterMs);
  }

  start(): void {
    const { timers, settings } = this.#parts;
    this.#round = timers.every(settings.balance.roundMs, () => {
      this.#roundIsDue = true;
      // Runs in this turn: a timer would wake an idle process once more.
      if (this.#timer === undefined && !this.#running) void this.#run();
      else this.#mustRepeat = true;
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#round?.cancel();
    this.#timer?.cancel();
  }

  /** A change that the plan may depend on. */
  soon(): void {
    this.#after(gatherMs);
  }

  #after(delayMs: number): void {
    this.#mustRepeat = true;
    if (this.#timer !== undefined || this.#running || this.#stopped) return;
    this.#timer = this.#parts.timers.after(delayMs, () => {
      this.#timer = undefined;
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    this.#mustRepeat = false;
    try {
      await this.#planAll();
      this.#failures = 0;
    } catch (thrown) {
      this.#failures++;
      this.#mustRepeat = true;
      const error = errorFromUnknown(thrown);
      if (this.#failures === 1) this.#parts.logger.warn("failed to write the ownership plan", { error });
    }
    this.#running = false;
    if (this.#mustRepeat) this.#after(this.#pauseMs());
  }

  #pauseMs(): number {
    if (this.#failures === 0) return gatherMs;
    const { chance, settings } = this.#parts;
    return backoffMs({ firstMs: retryFirstMs, maxMs: settings.retryMaxMs }, this.#failures, chance);
  }

  async #planAll(): Promise<void> {
    const { picture, self, services } = this.#parts;
    if (!picture.complete) return;
    const isRound = this.#roundIsDue;
    this.#roundIsDue = false;
    for (const service of services()) {
      const holder = self();
      if (holder !== undefined && plannerOf(picture, service) === holder)
        await Promise.all([this.#planFor(service, isRound), this.#raise(service)]);
    }
  }

  async #raise(service: string): Promise<void> {
    const { picture, store, settings, clock, logger, wrote } = this.#parts;
    if (settings.behaviour.hold) return;
    const levels = this.#raising.due(picture, service, clock.monotonic());
    if (levels === undefined) return;
    const key = behaviourKey(service);
    const value = encodeBehaviour(levels);
    const written = await store.change(key, value, picture.allowed(service).revision);
    if (written === undefined) return;
    logger.info("activating newer behaviours: every process supports them", {
      service,
      behaviours: textOfLevels(levels),
    });
    wrote(key, value, written);
  }

  async #planFor(service: string, isRound: boolean): Promise<void> {
    const { picture, settings, clock } = this.#parts;
    const { balance } = settings;
    const view = viewOf(picture, service, settings.partitions, balance, clock.monotonic());
    const moves = plan(view, isRound ? balance : { ...balance, movesMax: 0 });
    const planned = new Set(moves.map(({ partition }) => partition));
    const stranded = strandedOf(picture, service).filter(({ partition }) => !planned.has(partition));
    await Promise.all([
      ...moves.map((move) => this.#writeMove(service, move, view)),
      // Returns it to its owner, unless the owner has released it already: then its hand-over comes first.
      ...stranded.map((entry) => this.#write(service, entry.partition, { ...entry, to: "", movedLoad: 0 })),
    ]);
  }

  async #writeMove(service: string, move: Move, view: PlanView): Promise<void> {
    const { picture } = this.#parts;
    const { partition, from, to, reason } = move;
    const known = picture.assignment(service, partition);
    const load = reason === "load" ? (view.partitions[partition]?.load ?? 0) : 0;
    const next: PartitionEntry =
      from === undefined
        ? {
            owner: to,
            address: picture.holder(to)?.address ?? "",
            epoch: (known?.epoch ?? 0) + 1,
            to: "",
            movedLoad: 0,
          }
        : { owner: from, address: known?.address ?? "", epoch: known?.epoch ?? 0, to, movedLoad: load };
    if (await this.#write(service, partition, next)) this.#parts.moved(service, move);
  }

  /** False if the entry has changed meanwhile: the watch reports the change, and the planner plans again. */
  async #write(service: string, partition: number, entry: PartitionEntry): Promise<boolean> {
    const { picture, store, wrote } = this.#parts;
    const { owner, address, epoch, to, movedLoad } = entry;
    const key = partitionKey(service, partition);
    const value = encodePartition({ owner, address, epoch, to, movedLoad });
    const revision = picture.assignment(service, partition)?.revision ?? 0;
    const written = await store.change(key, value, revision);
    if (written === undefined) return false;
    wrote(key, value, written);
    return true;
  }
}

interface Observed {
  /** Levels as text, for comparison. */
  readonly common: string;
  readonly sinceMs: number;
}

/**
 * Decides when newer behaviours may be activated: as soon as every process that may own partitions of a service has had
 * them for a while. So a process that restarts during an upgrade is waited for.
 */
class Raising {
  readonly #afterMs: number;
  readonly #observed = new Map<string, Observed>();

  constructor(afterMs: number) {
    this.#afterMs = afterMs;
  }

  /** Returns the behaviours to allow in a service from now on. Undefined if nothing changes. */
  due(picture: Picture, service: string, nowMs: number): BehaviourLevels | undefined {
    const holders = [...picture.holders].filter(({ loads }) => loads.has(service));
    const common = commonLevels(holders.map(({ behaviours }) => behaviours.get(service) ?? noLevels));
    const { levels } = picture.allowed(service);
    if (beyond(common, levels).size === 0) {
      this.#observed.delete(service);
      return;
    }
    const text = [...common].sort().join();
    const observed = this.#observed.get(service);
    if (observed?.common !== text) {
      this.#observed.set(service, { common: text, sinceMs: nowMs });
      return;
    }
    return nowMs - observed.sinceMs >= this.#afterMs ? joined(levels, common) : undefined;
  }
}

const noLevels: BehaviourLevels = new Map();
