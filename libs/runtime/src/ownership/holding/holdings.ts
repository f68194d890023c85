/**
 * The partitions that this process owns, reconciled with the table one by one.
 *
 * 1. A partition is started only under an epoch that the table gives to this holder, and ended before the table names
 *    another owner. In a planned move both processes know at every moment which of them may act.
 * 2. Partitions of a holder that this process no longer is are not held from that moment on, however long it takes to
 *    end them.
 * 3. The table is checked again after every wait.
 * 4. The receiver of a partition updates its copy of the archive and then reports ready. The owner continues until
 *    then, or until a time limit, and then releases the partition.
 * 5. Leaving partitions take turns: a few at a time.
 * 6. A failed step is retried with growing pauses, as long as the table requires it.
 */
import {
  backoffMs,
  type Chance,
  type Clock,
  errorFromUnknown,
  type Logger,
  type Timers,
} from "@tutti/kernel";
import type { PartitionsOfService } from "../../api.ts";
import type { BehaviourLevels } from "../../behaviour/behaviours.ts";
import { journalEpochOf } from "../epochs.ts";
import type { OwnershipStore } from "../store/port.ts";
import { encodePartition, type HolderEntry, type PartitionEntry, partitionKey } from "../table/entries.ts";
import type { Assignment, Picture } from "../table/picture.ts";
import { Turns } from "./turns.ts";

/** The part of the process's lease that the holdings need. */
interface HolderName {
  readonly holder: string;
  readonly entered: boolean;
}

export interface HoldingsParts {
  readonly store: OwnershipStore;
  readonly picture: Picture;
  readonly lease: HolderName;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly chance: Chance;
  readonly logger: Logger;
  readonly retryMaxMs: number;
  /** Maximum time an owner waits for the receiver of a partition. */
  readonly prepareMs: number;
  /** This process is ready for an incoming partition, or runs one: other processes need to know. */
  readonly prepared: () => void;
  /** Applies an own write, as if the watch had reported it already. */
  readonly wrote: (key: string, value: Uint8Array, revision: number) => void;
  /** This process starts or stops to hold a partition. */
  readonly changed: (service: string, partition: number) => void;
}

/** The next step for a partition, according to the table. */
type NextStep =
  | { readonly kind: "nothing" }
  | { readonly kind: "own"; readonly epoch: number }
  /**
   * Another process has sealed the journal although the table names this process. A new epoch makes it the owner again.
   */
  | { readonly kind: "raise"; readonly entry: Assignment }
  | { readonly kind: "hand-over"; readonly entry: Assignment }
  /** The partition will move here. Its owner waits until this process is ready. */
  | { readonly kind: "prepare"; readonly epoch: number }
  | { readonly kind: "disown" };

interface Cell {
  readonly service: string;
  readonly partition: number;
  /** Whether the runtime was requested to own it, and not yet to release it. */
  isStarted: boolean;
  /** Whether it answers. */
  isServing: boolean;
  /** The holder that this process was when it started to hold it. A later holder of this process does not have it. */
  holder: string;
  /** The last epoch under which it was held. */
  epoch: number;
  /** The epoch under which the journal refused it. */
  lostEpoch: number;
  /** The epoch of the previous owner whose partition this process is ready for. 0 for none. */
  preparedEpoch: number;
  failures: number;
  running: boolean;
  /** True if something has changed since the last check. */
  poked: boolean;
  wake: () => void;
}

/** First pause after a failure. */
const retryFirstMs = 50;
/** A partition that was held for this long is not contested. */
const uncontestedMs = 10_000;

export class Holdings {
  readonly #parts: HoldingsParts;
  readonly #runtimes = new Map<string, PartitionsOfService>();
  readonly #cells = new Map<string, Cell>();
  #stopped = false;
  /** Services whose partitions are left without an owner, because no other process accepts them. */
  readonly #emptied = new Set<string>();
  readonly #turns: Turns;
  readonly #inLine = new Set<Cell>();

  constructor(parts: HoldingsParts) {
    this.#parts = parts;
    const { picture, clock, timers } = parts;
    this.#turns = new Turns({ picture, clock, timers, over: () => this.nextTurn() });
  }

