/**
 * Keeps the directory correct: applies the steps of the store, writes the requests of instances, and removes
 * those with an expired lease.
 *
 * 1. A change is applied here before its caller gets the reply, so that the next request of the caller sees
 *    it.
 * 2. A registry that may have missed renewals, or was suspended itself, declares no instance dead.
 * 3. An instance whose process broke off its stream is not responding if no heartbeat follows within a
 *    moment. A living instance renews at once. Its next renewal states its health.
 */

import {
  HealthState,
  type Instance,
  type Position,
  RemovalCause,
  type Renewal,
  type RenewReply,
} from "@tutti/contracts/registry/v1";
import { healthOf } from "@tutti/host/serving";
import {
  type Component,
  type ComponentContext,
  type Foundation,
  type Health,
  type Logger,
  type Timer,
  toTimestamp,
} from "@tutti/kernel";
import type { RegistrySettings } from "../configuration.ts";
import { Directory } from "../directory/directory.ts";
import type { Moment, Registration, Removal, Step } from "../directory/entry.ts";
import { renewAfterMs } from "../directory/renewal-time.ts";
import { registryErrors } from "../errors.ts";
import { ChangeNotifier } from "./change-notifier.ts";
import type { InstanceChange } from "./instance-events.ts";
import type { RegistrarInstruments } from "./instruments.ts";
import type { History, Store, StoreListener } from "./store.ts";

export interface RegistrarOptions {
  readonly store: Store;
  readonly settings: RegistrySettings;
  readonly foundation: Foundation;
  readonly instruments: RegistrarInstruments;
  /** Called for every change that this registry made itself. Must not wait or throw. */
  readonly announce: (change: InstanceChange) => void;
}

/** A sweep that is later than this share of a lease was delayed: by a suspended or busy process. */
const delayedShare = 1 / 3;

/** Time for a heartbeat of a process after its stream broke off. */
const silentMs = 2_000;
const notResponding = {
  state: HealthState.HEALTH_STATE_NOT_READY,
  reason: "It does not respond: its connection closed, and no heartbeat followed.",
};

export class Registrar implements Component, StoreListener {
  /** Rung when watchers may find changes. */
  readonly changes: ChangeNotifier;
  readonly #options: RegistrarOptions;
  #directory: Directory | undefined;
  #loading: Directory | undefined;
  #fresh = new Set<string>();
  #freshFigures: readonly string[] = [];
  #figuresRound = 0;
  #timers: Timer[] = [];
  #completeFromMs = 0;
  #isCutOff = false;
  #sweptAtMs = 0;
  #sweeping = false;
  #logger: Logger;

  constructor(options: RegistrarOptions) {
    this.#options = options;
    this.#logger = options.foundation.logger;
    this.changes = new ChangeNotifier(options.foundation.timers, options.settings.batchMs);
  }

