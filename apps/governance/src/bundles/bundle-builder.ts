/**
 * Makes the bundles that services decide by: the contributions of all namespaces, signed.
 *
 * 1. A change makes a bundle, after changes are gathered for a moment. Another one is made after a third of
 *    the maximum age of the last, so that services without changes stay informed.
 * 2. Each process of the service makes its own bundle, with the same content: it asks other processes for
 *    their namespaces. The index lists the namespaces and shows changes of other processes, with at most a
 *    second of delay.
 * 3. The number of a bundle is its time, so the later of two bundles counts, without an agreement between
 *    processes.
 * 4. If a namespace cannot be read, no bundle is made without it: the last one stays in force.
 * 5. A stop waits for no answer: a request may be the first one, on a busy machine. It waits for keys that
 *    are being made, because the directory may be removed after the stop.
 */
import { type Bundle, BundleContent, type policyService } from "@tutti/contracts/governance/v1";
import { allEntries, type MachineDependencies } from "@tutti/host/serving";
import {
  type Component,
  errorFromUnknown,
  type Foundation,
  type Health,
  healthy,
  sleep,
  toTimestamp,
  unhealthy,
} from "@tutti/kernel";
import { tenant } from "@tutti/machine-entities/tenant";
import type { Client } from "@tutti/mesh";
import { sealed } from "@tutti/policy";
import type { MachineEventListener, NoteFactory } from "@tutti/runtime";
import type { Keys } from "./keys.ts";

interface BundleSettings {
  readonly bundleMaxAgeMs: number;
  readonly publishDelayMs: number;
}

export interface BundleBuilderParts {
  readonly archive: MachineDependencies["archive"];
  /** Sends a question to the process that stores a namespace, possibly this one. */
  readonly policies: Pick<Client<typeof policyService>, "getBundlePart">;
  readonly foundation: Pick<Foundation, "clock" | "timers" | "logger">;
  readonly settings: BundleSettings;
  readonly keys: Pick<Keys, "open" | "settled">;
}

/** A bundle with its content. */
export interface BuiltBundle {
  readonly bundle: Bundle;
  readonly content: BundleContent;
}

/** Interval of reading the index. */
const pollMs = 1_000;

export class BundleBuilder implements Component, MachineEventListener {
  /** The namespace of every event of a tenant. */
  readonly notes: ReadonlyMap<(typeof tenant.events)[number], NoteFactory> = new Map(
    tenant.events.map((event) => [event, ({ key }) => key.namespace]),
  );
  readonly #parts: BundleBuilderParts;
  readonly #stopping = new AbortController();
  readonly #contents = new Map<string, BundleContent>();
  /** Namespaces that have changed since they were read. */
  readonly #changed = new Set<string>();
  /** Number of events at the last read, by namespace. */
  readonly #events = new Map<string, number>();
  readonly #waiting = new Set<() => void>();
  #built: BuiltBundle | undefined;
  #building: Promise<BuiltBundle> | undefined;
  #problem: unknown;
  #number = 0;
  #wake: (() => void) | undefined;

  constructor(parts: BundleBuilderParts) {
    this.#parts = parts;
  }

