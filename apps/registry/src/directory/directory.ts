/**
 * The registry's list of instances. Pure: the caller passes the time, and external events arrive as steps
 * from the store, in the order of the store.
 *
 * 1. The same steps give the same list, in every registry of a cluster.
 * 2. Revisions only grow. A step that is not newer than the present revision is ignored.
 * 3. Numbers (load, host, time of renewal) come with renewals, outside the sequence of changes, and are never
 *    treated as a change.
 */
import {
  type Change,
  type Figures,
  type Instance,
  type Position,
  RemovalCause,
  type Renewal,
} from "@tutti/contracts/registry/v1";
import { durationText, toTimestamp } from "@tutti/kernel";
import { type Entry, instanceOf, type Moment, type Registration, type Removal, type Step } from "./entry.ts";
import { getOrCreate } from "./get-or-create.ts";
import { OfferIndex } from "./offers.ts";

export interface DirectoryOptions {
  /** Name of the sequence that the revisions belong to. */
  readonly history: string;
  /** Maximum of stored changes. */
  readonly historyMax: number;
  /** How much later than sent a heartbeat may arrive. */
  readonly latenessMs: number;
}

export class Directory {
  readonly history: string;
  readonly offers = new OfferIndex();
  readonly #latenessMs: number;
  readonly #entries = new Map<string, Entry>();
  readonly #byService = new Map<string, Map<string, Entry>>();
  readonly #changes: ChangeHistory;
  #revision = 0;

  constructor({ history, historyMax, latenessMs }: DirectoryOptions) {
    this.history = history;
    this.#latenessMs = latenessMs;
    this.#changes = new ChangeHistory(historyMax);
  }

