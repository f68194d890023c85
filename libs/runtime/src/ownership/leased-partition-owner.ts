/**
 * The partition owner of a process in a cluster.
 *
 * 1. The table of owners is changed by compare-and-set only: if two processes make the same change, one of them
 *    succeeds.
 * 2. The owner of a partition releases it before the table names another owner, unless its lease is over: then it stops
 *    answering from memory by its own clock, and the journal's seal refuses its writes.
 * 3. An owner continues while the store is unavailable. No process takes over in that time, nor before each process had
 *    a full lease time to renew.
 */
import {
  assert,
  backoffMs,
  type Component,
  type ComponentContext,
  degraded,
  errorFromUnknown,
  type Foundation,
  type Health,
  healthy,
  notOwner,
  type Owner,
  sleep,
  type Timer,
} from "@tutti/kernel";
import type { LeaseTerm, PartitionsOfService } from "../api.ts";
import { type BehaviourLevels, beyond, textOfLevels } from "../behaviour/behaviours.ts";
import { ownershipErrors } from "./errors.ts";
import { Holdings } from "./holding/holdings.ts";
import { overdue, silentFrom } from "./lease/judgement.ts";
import { Lease } from "./lease/lease.ts";
import type { AdmissionRequest, Ownership, PartitionOwner } from "./partition-owner.ts";
import { Planner } from "./planning/planner.ts";
import type { OwnershipSettings } from "./settings.ts";
import type { OwnershipStore, StoreChange } from "./store/port.ts";
import { ChangeNotifier } from "./table/change-notifier.ts";
import {
  decodeInstallation,
  encodeInstallation,
  type HolderEntry,
  holderKey,
  installationKey,
  partitionKey,
} from "./table/entries.ts";
import { type Holder, Picture, type PictureChange } from "./table/picture.ts";

export interface LeasedPartitionOwnerParts {
  readonly store: OwnershipStore;
  readonly foundation: Pick<Foundation, "clock" | "timers" | "chance" | "logger" | "metrics">;
  readonly settings: OwnershipSettings;
  /** Id of this process, a new one after each start. */
  readonly process: string;
  /** Address under which other processes call this process. Read once it is known. */
  readonly address: () => string;
}

const retryFirstMs = 100;
const tidyMs = 3_600_000;
/** Pause after an error that only a person can repair. */
const rewatchMs = 10_000;
const noLevels: BehaviourLevels = new Map();
/** Name of the notifier for every change. */
const anything = "*";

export class LeasedPartitionOwner implements PartitionOwner, Component {
  readonly partitions: number;
  readonly #parts: LeasedPartitionOwnerParts;
  readonly #picture = new Picture();
  readonly #lease: Lease;
  readonly #holdings: Holdings;
  readonly #planner: Planner;
  readonly #changes = new ChangeNotifier();
  readonly #listeners = new Set<(service: string, partition: number) => void>();
  readonly #declaring = new Set<string>();
  readonly #stopping = new AbortController();
  #tidying: Timer | undefined;
  #judging: Timer | undefined;
  #refreshTimer: Timer | undefined;
  #loops: Promise<unknown> = Promise.resolve();
  #judgeFailures = 0;
  #judgeAfterMs = Number.NEGATIVE_INFINITY;
  #leaving = false;