  get services(): readonly string[] {
    return [...this.#runtimes.keys()];
  }

  host(runtime: PartitionsOfService): void {
    this.#runtimes.set(runtime.service, runtime);
  }

  runtime(service: string): PartitionsOfService | undefined {
    return this.#runtimes.get(service);
  }

  owns(service: string, partition: number): boolean {
    const cell = this.#cells.get(partitionKey(service, partition));
    return cell?.isServing === true && cell.holder === this.#parts.lease.holder;
  }

  /** Number of partitions that the runtimes were requested to own. */
  get count(): number {
    return [...this.#cells.values()].filter(({ isStarted }) => isStarted).length;
  }

  /** The parts that other processes see. */
  publicState(): Pick<HolderEntry, "loads" | "prepared" | "behaviours"> {
    const ready = [...this.#cells].filter(([, cell]) => cell.preparedEpoch > 0 && this.#isIncoming(cell));
    return {
      loads: this.#loads(),
      prepared: new Set(ready.map(([key]) => key)),
      behaviours: this.#behaviours(),
    };
  }

  /** Returns the load of each partition that is held, by service. */
  #loads(): ReadonlyMap<string, ReadonlyMap<number, number>> {
    const loads = new Map<string, ReadonlyMap<number, number>>();
    for (const [service, runtime] of this.#runtimes) {
      const owned = runtime.partitionStatuses().filter(({ partition }) => this.owns(service, partition));
      loads.set(service, new Map(owned.map(({ partition, load }) => [partition, load])));
    }
    return loads;
  }

  #behaviours(): HolderEntry["behaviours"] {
    const behaviours = new Map<string, BehaviourLevels>();
    for (const [service, { behaviours: levels }] of this.#runtimes)
      if (levels !== undefined && levels.size > 0) behaviours.set(service, levels);
    return behaviours;
  }

  /** Checks whether a partition needs a step. */
  reconcile(service: string, partition: number): void {
    if (!this.#runtimes.has(service)) return;
    const cell = this.#cellOf(service, partition);
    cell.poked = true;
    cell.wake();
    if (!cell.running) void this.#runSteps(cell);
  }

  reconcileAll(): void {
    for (const [service, runtime] of this.#runtimes) {
      for (let partition = 0; partition < runtime.partitions; partition++) this.reconcile(service, partition);
    }
  }

  /** Wakes partitions that wait for their turn to leave. */
  nextTurn(): void {
    for (const cell of [...this.#inLine]) cell.wake();
  }

  /** The journal refused a write of this process, because another process has sealed it. */
  lost(service: string, partition: number): void {
    const cell = this.#cellOf(service, partition);
    if (!cell.isStarted) return;
    cell.lostEpoch = cell.epoch;
    this.#setServing(cell, false);
    this.reconcile(service, partition);
  }

  /**
   * From now on the service's partitions are left without an owner: this process leaves, and no other one is present.
   */
  empty(service: string): void {
    if (this.#emptied.has(service)) return;
    this.#emptied.add(service);
    this.reconcileAll();
  }

  /** Releases the rest without writing to the table. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#turns.stop();
    const started = [...this.#cells.values()].filter((cell) => cell.isStarted);
    for (const cell of this.#cells.values()) cell.wake();
    await Promise.all(started.map((cell) => this.#disown(cell).catch((error) => this.#report(cell, error))));
  }

  #cellOf(service: string, partition: number): Cell {
    const key = partitionKey(service, partition);
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      cell = {
        service,
        partition,
        isStarted: false,
        isServing: false,
        holder: "",
        epoch: 0,
        lostEpoch: 0,
        preparedEpoch: 0,
        failures: 0,
        running: false,
        poked: false,
        wake: () => {},
      };
      this.#cells.set(key, cell);
    }
    return cell;
  }

  #nextStep(cell: Cell): NextStep {
    const { picture, lease } = this.#parts;
    const entry = picture.assignment(cell.service, cell.partition);
    const mine = entry !== undefined && lease.entered && entry.owner === lease.holder;
    if (!mine && cell.isStarted) return { kind: "disown" };
    if (!mine) {
      const isNew = entry !== undefined && cell.preparedEpoch !== entry.epoch;
      return isNew && this.#isIncoming(cell) ? { kind: "prepare", epoch: entry.epoch } : { kind: "nothing" };
    }
    if (entry.to !== "" || this.#emptied.has(cell.service)) return { kind: "hand-over", entry };
    if (cell.lostEpoch === entry.epoch) return { kind: "raise", entry };
    const isOwned = cell.isServing && cell.holder === lease.holder && cell.epoch === entry.epoch;
    if (isOwned) return { kind: "nothing" };
    return { kind: "own", epoch: entry.epoch };
  }

  /** Returns whether its owner is to hand it to this process. */
  #isIncoming({ service, partition }: Cell): boolean {
    const { picture, lease } = this.#parts;
    const entry = picture.assignment(service, partition);
    return lease.entered && entry?.to === lease.holder && entry.owner !== lease.holder;
  }

  async #runSteps(cell: Cell): Promise<void> {
    cell.running = true;
    while (!this.#stopped) {
      cell.poked = false;
      const next = this.#nextStep(cell);
      if (next.kind === "nothing") break;
      try {
        await this.#perform(cell, next);
        // A partition that was owned only briefly must not be retaken at once, over and over.
        if (next.kind !== "raise") cell.failures = 0;
      } catch (error) {
        this.#report(cell, error);
        await this.#pause(cell);
      }
    }
    cell.running = false;
  }

  async #perform(cell: Cell, next: Exclude<NextStep, { kind: "nothing" }>): Promise<void> {
    switch (next.kind) {
      case "own":
        return await this.#own(cell, next.epoch);
      case "disown":
        return await this.#disown(cell);
      case "raise":
        return await this.#raise(cell, next.entry);
      case "hand-over":
        return await this.#handOver(cell, next.entry);
      case "prepare":
        return await this.#prepare(cell, next.epoch);
    }
  }

  async #own(cell: Cell, epoch: number): Promise<void> {
    const runtime = this.#runtimeOf(cell);
    // A table that was lost and recreated counts its epochs from the beginning.
    await this.#disown(cell);
    const sinceMs = this.#parts.clock.monotonic();
    cell.isStarted = true;
    cell.epoch = epoch;
    cell.holder = this.#parts.lease.holder;
    const owning = runtime.own(cell.partition, journalEpochOf(epoch));
    let settled = false;
    const outcome = owning.then(
      () => ({ error: undefined }),
      (error: unknown) => ({ error }),
    );
    void outcome.then(() => {
      settled = true;
      cell.wake();
    });
    for (;;) {
      await this.#waitUntil(cell, () => settled || this.#unwanted(cell, epoch));
      if (settled) break;
      // A journal that does not respond must not keep a partition from the owner in the table.
      await runtime.disown(cell.partition);
      await outcome;
      cell.isStarted = false;
      return;
    }
    const { error } = await outcome;
    if (error !== undefined) throw error;
    if (this.#unwanted(cell, epoch)) return;
    this.#setServing(cell, true);
    this.#parts.prepared();
    this.#logDone("a partition is owned here", cell, sinceMs);
  }

  #unwanted(cell: Cell, epoch: number): boolean {
    if (this.#stopped) return true;
    const next = this.#nextStep(cell);
    return next.kind !== "own" || next.epoch !== epoch;
  }

  async #disown(cell: Cell): Promise<void> {
    if (!cell.isStarted) return;
    await this.#runtimeOf(cell).disown(cell.partition);
    cell.isStarted = false;
    this.#setServing(cell, false);
  }

  async #raise(cell: Cell, { service, partition }: Assignment): Promise<void> {
    await this.#disown(cell);
    // The table may already contain the owner that sealed it.
    const stored = await this.#parts.store.read(partitionKey(service, partition));
    if (stored !== undefined) {
      this.#parts.wrote(partitionKey(service, partition), stored.value, stored.revision);
    }
    const next = this.#nextStep(cell);
    if (next.kind !== "raise") return;
    const sinceMs = this.#parts.clock.monotonic() - next.entry.sinceMs;
    cell.failures = sinceMs > uncontestedMs ? 0 : cell.failures + 1;
    if (cell.failures > 1) await this.#pause(cell);
    const { owner, address, epoch, to, movedLoad } = next.entry;
    // A recreated table counts from the beginning, far behind the journals. It catches up in a few steps.
    const nextEpoch = epoch + 2 ** Math.max(0, cell.failures - 1);
    await this.#write(next.entry, { owner, address, epoch: nextEpoch, to, movedLoad });
  }

  /** Failures are ignored: without a copy, loading only takes longer. */
  async #prepare(cell: Cell, epoch: number): Promise<void> {
    const sinceMs = this.#parts.clock.monotonic();
    let isOver = false;
    const preparing = this.#runtimeOf(cell).prepare?.(cell.partition) ?? Promise.resolve();
    preparing
      .catch((error: unknown) => this.#report(cell, error))
      .finally(() => {
        isOver = true;
        cell.wake();
      });
    await this.#waitUntil(cell, () => isOver || !this.#isIncoming(cell));
    if (!isOver || !this.#isIncoming(cell)) return;
    cell.preparedEpoch = epoch;
    this.#parts.prepared();
    this.#logDone("a partition that is to come is prepared for", cell, sinceMs);
  }

  /** Resolves when the receiver is ready or takes too long. Undefined if the partition stays. */
  async #waitForReceiver(cell: Cell, assignment: Assignment): Promise<Assignment | undefined> {
    const { picture, timers, prepareMs } = this.#parts;
    const key = partitionKey(cell.service, cell.partition);
    const pending = () => this.#pendingHandOver(cell, assignment);
    const isReady = (): boolean => {
      const receiver = picture.holder(assignment.to);
      // If the receiver is gone, the planner plans again: until then the partition stays and keeps its owner.
      return receiver?.leaving === true || receiver?.prepared.has(key) === true;
    };
    let isOver = false;
    const timer = timers.after(prepareMs, () => {
      isOver = true;
      cell.wake();
    });
    await this.#waitUntil(cell, () => isOver || pending() === undefined || isReady());
    timer.cancel();
    return pending();
  }

  /** Undefined if the partition stays or goes to another receiver. */
  #pendingHandOver(cell: Cell, { to, epoch }: Assignment): Assignment | undefined {
    const next = this.#nextStep(cell);
    const isSame = next.kind === "hand-over" && next.entry.to === to && next.entry.epoch === epoch;
    return isSame ? next.entry : undefined;
  }

