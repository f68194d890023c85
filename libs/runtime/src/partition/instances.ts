/**
 * The instances of a partition that are in memory, and how others are loaded.
 *
 * 1. The archive has every instance that is not in memory whole. An instance leaves memory only when a committed
 *    snapshot contains its last record, or when it ended and its line in the index says so. An ended instance of which
 *    nothing is to be kept leaves when its end is durable.
 * 2. Lookups of many instances go to the archive together.
 * 3. An instance that is leaving is not found any more: a lookup waits until it has left, and finds what the archive
 *    has then.
 */

import type { ArchivePartition, Kept } from "@tutti/journal";
import { errorFromUnknown, type InstanceKey, type TuttiError, textOf } from "@tutti/kernel";
import type { HostedMachine, HostedMachines } from "../machines/hosted-machine.ts";
import type { Instance } from "./instance.ts";
import { blankInstance } from "./reviving.ts";

/** Result of a lookup. */
export type Found =
  | { readonly kind: "instance"; readonly instance: Instance }
  | { readonly kind: "absent" }
  | { readonly kind: "tombstone"; readonly untilMs: number }
  /** Its stored form is damaged, or cannot be read at the moment. */
  | { readonly kind: "unreadable"; readonly error: TuttiError };

export interface InstancesParts {
  readonly machines: HostedMachines;
  readonly archive: ArchivePartition;
  /** Restores an instance from its stored form. */
  revive(key: InstanceKey, kept: Kept): Promise<Instance | undefined>;
  /** The instance has been loaded into memory. */
  arrived(instance: Instance): void;
}

const absent: Found = { kind: "absent" };

export class Instances {
  readonly #parts: InstancesParts;
  readonly #byText = new Map<string, Instance>();
  readonly #byIncarnation = new Map<number, Instance>();
  /** Lookups under way, and lookups of the next request. */
  readonly #lookups = new Map<string, Promise<Found>>();
  /** Incarnations that have left memory, up to a noted number. Undefined unless that is needed. */
  #left: Set<number> | undefined;
  #leftUpTo = 0;
  /** Callers that wait until an instance has left. */
  readonly #departures = new Map<Instance, PromiseWithResolvers<void>>();
  #next: { key: InstanceKey; found: (found: Found) => void; failed: (error: unknown) => void }[] = [];

  constructor(parts: InstancesParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#byText.size;
  }

  values(): IterableIterator<Instance> {
    return this.#byText.values();
  }

  get(text: string): Instance | undefined {
    return this.#byText.get(text);
  }

  byIncarnation(incarnation: number): Instance | undefined {
    return this.#byIncarnation.get(incarnation);
  }

  /** Returns false if there is certainly nothing under this key. */
  mayBeKept(key: InstanceKey): boolean {
    return this.#parts.archive.mayHave(key);
  }

  hosted(kind: string): HostedMachine | undefined {
    return this.#parts.machines.of(kind);
  }

  /** Returns an instance without events. It is not in memory until it is added. */
  blank(key: InstanceKey, text: string, hosted: HostedMachine): Instance {
    return blankInstance(key, text, hosted);
  }

  add(instance: Instance): void {
    instance.isInMemory = true;
    this.#byText.set(instance.text, instance);
    this.#byIncarnation.set(instance.incarnation, instance);
  }

  remove(instance: Instance): void {
    instance.isInMemory = false;
    if (instance.incarnation <= this.#leftUpTo) this.#left?.add(instance.incarnation);
    // Another instance may have its key by now.
    if (this.#byText.get(instance.text) === instance) this.#byText.delete(instance.text);
    this.#byIncarnation.delete(instance.incarnation);
    this.#departures.get(instance)?.resolve();
    this.#departures.delete(instance);
  }

  /** Nothing leaves any more. Waiting callers look again when the partition is loaded next. */
  stop(): void {
    for (const { resolve } of this.#departures.values()) resolve();
    this.#departures.clear();
  }

  /** An instance was loaded from the archive. */
  arrive(instance: Instance): void {
    this.add(instance);
    this.#parts.arrived(instance);
  }

  /** From now on the instances with numbers up to this one that leave memory are recorded. */
  noteLeaving(upTo: number): void {
    this.#left = new Set();
    this.#leftUpTo = upTo;
  }

  hasLeft(incarnation: number): boolean {
    return this.#left?.has(incarnation) === true;
  }

  forgetLeft(): void {
    this.#left = undefined;
    this.#leftUpTo = 0;
  }

  /** Returns whether a lookup of it is under way. */
  isLookedUp(text: string): boolean {
    return this.#lookups.has(text);
  }

  /** Finds an instance that is not in memory. Concurrent calls share the look-up. */
  find(key: InstanceKey): Promise<Found> {
    const text = textOf(key);
    const there = this.#byText.get(text);
    if (there?.isLeaving === false) return Promise.resolve({ kind: "instance", instance: there });
    let lookup = this.#lookups.get(text);
    if (lookup === undefined) {
      lookup = there === undefined ? this.#fetch(key) : this.#hasGone(there).then(() => this.#fetch(key));
      this.#lookups.set(text, lookup);
      const forget = () => this.#lookups.delete(text);
      lookup.then(forget, forget);
    }
    return lookup;
  }

  #fetch(key: InstanceKey): Promise<Found> {
    return new Promise((found, failed) => {
      if (this.#next.length === 0) queueMicrotask(() => this.#lookUp());
      this.#next.push({ key, found, failed });
    });
  }

  #hasGone(instance: Instance): Promise<void> {
    let departure = this.#departures.get(instance);
    if (departure === undefined) {
      departure = Promise.withResolvers();
      this.#departures.set(instance, departure);
    }
    return departure.promise;
  }

  /** Returns which of these are here or in the archive, ended or not. */
  async areKept(keys: readonly InstanceKey[]): Promise<readonly boolean[]> {
    const kept = keys.map((key) => this.#byText.has(textOf(key)));
    const open = keys.flatMap((key, index) =>
      kept[index] === true || !this.mayBeKept(key) ? [] : [{ key, index }],
    );
    const found = await this.#parts.archive.load(open.map(({ key }) => key));
    for (const [place, { index }] of open.entries()) {
      const kind = found[place]?.kind;
      kept[index] = kind === "snapshot" || kind === "ended";
    }
    return kept;
  }

  async #lookUp(): Promise<void> {
    const wanted = this.#next;
    this.#next = [];
    try {
      const kept = await this.#parts.archive.load(wanted.map(({ key }) => key));
      await Promise.all(
        wanted.map(async ({ key, found }, index) => {
          try {
            found(await this.#load(key, kept[index] ?? { kind: "nothing" }));
          } catch (error) {
            // Other instances of the same lookup are not affected.
            found({ kind: "unreadable", error: errorFromUnknown(error) });
          }
        }),
      );
    } catch (error) {
      for (const { failed } of wanted) failed(error);
    }
  }

  async #load(key: InstanceKey, kept: Kept): Promise<Found> {
    if (kept.kind === "tombstone") return { kind: "tombstone", untilMs: kept.untilMs };
    if (kept.kind === "nothing") return absent;
    const instance = await this.#parts.revive(key, kept);
    if (instance === undefined) return absent;
    this.arrive(instance);
    return { kind: "instance", instance };
  }
}