  async start({ signal, logger }: ComponentContext): Promise<void> {
    const { store, settings, foundation } = this.#options;
    this.#logger = logger;
    await store.start(this, signal);
    this.#sweptAtMs = this.#moment().monotonicMs;
    this.#timers = [
      foundation.timers.every(settings.sweepMs, () => void this.#sweep()),
      foundation.timers.every(settings.watchIntervalMs, () => this.#turnFigures()),
    ];
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
    this.changes.close();
    await this.#options.store.stop();
  }

  health(): Health {
    return this.#options.store.health();
  }

  get directory(): Directory {
    if (this.#directory === undefined) throw registryErrors.loading();
    return this.#directory;
  }

  get position(): Position {
    return this.directory.position;
  }

  /** Whether a missing instance has left. */
  get complete(): boolean {
    return this.#options.foundation.clock.monotonic() >= this.#completeFromMs;
  }

  /** Instances with new numbers since the previous round, and the number of the round. */
  get freshFigures(): { readonly round: number; readonly ids: readonly string[] } {
    return { round: this.#figuresRound, ids: this.#freshFigures };
  }

  async register(
    instance: Instance,
    requestedLeaseMs: number,
  ): Promise<{ position: Position; leaseMs: number }> {
    const { settings, foundation, store } = this.#options;
    const leaseMs = Math.max(requestedLeaseMs || settings.leaseMs, settings.leaseMinMs);
    for (;;) {
      const known = this.directory.get(instance.id);
      const registerTime = known?.registerTime ?? toTimestamp(foundation.clock.now());
      // A report of the instance itself does not close its breaker.
      const openBreaker = known?.openBreaker ?? "";
      const registration: Registration = {
        instance: { ...instance, registerTime, openBreaker, revision: 0 },
        leaseMs,
      };
      const position =
        known === undefined
          ? await store.put(registration)
          : await store.replace(registration, known.revision);
      // Repeated, if its breaker may have been opened in between.
      if (position === undefined) continue;
      this.#announce({ revision: position.revision, put: registration }, instance, known);
      return { position, leaseMs };
    }
  }

  /** Sets the open breaker of an instance. Empty closes it. */
  async setBreaker(instanceId: string, openBreaker: string): Promise<Instance> {
    if (this.directory.get(instanceId) === undefined) await this.#options.store.caughtUp(instanceId);
    if (this.directory.get(instanceId) === undefined)
      throw registryErrors.instanceUnknown({ instance: instanceId });
    await this.#change(instanceId, (known) =>
      known.openBreaker === openBreaker ? undefined : { openBreaker },
    );
    const changed = this.directory.get(instanceId);
    if (changed === undefined) throw registryErrors.instanceUnknown({ instance: instanceId });
    return changed;
  }

  async renew(renewals: readonly Renewal[]): Promise<RenewReply> {
    const { directory } = this;
    const moment = this.#moment();
    const unknownInstanceIds: string[] = [];
    const known: Renewal[] = [];
    for (const renewal of renewals) {
      if (directory.renew(renewal.instanceId, renewal, moment)) known.push(renewal);
      else unknownInstanceIds.push(renewal.instanceId);
    }
    for (const { instanceId } of known) this.#fresh.add(instanceId);
    this.#options.store.renewed(known);
    this.#options.instruments.renewals.add(known.length);
    // In parallel: no lease waits until the store has written the health of another instance.
    await Promise.all(known.map((renewal) => this.#applyHealth(renewal)));
    return { unknownInstanceIds, position: this.position, renewAfterMs: this.#renewAfterMs(known, moment) };
  }

  /** Schedules a check of instances after their stream broke off: whether a heartbeat has followed. */
  brokeOff(ids: readonly string[]): void {
    if (ids.length === 0 || this.#timers.length === 0) return;
    const { foundation, store } = this.#options;
    const { monotonicMs } = this.#moment();
    const timer = foundation.timers.after(silentMs + store.latenessMs, () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
      if (!this.#mayExpire()) return;
      for (const instanceId of this.directory.silentSince(ids, monotonicMs))
        this.#applyHealth({ instanceId, health: notResponding }).catch((error: unknown) => {
          this.#logger.debug("failed to mark an unresponsive instance", { instanceId, error });
        });
    });
    this.#timers.push(timer);
  }

  async deregister(instanceId: string, reason: string): Promise<boolean> {
    const cause = RemovalCause.REMOVAL_CAUSE_DEREGISTERED;
    // It may have registered at another registry a moment ago.
    if (this.directory.get(instanceId) === undefined) await this.#options.store.caughtUp(instanceId);
    for (;;) {
      const known = this.directory.get(instanceId);
      if (known === undefined) return false;
      if (await this.#remove({ instanceId, cause, reason }, known)) return true;
      // Repeated if another registry changed the entry in between: a goodbye overrides every change.
      if (this.directory.get(instanceId)?.revision === known.revision) return false;
    }
  }

  historyStarted({ name, startMs }: History): void {
    const { settings, store, foundation } = this.#options;
    this.#loading = new Directory({ ...settings, history: name, latenessMs: store.latenessMs });
    const { nowMs, monotonicMs } = this.#moment();
    const ageMs = Math.max(0, nowMs - startMs);
    this.#completeFromMs = monotonicMs + Math.max(0, settings.leaseMs - ageMs);
    foundation.logger.debug("reading entries from the store", { history: name });
  }

  stepped(step: Step): void {
    const moment = this.#moment();
    this.#loading?.apply(step, moment);
    // Queries use the previous directory until the new one is complete. Writes in between are in both.
    if (this.#loading !== undefined && this.#loading.history !== this.#directory?.history) return;
    if (this.directory.apply(step, moment)) this.#changed();
  }

  loaded(): void {
    this.#loading?.loaded();
    this.#directory = this.#loading ?? this.#directory;
    this.#loading = undefined;
    this.#changed();
  }

  renewed(renewals: readonly Pick<Renewal, "instanceId" | "load" | "host">[]): void {
    const directory = this.#loading ?? this.directory;
    const moment = this.#moment();
    for (const renewal of renewals) {
      if (directory.renew(renewal.instanceId, renewal, moment)) this.#fresh.add(renewal.instanceId);
    }
  }

  #renewAfterMs(renewals: readonly Renewal[], { monotonicMs }: Moment): number {
    const leases = renewals.map(
      ({ instanceId }) => this.directory.leaseMsOf(instanceId) ?? Number.POSITIVE_INFINITY,
    );
    const leaseMs = Math.min(...leases);
    return leaseMs === Number.POSITIVE_INFINITY
      ? 0
      : renewAfterMs(monotonicMs, leaseMs, this.#options.settings.gatherMs);
  }

  #changed(): void {
    this.#options.instruments.instances.set(this.directory.size);
    this.changes.notify();
  }

  /** Applies a change of health. It changes the entry, and every watcher is informed. */
  async #applyHealth({ instanceId, health }: Pick<Renewal, "instanceId" | "health">): Promise<void> {
    if (health === undefined) return;
    await this.#change(instanceId, (known) => (sameHealth(known, health) ? undefined : { health }));
  }

  async #change(
    instanceId: string,
    changeOf: (known: Instance) => Partial<Instance> | undefined,
  ): Promise<void> {
    for (;;) {
      const known = this.directory.registrationOf(instanceId);
      const change = known && changeOf(known.instance);
      if (known === undefined || change === undefined) return;
      const { revision } = known.instance;
      const instance: Instance = { ...known.instance, ...change, revision: 0 };
      const registration = { ...known, instance };
      const position = await this.#options.store.replace(registration, revision);
      if (position !== undefined) {
        this.#announce({ revision: position.revision, put: registration }, instance, known.instance);
        return;
      }
      // Repeated if the instance reported something else in between: that must not be overwritten.
      if (this.directory.get(instanceId)?.revision === revision) return;
    }
  }

  async #sweep(): Promise<void> {
    const moment = this.#moment();
    const isDelayed = moment.monotonicMs - this.#sweptAtMs > this.#options.settings.leaseMs * delayedShare;
    this.#sweptAtMs = moment.monotonicMs;
    // The renewals of that time wait to be read, and instances in this process did not run either.
    if (isDelayed) this.#directory?.renewAll(moment);
    if (this.#sweeping || !this.#mayExpire()) return;
    this.#sweeping = true;
    try {
      for (const id of this.directory.expired(this.#moment())) {
        if (!this.#mayExpire()) return;
        await this.#expire(id);
      }
    } catch (error) {
      this.#logger.warn("failed to remove expired leases, retrying", { error });
    } finally {
      this.#sweeping = false;
    }
  }

  /**
   * Returns whether all heartbeats arrive. After a time in which they did not, every instance gets a full
   * lease again.
   */
  #mayExpire(): boolean {
    if (this.#loading !== undefined) return false;
    const isCutOff = this.#options.store.health().level !== "healthy";
    if (this.#isCutOff && !isCutOff) this.directory.renewAll(this.#moment());
    this.#isCutOff = isCutOff;
    return !isCutOff;
  }

  async #expire(id: string): Promise<void> {
    // Checked right now: it may have renewed while others were removed.
    const farewell = this.directory.expiry(id, this.#moment());
    const known = this.directory.get(id);
    if (farewell === undefined || known === undefined || !(await this.#remove(farewell, known))) return;
    const { service, address } = known;
    const { reason } = farewell;
    this.#logger.warn("instance lost: lease not renewed", { gone: id, ofService: service, address, reason });
  }

  async #remove(farewell: Removal, instance: Instance): Promise<boolean> {
    const position = await this.#options.store.remove(farewell, instance.service, instance.revision);
    if (position === undefined) return false;
    this.#options.instruments.removed(farewell.cause);
    this.#announce({ revision: position.revision, removed: farewell }, instance, instance);
    return true;
  }

  #announce(step: Step, instance: Instance, before: Instance | undefined): void {
    this.#options.announce({ step, instance, before, nowMs: this.#moment().nowMs });
  }

  #turnFigures(): void {
    if (this.#fresh.size === 0) return;
    this.#freshFigures = [...this.#fresh];
    this.#fresh = new Set();
    this.#figuresRound += 1;
    this.changes.notify();
  }

  #moment(): Moment {
    const { clock } = this.#options.foundation;
    return { nowMs: clock.now(), monotonicMs: clock.monotonic() };
  }
}

function sameHealth(instance: Instance, health: Instance["health"]): boolean {
  return (
    healthOf({ ...instance, health }) === healthOf(instance) &&
    (health?.reason ?? "") === (instance.health?.reason ?? "")
  );
}