  /** Resolves when the partition may go. Undefined if it stays. */
  async #inTurn(cell: Cell, assignment: Assignment): Promise<Assignment | undefined> {
    const { partitions } = this.#runtimeOf(cell);
    const pending = () => this.#pendingHandOver(cell, assignment);
    this.#inLine.add(cell);
    await this.#waitUntil(
      cell,
      () => pending() === undefined || this.#turns.tryAcquire(cell, assignment, partitions),
    );
    this.#inLine.delete(cell);
    return pending();
  }

  async #handOver(cell: Cell, assignment: Assignment): Promise<void> {
    const isAwaited = assignment.to !== "" && this.#runtimeOf(cell).prepare !== undefined;
    const ready = isAwaited ? await this.#waitForReceiver(cell, assignment) : assignment;
    // A partition without a receiver loads no other process.
    const entry = ready === undefined || assignment.to === "" ? ready : await this.#inTurn(cell, ready);
    if (entry === undefined || this.#stopped) return;
    const sinceMs = this.#parts.clock.monotonic();
    await this.#disown(cell);
    const { picture } = this.#parts;
    const receiver = picture.holder(entry.to);
    const accepts = receiver !== undefined && picture.accepts(receiver, entry.service);
    await this.#write(entry, {
      owner: accepts ? receiver.id : "",
      address: accepts ? receiver.address : "",
      epoch: entry.epoch + 1,
      to: "",
      movedLoad: accepts ? entry.movedLoad : 0,
    });
    this.#logDone("a partition is handed over", cell, sinceMs);
  }

  /** Changes the table. If the entry has changed meanwhile, it is only read again. */
  async #write({ service, partition, revision }: Assignment, next: PartitionEntry): Promise<void> {
    const { store, wrote } = this.#parts;
    const key = partitionKey(service, partition);
    const value = encodePartition(next);
    const written = await store.change(key, value, revision);
    if (written !== undefined) return wrote(key, value, written);
    const stored = await store.read(key);
    if (stored !== undefined) wrote(key, stored.value, stored.revision);
  }

  #setServing(cell: Cell, isServing: boolean): void {
    if (cell.isServing === isServing) return;
    cell.isServing = isServing;
    this.#parts.changed(cell.service, cell.partition);
  }

  #runtimeOf({ service }: Cell): PartitionsOfService {
    const runtime = this.#runtimes.get(service);
    if (runtime === undefined) throw new Error(`no runtime of ${service} is hosted here`);
    return runtime;
  }

  #logDone(message: string, { service, partition, epoch }: Cell, sinceMs: number): void {
    const tookMs = Math.round(this.#parts.clock.monotonic() - sinceMs);
    this.#parts.logger.info(message, { service, partition, epoch, tookMs });
  }

  #report({ service, partition, epoch, failures }: Cell, thrown: unknown): void {
    if (failures > 0) return;
    const error = errorFromUnknown(thrown);
    this.#parts.logger.warn("failed to apply the ownership table to a partition, retrying", {
      service,
      partition,
      epoch,
      error,
    });
  }

  /** Ends early when the table has changed. */
  async #pause(cell: Cell): Promise<void> {
    cell.failures++;
    const { chance, timers, retryMaxMs } = this.#parts;
    let over = cell.poked;
    const delayMs = backoffMs({ firstMs: retryFirstMs, maxMs: retryMaxMs }, cell.failures, chance);
    const timer = timers.after(delayMs, () => {
      over = true;
      cell.wake();
    });
    await this.#waitUntil(cell, () => over || cell.poked);
    timer.cancel();
  }

  /** Resolves as soon as the condition holds. The condition is checked at every wake. */
  #waitUntil(cell: Cell, condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!condition() && !this.#stopped) return;
        cell.wake = () => {};
        resolve();
      };
      cell.wake = check;
      check();
    });
  }
}
