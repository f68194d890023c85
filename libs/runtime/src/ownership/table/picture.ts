/**
 * The content of the ownership store as this process knows it: processes and owners, folded from the changes of the store.
 *
 * 1. Changes of a key are taken in the order of revisions, whether the watch reports them or the process itself wrote
 *    them: an older one never replaces a newer one.
 * 2. After a restart of the watch the picture contains only what the new watch reported.
 */
import { type BehaviourLevels, beyond } from "../../behaviour/behaviours.ts";
import type { StoreChange } from "../store/port.ts";
import {
  behaviourKey,
  decodeBehaviour,
  decodeHolder,
  decodePartition,
  entryKeyOf,
  type HolderEntry,
  holderKey,
  type PartitionEntry,
  partitionKey,
} from "./entries.ts";

/** A process that is present. */
export interface Holder extends HolderEntry {
  readonly id: string;
  readonly revision: number;
  /** When this process saw its last renewal, on its own monotonic clock. */
  readonly lastSeenMs: number;
  /** The bytes that were read. Most renewals repeat them. */
  readonly encoded: Uint8Array;
}

export interface Assignment extends PartitionEntry {
  readonly service: string;
  readonly partition: number;
  readonly revision: number;
  /** When this process first saw this owner, on its own monotonic clock. */
  readonly sinceMs: number;
}

/** Behaviours that may be activated in the partitions of a service. */
export interface Allowed {
  readonly levels: BehaviourLevels;
  readonly revision: number;
}

/** A change of the picture. */
export type PictureChange =
  /** It came, went, or changed its entry beyond its load. */
  | { readonly kind: "holder"; readonly holder: string }
  /** It is ready for other partitions than before, or runs others. The rest of its entry is the same. */
  | { readonly kind: "prepared"; readonly holder: string }
  | { readonly kind: "behaviour"; readonly service: string }
  | { readonly kind: "partition"; readonly service: string; readonly partition: number };

export class Picture {
  readonly #holders = new Map<string, Holder>();
  readonly #services = new Map<string, Map<number, Assignment>>();
  readonly #allowed = new Map<string, Allowed>();
  /** Keys that the watch has not reported since its restart. Undefined when it has reported all. */
  #unreported: Set<string> | undefined;
  #complete = false;

  /** Whether all entries were reported that existed when the watch started. */
  get complete(): boolean {
    return this.#complete;
  }

  get holders(): Iterable<Holder> {
    return this.#holders.values();
  }

  holder(id: string): Holder | undefined {
    return this.#holders.get(id);
  }

  allowed(service: string): Allowed {
    return this.#allowed.get(service) ?? noneAllowed;
  }

  /**
   * Returns whether a process has the behaviours that may be active in the partitions of a service. Otherwise it cannot
   * read them.
   */
  reads(holder: HolderEntry, service: string): boolean {
    return beyond(this.allowed(service).levels, holder.behaviours.get(service) ?? noLevels).size === 0;
  }

  /** Returns whether a process accepts partitions of a service. */
  accepts(holder: HolderEntry, service: string): boolean {
    return !holder.leaving && holder.loads.has(service) && this.reads(holder, service);
  }

  assignment(service: string, partition: number): Assignment | undefined {
    return this.#services.get(service)?.get(partition);
  }

  assignments(service: string): Iterable<Assignment> {
    return this.#services.get(service)?.values() ?? [];
  }

  get services(): Iterable<string> {
    return this.#services.keys();
  }

  /** A watch restarts. Known entries are returned until it has reported all existing ones. */
  restart(): void {
    this.#unreported = new Set(this.#keys());
  }

  /** Applies a change. Returns what changed with it. */
  apply(change: StoreChange, nowMs: number): readonly PictureChange[] {
    if (change.kind === "caught-up") return this.#caughtUp();
    const fresh = this.#unreported?.delete(change.key) ?? false;
    const key = entryKeyOf(change.key);
    if (key === undefined || key.kind === "installation") return [];
    if (key.kind === "process") {
      if (change.kind === "removed") return this.#removeHolder(key.holder, change.revision, fresh);
      return this.#receiveHolder(key.holder, change, nowMs, fresh);
    }
    if (key.kind === "behaviour") return this.#allow(key.service, change, fresh);
    const { service, partition } = key;
    const byPartition = this.#services.get(service) ?? new Map<number, Assignment>();
    this.#services.set(service, byPartition);
    const known = byPartition.get(partition);
    if (!fresh && known !== undefined && change.revision <= known.revision) return [];
    if (change.kind === "removed") byPartition.delete(partition);
    else {
      const entry = decodePartition(change.key, change.value);
      const same = known?.owner === entry.owner && known.epoch === entry.epoch;
      const sinceMs = same ? known.sinceMs : nowMs;
      byPartition.set(partition, { ...entry, service, partition, revision: change.revision, sinceMs });
    }
    return [{ kind: "partition", service, partition }];
  }