  constructor(parts: LeasedPartitionOwnerParts) {
    this.#parts = parts;
    const { store, settings, process, foundation } = parts;
    const { clock, timers, chance, logger, metrics } = foundation;
    this.partitions = settings.partitions;
    const moves = metrics.counter({
      name: "tutti_ownership_moves_total",
      help: "Partitions that this process moved to another owner, by reason.",
      labels: ["service", "reason"],
    });
    const common = { store, picture: this.#picture, clock, timers, chance, logger };
    const wrote = (key: string, value: Uint8Array, revision: number) =>
      this.#apply({ kind: "put", key, value, revision });
    this.#lease = new Lease({
      ...common,
      settings,
      process,
      entry: () => this.#entry(),
      renewed: (revision, value) => {
        wrote(holderKey(this.#lease.holder), value, revision);
        store.refresh();
      },
      // Partitions may have been assigned to this process before the store confirmed its entry.
      entered: () => this.#refreshAll(),
      ended: (holder) => this.#removeHolder(holder),
    });
    this.#holdings = new Holdings({
      ...common,
      lease: this.#lease,
      retryMaxMs: settings.retryMaxMs,
      prepareMs: settings.prepareMs,
      wrote,
      prepared: () => this.#lease.renewSoon(),
      changed: (service, partition) => this.#notify(service, partition),
    });
    this.#planner = new Planner({
      ...common,
      settings,
      self: () => (this.#lease.entered ? this.#lease.holder : undefined),
      services: () => this.#holdings.services,
      wrote,
      moved: (service, { partition, from, to, reason }) => {
        moves.with({ service, reason }).add();
        logger.info("partition owner changed", { service, partition, from, to, reason });
      },
    });
  }

  leaseTermOf(service: string): LeaseTerm {
    return {
      validUntilMs: (partition) =>
        this.#holdings.owns(service, partition) ? this.#lease.validUntilMs : Number.NEGATIVE_INFINITY,
      lost: (partition) => this.#holdings.lost(service, partition),
    };
  }

  behavioursAllowed(service: string): BehaviourLevels {
    return this.#picture.allowed(service).levels;
  }

  host(runtime: PartitionsOfService): void {
    const { service, partitions } = runtime;
    assert(partitions === this.partitions, "a service has as many partitions as the installation", {
      service,
      partitions,
      installation: this.partitions,
    });
    this.#holdings.host(runtime);
    const { metrics } = this.#parts.foundation;
    metrics
      .gauge({
        name: "tutti_ownership_partitions",
        help: "Partitions that this process owns.",
        labels: ["service"],
      })
      .observe({ service }, () => runtime.partitionStatuses().length);
  }

  /** Resolves when the table is known and this process is in it. Its partitions come after that. */
  async start({ signal }: Pick<ComponentContext, "signal">): Promise<void> {
    const stopping = this.#stopping.signal;
    await this.#install(AbortSignal.any([signal, stopping]));
    const { store, settings } = this.#parts;
    const { timers } = this.#parts.foundation;
    const loops = [this.#watch(stopping)];
    // A process that hosts nothing only needs to know the owners.
    const isHosting = this.#holdings.services.length > 0;
    if (!isHosting) this.#refreshTimer = timers.every(settings.balance.roundMs, () => store.refresh());
    else {
      loops.push(this.#lease.run(stopping));
      this.#tidying = timers.every(tidyMs, () => this.#parts.store.tidy().catch(() => undefined));
      this.#judge();
      this.#planner.start();
    }
    this.#loops = Promise.all(loops);
    try {
      while (!this.#picture.complete || this.#lease.entered !== isHosting) {
        await this.#changes.wait(anything, signal);
      }
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Hands over all partitions to the processes that accept them. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#leaving = true;
    this.#lease.renewSoon();
    while (this.#holdings.count > 0 && !signal.aborted) {
      for (const service of this.#holdings.services) {
        if (!this.#hasOtherHost(service)) this.#holdings.empty(service);
      }
      await this.#changes.wait(anything, signal).catch(() => undefined);
    }
  }

  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    this.#planner.stop();
    this.#tidying?.cancel();
    this.#judging?.cancel();
    this.#refreshTimer?.cancel();
    this.#changes.notifyAll();
    await this.#loops;
    await this.#holdings.stop();
    // If this fails, the others wait until the lease is over.
    await this.#lease.release().catch(() => undefined);
  }

  health(): Health {
    const details = { holder: this.#lease.holder, owned: this.#holdings.count };
    const isHosting = this.#holdings.services.length > 0;
    if (isHosting && this.#lease.writing === undefined)
      return degraded(
        "the lease of this process is not renewed: the ownership store does not answer",
        details,
      );
    const [older] = this.#tooOldFor();
    return older === undefined ? { ...healthy, details } : degraded(older, details);
  }

  /** Returns a text for each service whose partitions this process can no longer read. */
  #tooOldFor(): readonly string[] {
    return this.#holdings.services.flatMap((service) => {
      const newer = beyond(
        this.behavioursAllowed(service),
        this.#holdings.runtime(service)?.behaviours ?? noLevels,
      );
      if (newer.size === 0) return [];
      return [
        `partitions of ${service} go to processes of a newer release: what is in force (${textOfLevels(newer)}) is newer than this one. Run that release here too`,
      ];
    });
  }

  owns(service: string, partition: number): boolean {
    return this.#holdings.owns(service, partition);
  }

  admit(service: string, partition: number, request: AdmissionRequest): Promise<void> | undefined {
    return this.#holdings.owns(service, partition) ? undefined : this.#admitted(service, partition, request);
  }

  ownerOf(service: string, partition: number): Owner | undefined {
    const owner = this.#ownerOf(service, partition);
    return owner?.instance === this.#lease.holder ? { ...owner, address: "" } : owner;
  }

  epochOf(service: string, partition: number): number {
    return this.#picture.assignment(service, partition)?.epoch ?? 0;
  }

  *ownerships(): Generator<Ownership> {
    for (const service of this.#picture.services) {
      for (const { partition } of this.#picture.assignments(service)) {
        yield { service, partition, owner: this.#ownerOf(service, partition) };
      }
    }
  }

  onOwner(listener: (service: string, partition: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #ownerOf(service: string, partition: number): Owner | undefined {
    const entry = this.#picture.assignment(service, partition);
    if (entry === undefined || this.#picture.holder(entry.owner) === undefined) return undefined;
    return { instance: entry.owner, address: entry.address, epoch: entry.epoch };
  }

  async #admitted(service: string, partition: number, request: AdmissionRequest): Promise<void> {
    while (!this.#holdings.owns(service, partition)) {
      const owner = this.#ownerOf(service, partition);
      const place = `${service}/partition/${partition}`;
      if (this.#stopping.signal.aborted) throw notOwner(place, owner);
      if (!this.#isAwaited(service, partition, request.epoch)) throw notOwner(place, owner);
      await this.#changes.wait(partitionKey(service, partition), request.signal);
    }
  }

  /**
   * Returns whether the partition may be on its way to this process, or leaves this process for an unknown receiver.
   */
  #isAwaited(service: string, partition: number, epoch: number): boolean {
    const entry = this.#picture.assignment(service, partition);
    // The caller knows of a change of owner that this process has not seen yet.
    if (entry === undefined || epoch > entry.epoch) return true;
    const self = this.#lease.holder;
    if (entry.owner === self || entry.to === self) return true;
    // Its owner is gone: naming it would send the caller to a dead process.
    return this.#picture.holder(entry.owner) === undefined;
  }

  #entry(): HolderEntry {
    return { address: this.#parts.address(), leaving: this.#leaving, ...this.#holdings.publicState() };
  }

  #hasOtherHost(service: string): boolean {
    return [...this.#picture.holders].some(
      (holder) => holder.id !== this.#lease.holder && this.#picture.accepts(holder, service),
    );
  }

  /** Checks that this cluster was created with the number of partitions that this process expects. */
  async #install(signal: AbortSignal): Promise<void> {
    const { store, settings } = this.#parts;
    await this.#persist("the ownership store does not answer, trying again", signal, async () => {
      const value = encodeInstallation({ partitions: settings.partitions });
      const created = await store.change(installationKey, value, 0);
      const found = created === undefined ? await store.read(installationKey) : undefined;
      if (found === undefined) return;
      const { partitions } = decodeInstallation(installationKey, found.value);
      if (partitions !== settings.partitions) {
        throw ownershipErrors.partitionsDiffer({ configured: settings.partitions, found: partitions });
      }
    });
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { timers, logger } = this.#parts.foundation;
    while (!signal.aborted) {
      try {
        await this.#persist("the ownership table sends no more changes, retrying", signal, async () => {
          this.#picture.restart();
          for await (const change of this.#parts.store.watch(signal)) this.#apply(change);
        });
      } catch (thrown) {
        if (signal.aborted) return;
        logger.error("failed to watch the ownership table", { error: errorFromUnknown(thrown) });
        await sleep(timers, rewatchMs, signal).catch(() => undefined);
      }
    }
  }

  /** Retries work that may succeed by itself, with growing pauses. */
  async #persist(complaint: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const { timers, chance, logger } = this.#parts.foundation;
    const backoff = { firstMs: retryFirstMs, maxMs: this.#parts.settings.retryMaxMs };
    for (let failures = 1; ; failures++) {
      signal.throwIfAborted();
      try {
        return await work();
      } catch (thrown) {
        const error = errorFromUnknown(thrown);
        if (!error.retryable && error.status !== "OUT_OF_RANGE") throw error;
        if (failures === 1) logger.warn(complaint, { error });
        await sleep(timers, backoffMs(backoff, failures, chance), signal);
      }
    }
  }

  #apply(change: StoreChange): void {
    const { clock, logger } = this.#parts.foundation;
    try {
      for (const update of this.#picture.apply(change, clock.monotonic())) this.#pictureChanged(update);
    } catch (error) {
      // One key that cannot be read must not hide the others.
      logger.error("failed to read an entry of the ownership table", { error: errorFromUnknown(error) });
    }
    if (change.kind === "caught-up") this.#refreshAll();
  }

  #refreshAll(): void {
    this.#holdings.reconcileAll();
    this.#changes.notifyAll();
    this.#planner.soon();
  }

  #pictureChanged(update: PictureChange): void {
    if (update.kind === "prepared") {
      // Matters only to processes that hand something to it.
      this.#readyFor(update.holder);
      this.#holdings.nextTurn();
      return;
    }
    if (update.kind === "behaviour") this.#holdings.runtime(update.service)?.raise?.();
    else if (update.kind === "partition") {
      this.#holdings.reconcile(update.service, update.partition);
      this.#notify(update.service, update.partition);
    } else {
      this.#aboutHolder(update.holder);
    }
    this.#holdings.nextTurn();
    this.#planner.soon();
  }

  #readyFor(holder: string): void {
    for (const service of this.#picture.services) {
      for (const { partition, to } of this.#picture.assignments(service)) {
        if (to === holder) this.#holdings.reconcile(service, partition);
      }
    }
  }

  /** A process came or went: the state of its partitions, present and future, has changed. */
  #aboutHolder(holder: string): void {
    for (const service of this.#picture.services) {
      for (const { partition, owner, to } of this.#picture.assignments(service)) {
        if (owner !== holder && to !== holder) continue;
        this.#holdings.reconcile(service, partition);
        this.#notify(service, partition);
      }
    }
    this.#changes.notify(anything);
  }

  /** The holder that this process was no longer exists, and neither does its ownership. */
  #removeHolder(holder: string): void {
    const revision = Number.MAX_SAFE_INTEGER;
    this.#apply({ kind: "removed", key: holderKey(holder), revision });
    this.#holdings.reconcileAll();
  }

  #notify(service: string, partition: number): void {
    this.#changes.notify(partitionKey(service, partition));
    this.#changes.notify(anything);
    for (const listener of this.#listeners) listener(service, partition);
  }

  /** Declares processes gone that were silent for a lease time, and schedules the next check. */
  #judge(): void {
    const { clock, timers } = this.#parts.foundation;
    const { renewMs, leaseMs, retryMaxMs } = this.#parts.settings;
    const nowMs = clock.monotonic();
    const { holder: self, writing, entered } = this.#lease;
    const holders = [...this.#picture.holders];
    if (nowMs >= this.#judgeAfterMs && entered)
      for (const holder of overdue(holders, { self, writing, leaseMs, retryMaxMs, nowMs }))
        if (!this.#declaring.has(holder.id)) void this.#expireHolder(holder);
    const silentMs = silentFrom(holders, { self, leaseMs, nowMs }) - nowMs;
    this.#judging = timers.after(Math.max(renewMs / 6, silentMs), () => this.#judge());
  }

  async #expireHolder({ id, revision }: Holder): Promise<void> {
    const { clock, chance, logger } = this.#parts.foundation;
    this.#declaring.add(id);
    try {
      // Refused if it has renewed meanwhile or another process was faster. The watch reports both.
      if (await this.#parts.store.remove(holderKey(id), revision)) {
        logger.warn("process lost: lease not renewed, reassigning its partitions", { holder: id });
        this.#apply({ kind: "removed", key: holderKey(id), revision });
      }
      this.#judgeFailures = 0;
    } catch {
      this.#judgeFailures++;
      const backoff = { firstMs: retryFirstMs, maxMs: this.#parts.settings.retryMaxMs };
      this.#judgeAfterMs = clock.monotonic() + backoffMs(backoff, this.#judgeFailures, chance);
    } finally {
      this.#declaring.delete(id);
    }
  }
}