  start(): void {
    void this.#work();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake?.();
    for (const notify of this.#waiting) notify();
    await this.#parts.keys.settled();
  }

  health(): Health {
    if (this.#problem === undefined) return healthy;
    return unhealthy(`policies cannot be loaded: ${errorFromUnknown(this.#problem).message}`);
  }

  /** The last bundle. Undefined before the first. */
  get latest(): BuiltBundle | undefined {
    return this.#built;
  }

  handle(notes: readonly unknown[]): void {
    for (const note of notes) if (typeof note === "string") this.changed(note);
  }

  changed(namespace: string): void {
    this.#changed.add(namespace);
    this.#wake?.();
  }

  /** Returns the rules after all changes of this process. */
  current(): Promise<BuiltBundle> {
    return this.#build(false);
  }

  /** Resolves when there is a bundle after this number, or after a time. */
  async after(number: number, withinMs: number, signal: AbortSignal): Promise<void> {
    if ((this.#built?.bundle.number ?? 0) > number || this.#stopping.signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    const { timers } = this.#parts.foundation;
    try {
      await Promise.race([promise, sleep(timers, withinMs, signal).catch(() => {})]);
    } finally {
      this.#waiting.delete(resolve);
    }
  }

  async #work(): Promise<void> {
    const { signal } = this.#stopping;
    const { timers, clock, logger } = this.#parts.foundation;
    const { publishDelayMs, bundleMaxAgeMs } = this.#parts.settings;
    let builtMs = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      try {
        await this.#poll();
        const isDue = clock.monotonic() - builtMs >= bundleMaxAgeMs / 3;
        if (this.#changed.size > 0 || isDue) {
          const before = this.#built;
          const { bundle } = await this.#build(isDue);
          if (bundle !== before?.bundle) builtMs = clock.monotonic();
        }
        this.#problem = undefined;
      } catch (error) {
        // While partitions move, no owner can be asked. Waiters for a bundle keep waiting.
        if (this.#problem === undefined) logger.debug("cannot build a policy bundle yet", { error });
        this.#problem = error;
      }
      await this.#pause(pollMs);
      if (this.#changed.size > 0) await sleep(timers, publishDelayMs, signal).catch(() => {});
    }
  }

  /** Waits for a time, or until a change. */
  async #pause(ms: number): Promise<void> {
    if (this.#changed.size > 0 && this.#problem === undefined) return;
    const { signal } = this.#stopping;
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    signal.addEventListener("abort", this.#wake, { once: true });
    // A period shares its wake-up with the others of the process.
    const tick = this.#parts.foundation.timers.every(ms, this.#wake);
    await promise;
    tick.cancel();
    signal.removeEventListener("abort", this.#wake);
    this.#wake = undefined;
  }

  async #poll(): Promise<void> {
    const entries = await allEntries(this.#parts, { namespace: "", kinds: [tenant.kind] });
    for (const { key, events } of entries) {
      if (this.#events.get(key.namespace) === events) continue;
      this.#events.set(key.namespace, events);
      this.#changed.add(key.namespace);
    }
  }

  /** Makes one bundle at a time. A call in between gets one that started afterwards. */
  async #build(isDue: boolean): Promise<BuiltBundle> {
    await this.#building?.catch(() => {});
    if (this.#building !== undefined) return this.#build(isDue);
    if (this.#built !== undefined && this.#changed.size === 0 && !isDue) return this.#built;
    this.#building = this.#buildNow(isDue);
    try {
      return await this.#building;
    } finally {
      this.#building = undefined;
    }
  }

  async #buildNow(isDue: boolean): Promise<BuiltBundle> {
    const { policies, foundation, settings, keys } = this.#parts;
    if (this.#built === undefined) await this.#poll();
    let isOther = this.#built === undefined || isDue;
    for (const namespace of [...this.#changed]) {
      this.#changed.delete(namespace);
      try {
        const { part } = await policies.getBundlePart({ namespace }, { signal: this.#stopping.signal });
        const content = part ?? BundleContent.create();
        isOther ||= !isSame(this.#contents.get(namespace), content);
        this.#contents.set(namespace, content);
      } catch (error) {
        this.#changed.add(namespace);
        throw error;
      }
    }
    if (!isOther && this.#built !== undefined) return this.#built;
    this.#stopping.signal.throwIfAborted();
    // At a first start they are made now, and nothing is signed before.
    const { signer, signingKey, publicTokenKey } = await keys.open();
    const nowMs = foundation.clock.now();
    this.#number = Math.max(this.#number + 1, nowMs);
    const content: BundleContent = {
      ...together([...this.#contents.values()]),
      number: this.#number,
      createTime: toTimestamp(nowMs),
      maxAgeMs: settings.bundleMaxAgeMs,
      tokenKeys: [JSON.stringify(publicTokenKey)],
    };
    const bundle = sealed(content, { signingKeyId: signingKey.signingKeyId, key: signer });
    this.#built = { bundle, content };
    for (const notify of this.#waiting) notify();
    return this.#built;
  }
}

function together(parts: readonly BundleContent[]): BundleContent {
  const all = BundleContent.create();
  for (const part of parts) {
    all.policies.push(...part.policies);
    all.roles.push(...part.roles);
    all.bindings.push(...part.bindings);
    all.rules.push(...part.rules);
    all.principals.push(...part.principals);
    all.limits.push(...part.limits);
    all.keys.push(...part.keys);
    all.revokedTokenIds.push(...part.revokedTokenIds);
    all.namespaces.push(...part.namespaces);
    all.lockouts.push(...part.lockouts);
  }
  return all;
}

function isSame(one: BundleContent | undefined, other: BundleContent): boolean {
  if (one === undefined) return false;
  return Buffer.compare(BundleContent.encode(one).finish(), BundleContent.encode(other).finish()) === 0;
}
