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

import type { ArchivePartition, LoadResult } from "@tutti/journal";
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
  revive(key: InstanceKey, stored: LoadResult): Promise<Instance | undefined>;
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
  #departed: Set<number> | undefined;
  #departedUpTo = 0;
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
  mayExist(key: InstanceKey): boolean {
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
    if (instance.incarnation <= this.#departedUpTo) this.#departed?.add(instance.incarnation);
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
  recordDepartures(upTo: number): void {
    this.#departed = new Set();
    this.#departedUpTo = upTo;
  }

  hasDeparted(incarnation: number): boolean {
    return this.#departed?.has(incarnation) === true;
  }

  forgetDeparted(): void {
    this.#departed = undefined;
    this.#departedUpTo = 0;
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
      lookup = there === undefined ? this.#fetch(key) : this.#departureOf(there).then(() => this.#fetch(key));
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

  #departureOf(instance: Instance): Promise<void> {
    let departure = this.#departures.get(instance);
    if (departure === undefined) {
      departure = Promise.withResolvers();
      this.#departures.set(instance, departure);
    }
    return departure.promise;
  }

  /** Returns which of these are here or in the archive, ended or not. */
  async checkExistence(keys: readonly InstanceKey[]): Promise<readonly boolean[]> {
    const exists = keys.map((key) => this.#byText.has(textOf(key)));
    const open = keys.flatMap((key, index) =>
      exists[index] === true || !this.mayExist(key) ? [] : [{ key, index }],
    );
    const found = await this.#parts.archive.load(open.map(({ key }) => key));
    for (const [place, { index }] of open.entries()) {
      const kind = found[place]?.kind;
      exists[index] = kind === "snapshot" || kind === "ended";
    }
    return exists;
  }

  async #lookUp(): Promise<void> {
    const requested = this.#next;
    this.#next = [];
    try {
      const results = await this.#parts.archive.load(requested.map(({ key }) => key));
      await Promise.all(
        requested.map(async ({ key, found }, index) => {
          try {
            found(await this.#load(key, results[index] ?? { kind: "nothing" }));
          } catch (error) {
            // Other instances of the same lookup are not affected.
            found({ kind: "unreadable", error: errorFromUnknown(error) });
          }
        }),
      );
    } catch (error) {
      for (const { failed } of requested) failed(error);
    }
  }

  async #load(key: InstanceKey, stored: LoadResult): Promise<Found> {
    if (stored.kind === "tombstone") return { kind: "tombstone", untilMs: stored.untilMs };
    if (stored.kind === "nothing") return absent;
    const instance = await this.#parts.revive(key, stored);
    if (instance === undefined) return absent;
    this.arrive(instance);
    return { kind: "instance", instance };
  }
}