  #allow(service: string, change: Exclude<StoreChange, { kind: "caught-up" }>, fresh: boolean) {
    const known = this.#allowed.get(service);
    if (!fresh && known !== undefined && change.revision <= known.revision) return [];
    const { revision } = change;
    if (change.kind === "removed") this.#allowed.delete(service);
    else this.#allowed.set(service, { levels: decodeBehaviour(change.key, change.value), revision });
    return [{ kind: "behaviour", service } as const];
  }

  #receiveHolder(
    id: string,
    { key, value, revision }: Extract<StoreChange, { kind: "put" }>,
    nowMs: number,
    fresh: boolean,
  ): readonly PictureChange[] {
    const known = this.#holders.get(id);
    if (known !== undefined && revision === known.revision) return [];
    if (!fresh && known !== undefined && revision < known.revision) return [];
    if (known !== undefined && Buffer.compare(known.encoded, value) === 0) {
      this.#holders.set(id, { ...known, revision, lastSeenMs: nowMs });
      return [];
    }
    const holder = { ...decodeHolder(key, value), id, revision, lastSeenMs: nowMs, encoded: value };
    this.#holders.set(id, holder);
    if (known === undefined || !isSameHolder(known, holder)) return [{ kind: "holder", holder: id }];
    const hasTheSame =
      areTheSame(known.prepared, holder.prepared) &&
      [...holder.loads].every(([service, loads]) => areTheSame(known.loads.get(service) ?? nowhere, loads));
    return hasTheSame ? [] : [{ kind: "prepared", holder: id }];
  }

  #removeHolder(id: string, revision: number, fresh: boolean): readonly PictureChange[] {
    const known = this.#holders.get(id);
    if (known === undefined || (!fresh && revision < known.revision)) return [];
    this.#holders.delete(id);
    return [{ kind: "holder", holder: id }];
  }

  #caughtUp(): readonly PictureChange[] {
    const missing = [...(this.#unreported ?? [])];
    this.#unreported = undefined;
    const changes = missing.flatMap((key) => this.#lost(key));
    this.#complete = true;
    return changes;
  }

  #lost(text: string): readonly PictureChange[] {
    const key = entryKeyOf(text);
    if (key?.kind === "process") return this.#removeHolder(key.holder, Number.POSITIVE_INFINITY, true);
    if (key?.kind === "behaviour") {
      this.#allowed.delete(key.service);
      return [{ kind: "behaviour", service: key.service }];
    }
    if (key?.kind !== "partition") return [];
    const { service, partition } = key;
    this.#services.get(service)?.delete(partition);
    return [{ kind: "partition", service, partition }];
  }

  *#keys(): Generator<string> {
    for (const id of this.#holders.keys()) yield holderKey(id);
    for (const service of this.#allowed.keys()) yield behaviourKey(service);
    for (const [service, byPartition] of this.#services) {
      for (const partition of byPartition.keys()) yield partitionKey(service, partition);
    }
  }
}

const noLevels: BehaviourLevels = new Map();
const nowhere: ReadonlyMap<number, number> = new Map();
const noneAllowed: Allowed = { levels: noLevels, revision: 0 };

function isSameHolder(one: HolderEntry, other: HolderEntry): boolean {
  return (
    one.leaving === other.leaving &&
    one.address === other.address &&
    one.loads.size === other.loads.size &&
    [...one.loads.keys()].every((service) => other.loads.has(service))
  );
}

interface Keys<Key> extends Iterable<unknown> {
  readonly size: number;
  has(key: Key): boolean;
  keys(): Iterable<Key>;
}

function areTheSame<Key>(one: Keys<Key>, other: Keys<Key>): boolean {
  return one.size === other.size && [...one.keys()].every((key) => other.has(key));
}