  get position(): Position {
    return { history: this.history, revision: this.#revision };
  }

  get revision(): number {
    return this.#revision;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Returns the last report of an instance, with its latest numbers. */
  get(id: string): Instance | undefined {
    const entry = this.#entries.get(id);
    return entry === undefined ? undefined : instanceOf(entry);
  }

  leaseMsOf(id: string): number | undefined {
    return this.#entries.get(id)?.leaseMs;
  }

  /** Returns the registration of an instance, with its lease. */
  registrationOf(id: string): Registration | undefined {
    const entry = this.#entries.get(id);
    return entry === undefined ? undefined : { instance: instanceOf(entry), leaseMs: entry.leaseMs };
  }

  *instances(service = ""): Iterable<Instance> {
    for (const entry of this.entries(service)) yield instanceOf(entry);
  }

  /** Returns the present entries. A change replaces an entry. Only its numbers are updated in place. */
  entries(service = ""): readonly Entry[] {
    const entries = service === "" ? this.#entries : this.#byService.get(service);
    return entries === undefined ? [] : [...entries.values()];
  }

  services(): string[] {
    return [...this.#byService.keys()].sort();
  }

  /** Returns the changes after a revision, or undefined if they are no longer stored. */
  changesAfter(revision: number): readonly Change[] | undefined {
    return revision > this.#revision ? undefined : this.#changes.after(revision);
  }

  /** Applies a step. Returns whether it was new. */
  apply(step: Step, moment: Moment): boolean {
    if (step.revision <= this.#revision) return false;
    this.#revision = step.revision;
    if ("put" in step) this.#put(step.put, step.revision, moment);
    else this.#remove(step.removed, step.revision);
    return true;
  }

  /** Marks the initial load as complete. A reader of an earlier state needs a snapshot. */
  loaded(): void {
    this.#changes.resetTo(this.#revision);
  }

  /** Applies a heartbeat. Returns whether the instance is known. */
  renew(id: string, { load, host }: Pick<Renewal, "load" | "host">, moment: Moment): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    entry.renewedAtMs = moment.monotonicMs;
    entry.renewTimeMs = moment.nowMs;
    if (load !== undefined) entry.load = load;
    if (host !== undefined) entry.host = host;
    return true;
  }

  /** Gives every entry its full lease again, after a time in which renewals could not be received. */
  renewAll({ monotonicMs }: Moment): void {
    for (const entry of this.#entries.values()) entry.renewedAtMs = monotonicMs;
  }

  /** Returns those of the instances without a heartbeat since a time. */
  silentSince(ids: readonly string[], monotonicMs: number): string[] {
    return ids.filter((id) => {
      const entry = this.#entries.get(id);
      return entry !== undefined && entry.renewedAtMs <= monotonicMs;
    });
  }

  /** Returns the ids of instances with an expired lease. */
  expired(moment: Moment): string[] {
    return [...this.#entries.keys()].filter((id) => this.expiry(id, moment) !== undefined);
  }

  /** Returns the farewell of an instance with an expired lease. Undefined for a valid lease. */
  expiry(id: string, { monotonicMs }: Moment): Removal | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    const { leaseMs, renewedAtMs } = entry;
    const silentMs = monotonicMs - renewedAtMs;
    if (silentMs <= leaseMs + this.#latenessMs) return undefined;
    return {
      instanceId: id,
      cause: RemovalCause.REMOVAL_CAUSE_LEASE_EXPIRED,
      reason: `not renewed for ${durationText(silentMs)}, its lease is ${durationText(leaseMs)}`,
    };
  }

  figures(ids: Iterable<string>): Figures {
    const instances: Figures["instances"] = [];
    for (const id of ids) {
      const entry = this.#entries.get(id);
      if (entry !== undefined) instances.push({ instanceId: id, load: entry.load, host: entry.host });
    }
    return { instances };
  }

  #put({ instance, leaseMs }: Registration, revision: number, moment: Moment): void {
    const known = this.#entries.get(instance.id);
    if (known !== undefined) this.#dropEntry(known);
    const entry: Entry = {
      instance: { ...instance, revision, renewTime: toTimestamp(moment.nowMs) },
      leaseMs,
      load: instance.load,
      host: instance.host,
      renewedAtMs: moment.monotonicMs,
      renewTimeMs: moment.nowMs,
    };
    this.#entries.set(instance.id, entry);
    getOrCreate(this.#byService, instance.service, () => new Map()).set(instance.id, entry);
    this.offers.add(entry);
    this.#changes.append({ revision, what: { $case: "put", value: entry.instance } });
  }

  #remove({ instanceId, cause, reason }: Removal, revision: number): void {
    const known = this.#entries.get(instanceId);
    if (known === undefined) return;
    this.#dropEntry(known);
    const { service } = known.instance;
    this.#changes.append({
      revision,
      what: { $case: "removed", value: { instanceId, service, cause, reason } },
    });
  }

  #dropEntry(entry: Entry): void {
    const { instance } = entry;
    this.#entries.delete(instance.id);
    this.offers.remove(entry);
    const ofService = this.#byService.get(instance.service);
    ofService?.delete(instance.id);
    if (ofService?.size === 0) this.#byService.delete(instance.service);
  }
}

/**
 * The latest changes, so that a reconnected watcher gets only the missed ones.
 *
 * 1. Revisions are strictly increasing. They may have gaps, because a store may use numbers for other things.
 * 2. `after(r)` is undefined exactly when something after `r` may have been forgotten.
 */
class ChangeHistory {
  readonly #capacity: number;
  readonly #changes: Change[] = [];
  /** All changes after this revision are stored. */
  #rememberedAfter = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  append(change: Change): void {
    this.#changes.push(change);
    // Cut in large pieces: shifting an array by one for each change would cost its whole length each time.
    if (this.#changes.length < this.#capacity * 2) return;
    const forgotten = this.#changes.splice(0, this.#changes.length - this.#capacity);
    this.#rememberedAfter = forgotten.at(-1)?.revision ?? this.#rememberedAfter;
  }

  /** Forgets everything up to a revision: a directory that was just loaded does not know earlier changes. */
  resetTo(revision: number): void {
    this.#changes.length = 0;
    this.#rememberedAfter = revision;
  }

  /** Returns the changes after a revision in order, or undefined if some of them are forgotten. */
  after(revision: number): readonly Change[] | undefined {
    if (revision < this.#rememberedAfter) return undefined;
    return this.#changes.slice(this.#indexAfter(revision));
  }

  #indexAfter(revision: number): number {
    let low = 0;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#changes[middle]?.revision ?? 0) <= revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
