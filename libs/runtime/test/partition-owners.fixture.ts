/**
 * Partition owners of many processes under one virtual time, with runtimes that only seal, read and write: enough to
 * check when a process may act. A process can be killed, or stopped as by SIGSTOP: then its timers and waits stop, and
 * time continues.
 */
import assert from "node:assert/strict";
import { type Clock, silentLogger, silentMetrics, type Timer, type Timers } from "@tutti/kernel";
import { seededChance, VirtualTime } from "@tutti/kernel/testing";
import type { LeaseTerm, PartitionStatus, RuntimeOfService } from "../src/api.ts";
import type { BehaviourLevels } from "../src/behaviour/behaviours.ts";
import {
  epochRoom,
  LeasedPartitionOwner,
  MemoryOwnershipStore,
  type OwnershipStore,
  ownershipSettings,
  SharedKeys,
  type StoreChange,
} from "../src/ownership/index.ts";

export const service = "bank";

/** Time of one process: its clock has a rate of its own, and its timers do not run while it is stopped. */
export class Life implements Timers, Clock {
  readonly #time: VirtualTime;
  readonly #rate: number;
  #stopped = false;
  #over = false;
  #waiting: (() => void)[] = [];

  constructor(time: VirtualTime, rate: number) {
    this.#time = time;
    this.#rate = rate;
  }

  now(): number {
    return this.#time.now();
  }

  monotonic(): number {
    return this.#time.monotonic() * this.#rate;
  }

  after(delayMs: number, callback: () => void): Timer {
    let cancelled = false;
    const timer = this.#time.after(delayMs / this.#rate, () => this.#run(() => !cancelled && callback()));
    return {
      cancel: () => {
        cancelled = true;
        timer.cancel();
      },
    };
  }

