/**
 * The registry's picture of who is there. Pure: the time is handed in, and what happens outside it learns as steps
 * from the store, in the store's order.
 *
 * 1. The same steps give the same picture, in every registry of a cluster.
 * 2. Revisions only grow; a step that is not newer than what is known is ignored.
 * 3. Figures (load, host) come with renewals, outside the sequence of changes, and are never taken for a change.
 */
import {
  type Change,
  type Figures,
  type Instance,
  RemovalCause,
  type Renewal,
} from "@tutti/contracts/registry/v1";
import { toTimestamp } from "@tutti/kernel";
import { ChangeHistory } from "./change-history.ts";
import type { Entry, Farewell, Moment, Registration, Step } from "./entry.ts";
import { getOrMake } from "./get-or-make.ts";
import { OfferIndex } from "./offers.ts";

export class Directory {
  readonly offers = new OfferIndex();
  readonly #entries = new Map<string, Entry>();
  readonly #byService = new Map<string, Map<string, Entry>>();
  readonly #history: ChangeHistory;
  #revision = 0;

  constructor({ historyMax }: { readonly historyMax: number }) {
    this.#history = new ChangeHistory(historyMax);
  }

  get revision(): number {
    return this.#revision;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** What an instance said last, with its latest figures. */
  get(id: string): Instance | undefined {
    const entry = this.#entries.get(id);
    return entry === undefined ? undefined : withFigures(entry);
  }

  leaseOf(id: string): number | undefined {
    return this.#entries.get(id)?.leaseMs;
  }

  *instances(service = ""): Iterable<Instance> {
    const entries = service === "" ? this.#entries : this.#byService.get(service);
    if (entries !== undefined) for (const entry of entries.values()) yield withFigures(entry);
  }

  services(): string[] {
    return [...this.#byService.keys()].sort();
  }

  /** Changes after a revision, or undefined when they are no longer remembered. */
  changesAfter(revision: number): readonly Change[] | undefined {
    return revision > this.#revision ? undefined : this.#history.after(revision);
  }

  /** Takes in what happened. Returns whether it was new. */
  apply(step: Step, moment: Moment): boolean {
    if (step.revision <= this.#revision) return false;
    this.#revision = step.revision;
    if ("put" in step) this.#put(step.put, step.revision, moment);
    else this.#remove(step.removed, step.revision);
    return true;
  }

  /** Everything there was has been taken in; who saw less than that has to begin with a snapshot. */
  loaded(): void {
    this.#history.beginAt(this.#revision);
  }

  /** Takes in a sign of life. Returns whether the instance is known. */
  renew(id: string, { load, host }: Pick<Renewal, "load" | "host">, moment: Moment): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    entry.renewedAtMs = moment.monotonicMs;
    entry.renewTimeMs = moment.nowMs;
    if (load !== undefined) entry.load = load;
    if (host !== undefined) entry.host = host;
    return true;
  }

  /** Gives every entry its full lease again: after a time in which renewals could not be heard. */
  pardonAll({ monotonicMs }: Moment): void {
    for (const entry of this.#entries.values()) entry.renewedAtMs = monotonicMs;
  }

  /** Instances that were not heard of for a full lease. */
  expired({ monotonicMs }: Moment): Farewell[] {
    const expired: Farewell[] = [];
    for (const { instance, leaseMs, renewedAtMs } of this.#entries.values()) {
      const silentMs = monotonicMs - renewedAtMs;
      if (silentMs <= leaseMs) continue;
      expired.push({
        instanceId: instance.id,
        cause: RemovalCause.REMOVAL_CAUSE_LEASE_EXPIRED,
        reason: `not renewed for ${Math.round(silentMs)} ms, its lease is ${leaseMs} ms`,
      });
    }
    return expired;
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
    if (known !== undefined) this.#forget(known);
    const entry: Entry = {
      instance: { ...instance, revision },
      leaseMs,
      load: instance.load,
      host: instance.host,
      renewedAtMs: moment.monotonicMs,
      renewTimeMs: moment.nowMs,
    };
    this.#entries.set(instance.id, entry);
    getOrMake(this.#byService, instance.service, () => new Map()).set(instance.id, entry);
    this.offers.add(entry);
    this.#history.append({ revision, what: { $case: "put", value: entry.instance } });
  }

  #remove({ instanceId, cause, reason }: Farewell, revision: number): void {
    const known = this.#entries.get(instanceId);
    if (known === undefined) return;
    this.#forget(known);
    const { service } = known.instance;
    this.#history.append({
      revision,
      what: { $case: "removed", value: { instanceId, service, cause, reason } },
    });
  }

  #forget(entry: Entry): void {
    const { instance } = entry;
    this.#entries.delete(instance.id);
    this.offers.remove(entry);
    const ofService = this.#byService.get(instance.service);
    ofService?.delete(instance.id);
    if (ofService?.size === 0) this.#byService.delete(instance.service);
  }
}

function withFigures({ instance, load, host, renewTimeMs }: Entry): Instance {
  return { ...instance, load, host, renewTime: toTimestamp(renewTimeMs) };
}