  every(periodMs: number, callback: () => void): Timer {
    let due = false;
    return this.#time.every(periodMs / this.#rate, () => {
      if (due) return;
      due = true;
      this.#run(() => {
        due = false;
        callback();
      });
    });
  }

  stop(): void {
    this.#stopped = true;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Stops the process for good. */
  halt(): void {
    this.#stopped = true;
    this.#over = true;
  }

  /** Lets it continue, also to clean up after the test. */
  resume(afterDeath = false): void {
    if (this.#over && !afterDeath) return;
    this.#stopped = false;
    for (const run of this.#waiting.splice(0)) run();
  }

  /** Resolves when the process runs. */
  async running(): Promise<void> {
    while (this.#stopped) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #run(callback: () => void): void {
    if (this.#stopped) this.#waiting.push(callback);
    else callback();
  }
}

/** The journals of all partitions: their last seals, and the number of writes. */
export class Journals {
  readonly #epochs = new Map<number, number>();
  readonly #written = new Map<number, number>();

  epoch(partition: number): number {
    return this.#epochs.get(partition) ?? 0;
  }

  /** Undefined if a process from a later range of epochs has sealed. */
  seal(partition: number, epoch: number): number | undefined {
    const sealed = Math.max(epoch, this.epoch(partition) + 1);
    if (sealed >= epoch + epochRoom) return undefined;
    this.#epochs.set(partition, sealed);
    return sealed;
  }

  append(partition: number, epoch: number): boolean {
    if (this.epoch(partition) !== epoch) return false;
    this.#written.set(partition, this.written(partition) + 1);
    return true;
  }

  written(partition: number): number {
    return this.#written.get(partition) ?? 0;
  }
}

/** A runtime that counts: its state is the number of writes to a partition. */
export class CountingRuntime implements RuntimeOfService {
  readonly service = service;
  readonly partitions: number;
  readonly loads = new Map<number, number>();
  readonly #parts: {
    readonly life: Pick<Timers, "after"> & Clock;
    readonly journals: Journals;
    readonly leaseTerm: LeaseTerm;
  };
  readonly #owned = new Map<number, { readonly epoch: number; count: number }>();
  /** Duration of sealing and loading. */
  ownMs = 20;
  /** Time until no work is in progress any more. */
  disownMs = 0;
  /** Preparation for an incoming partition, if there is any. */
  prepare: RuntimeOfService["prepare"];
  /** How often it was requested to start a partition. */
  starts = 0;
  /** Behaviours of its release. */
  behaviours: BehaviourLevels = new Map();
  /** How often it was notified that more behaviours may be activated. */
  raised = 0;

  constructor(
    partitions: number,
    parts: { life: Pick<Timers, "after"> & Clock; journals: Journals; leaseTerm: LeaseTerm },
  ) {
    this.partitions = partitions;
    this.#parts = parts;
  }

  raise(): void {
    this.raised++;
  }

  async own(partition: number, epoch: number): Promise<void> {
    const { life, journals, leaseTerm } = this.#parts;
    assert.ok(!this.#owned.has(partition), "a partition is started once");
    this.starts++;
    const sealed = journals.seal(partition, epoch);
    if (sealed === undefined) {
      leaseTerm.lost(partition);
      throw new Error("another process has sealed the journal");
    }
    await new Promise<void>((resolve) => life.after(this.ownMs, resolve));
    this.#owned.set(partition, { epoch: sealed, count: journals.written(partition) });
  }

  /** Work in progress becomes durable first. Until then it is answered. */
  async disown(partition: number): Promise<void> {
    const { life } = this.#parts;
    if (this.disownMs > 0) await new Promise<void>((resolve) => life.after(this.disownMs, resolve));
    this.#owned.delete(partition);
  }

  async indexed(): Promise<void> {}

  failedPartitions(): readonly number[] {
    return [];
  }

  indexLagMs(): number {
    return 0;
  }

  partitionStatuses(): readonly PartitionStatus[] {
    return [...this.#owned].map(([partition, { epoch }]) => ({
      ...{
        partition,
        state: "running",
        epoch,
        head: 0,
        loaded: 0,
        live: 0,
        quarantined: 0,
        inbox: 0,
        isPaused: false,
      },
      ...{
        nextDueMs: undefined,
        indexLagMs: 0,
        headHash: new Uint8Array(0),
        first: 1,
        load: this.loads.get(partition) ?? 0,
      },
    })) as readonly PartitionStatus[];
  }

  owns(partition: number): boolean {
    return this.#owned.has(partition);
  }

  /** Returns whether the write became durable. A refusal by the journal is reported to the partition owner. */
  write(partition: number): boolean {
    const { journals, leaseTerm } = this.#parts;
    const owned = this.#owned.get(partition);
    if (owned === undefined) return false;
    if (!journals.append(partition, owned.epoch)) {
      leaseTerm.lost(partition);
      return false;
    }
    owned.count++;
    return true;
  }

  /** Returns the answer from memory. Undefined if it would have to ask the journal first. */
  read(partition: number): number | undefined {
    const { leaseTerm, life } = this.#parts;
    const owned = this.#owned.get(partition);
    return owned !== undefined && life.monotonic() < leaseTerm.validUntilMs(partition)
      ? owned.count
      : undefined;
  }

  partitionOf(): number {
    throw new Error("not asked here");
  }
  submit(): void {
    throw new Error("not asked here");
  }
  execute(): never {
    throw new Error("not asked here");
  }
  query(): never {
    throw new Error("not asked here");
  }
  receive(): never {
    throw new Error("not asked here");
  }
}

/** The store as seen by a process that may be stopped. */
class LivedStore implements OwnershipStore {
  readonly view: MemoryOwnershipStore;
  readonly #life: Life;

  constructor(keys: SharedKeys, life: Life, time: VirtualTime) {
    // Messages under way continue even if the process does not.
    this.view = new MemoryOwnershipStore(keys, time);
    this.#life = life;
  }

  read(key: string) {
    return this.#lived(() => this.view.read(key));
  }
  change(key: string, value: Uint8Array, revision: number) {
    return this.#lived(() => this.view.change(key, value, revision));
  }
  renew(key: string, value: Uint8Array, revision: number) {
    return this.#lived(() => this.view.renew(key, value, revision));
  }
  refresh() {
    this.view.refresh();
  }
  remove(key: string, revision: number) {
    return this.#lived(() => this.view.remove(key, revision));
  }
  onReconnect(listener: () => void) {
    return this.view.onReconnect(listener);
  }
  tidy() {
    return this.view.tidy();
  }

  async *watch(signal: AbortSignal): AsyncGenerator<StoreChange, void> {
    for await (const change of this.view.watch(signal)) {
      await this.#life.running();
      yield change;
    }
  }

  async #lived<T>(work: () => Promise<T>): Promise<T> {
    await this.#life.running();
    try {
      return await work();
    } finally {
      await this.#life.running();
    }
  }
}

export interface TestProcess {
  readonly name: string;
  readonly life: Life;
  readonly store: MemoryOwnershipStore;
  readonly partitionOwner: LeasedPartitionOwner;
  readonly runtime: CountingRuntime;
}

export interface ClusterOptions {
  readonly partitions?: number;
  readonly seed?: number;
  /** Maximum difference of the clock rates, as a share. Default: 0. */
  readonly drift?: number;
  /** Duration of the preparation for an incoming partition. Default: no preparation. */
  readonly prepareMs?: number;
  /** Newer behaviours are not activated. */
  readonly holdsBehaviour?: boolean;
}

export const raiseAfterMs = 5_000;

export class Cluster {
  readonly time = new VirtualTime();
  readonly keys = new SharedKeys();
  readonly journals = new Journals();
  readonly partitions: number;
  readonly #processes: TestProcess[] = [];
  readonly #dead = new Set<TestProcess>();
  readonly #seed: number;
  readonly #drift: number;
  readonly #prepareMs: number | undefined;
  readonly #holdsBehaviour: boolean;
  #names = 0;

  constructor({
    partitions = 4,
    seed = 1,
    drift = 0,
    prepareMs,
    holdsBehaviour = false,
  }: ClusterOptions = {}) {
    this.partitions = partitions;
    this.#seed = seed;
    this.#drift = drift;
    this.#prepareMs = prepareMs;
    this.#holdsBehaviour = holdsBehaviour;
  }

  get alive(): readonly TestProcess[] {
    return this.#processes.filter((process) => !this.#dead.has(process));
  }

  /** Starts another process and waits until it is in the table. */
  async join(behaviour = 1): Promise<TestProcess> {
    const process = this.open(behaviour);
    await this.time.settle(process.partitionOwner.start({ signal: new AbortController().signal }));
    return process;
  }

  /** Two processes that share evenly: `bbaa`. */
  async pair(): Promise<readonly [TestProcess, TestProcess]> {
    const a = await this.join();
    await this.until(() => !this.owners().includes("."));
    const b = await this.join();
    const half = this.partitions / 2;
    await this.until(() => this.owners() === "b".repeat(half) + "a".repeat(half));
    return [a, b];
  }

  /** @param behaviour behaviour of the process's release */
  open(behaviour = 1): TestProcess {
    const name = `proc_${String.fromCharCode(97 + this.#names++)}`;
    const chance = seededChance(this.#seed * 100 + this.#names);
    const life = new Life(this.time, 1 + (chance.random() - 0.5) * this.#drift);
    const store = new LivedStore(this.keys, life, this.time);
    const partitionOwner = new LeasedPartitionOwner({
      store,
      foundation: {
        ...{ clock: life, timers: life, chance },
        logger: silentLogger,
        metrics: silentMetrics,
      },
      settings: ownershipSettings({
        ...{ kind: "leased", partitions: this.partitions },
        behaviour: { raiseAfterMs, hold: this.#holdsBehaviour },
      }),
      process: name,
      address: () => `${name}:1`,
    });
    const leaseTerm = partitionOwner.leaseTermOf(service);
    const { journals, partitions } = this;
    const runtime = new CountingRuntime(partitions, { life, journals, leaseTerm });
    const prepareMs = this.#prepareMs;
    if (prepareMs !== undefined) {
      runtime.prepare = () => new Promise<void>((resolve) => void life.after(prepareMs, resolve));
    }
    if (behaviour > 1) runtime.behaviours = new Map([["account", behaviour]]);
    partitionOwner.host(runtime);
    const process = { name, life, store: store.view, partitionOwner, runtime };
    this.#processes.push(process);
    return process;
  }

  /** As by SIGKILL. */
  kill(process: TestProcess): void {
    process.life.halt();
    this.#dead.add(process);
  }

  async shutDown(process: TestProcess): Promise<void> {
    await this.time.settle(process.partitionOwner.drain(new AbortController().signal));
    await this.time.settle(process.partitionOwner.stop());
    this.#dead.add(process);
  }

  /** Returns the owner of each partition: `aabb`. `.` for none, `!` for more than one. */
  owners(): string {
    return Array.from({ length: this.partitions }, (_, partition) => {
      const owning = this.alive.filter(({ partitionOwner }) => partitionOwner.owns(service, partition));
      if (owning.length > 1) return "!";
      return owning[0]?.name.at(-1) ?? ".";
    }).join("");
  }

  /** Moves time until the condition holds, and returns how long that took. */
  async until(condition: () => boolean, withinMs = 60_000): Promise<number> {
    const sinceMs = this.time.monotonic();
    while (!condition()) {
      if (this.time.monotonic() - sinceMs > withinMs) {
        assert.fail(`expected it within ${withinMs} ms, got ${this.owners()}`);
      }
      await this.time.advanceAsync(5);
    }
    return this.time.monotonic() - sinceMs;
  }

  async close(): Promise<void> {
    for (const process of this.#processes) process.life.resume(true);
    for (const process of this.#processes) {
      process.store.faults.failing = "no";
      await this.time.settle(process.partitionOwner.stop());
    }
  }
}
