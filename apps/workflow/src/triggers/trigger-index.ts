/**
 * All active triggers, compiled, by the types of their events. Every event of the platform is looked up here.
 *
 * 1. It is read completely from the index of instances, at the first use and periodically. A partition that is loaded
 *    later causes a new reading.
 * 2. A change is visible at once in the process that made it, and in the others after the event on the bus.
 * 3. After each change the trigger is read again, one read after the other, so that the last one wins.
 */
import { allNamespaces, type Bus, isOwnType, matcherOf, type Subscription } from "@tutti/bus";
import { GetTriggerRequest, type Trigger, type triggerService } from "@tutti/contracts/workflow/v1";
import { allEntries, type MachineDependencies } from "@tutti/host/serving";
import { type Component, errorFromUnknown, type Foundation, type Timer } from "@tutti/kernel";
import { triggerErrors } from "@tutti/machine-trigger";
import type { Client } from "@tutti/mesh";
import { planOf } from "../api/triggers/messages.ts";
import { Matching } from "./matching.ts";

export interface IndexParts {
  readonly bus: Pick<Bus, "subscribe">;
  readonly archive: MachineDependencies["archive"];
  readonly runtime: Pick<MachineDependencies["runtime"], "service">;
  readonly partitionOwner: Pick<MachineDependencies["partitionOwner"], "onOwner">;
  readonly triggers: Pick<Client<typeof triggerService>, "getTrigger">;
  readonly foundation: Pick<Foundation, "timers" | "logger">;
}

export interface IndexedTrigger {
  readonly namespace: string;
  readonly id: string;
  readonly matching: Matching;
}

/**
 * The bus reports changes and gaps. Missed changes are visible after this time. The thread sleeps meanwhile.
 */
const reloadMs = 300_000;
const pattern = "tutti.workflow.trigger.*";

export class TriggerIndex implements Component {
  readonly #parts: IndexParts;
  readonly #known = new Map<string, IndexedTrigger>();
  /** By namespace and type. */
  readonly #exact = new Map<string, Set<IndexedTrigger>>();
  readonly #patterns = new Map<IndexedTrigger, (event: { namespace: string; type: string }) => boolean>();
  readonly #reading = new Map<string, Promise<void>>();
  readonly #onChange = new Set<() => void>();
  #loaded: Promise<void> | undefined;
  #stopListening: (() => void) | undefined;
  #subscription: Subscription | undefined;
  #timer: Timer | undefined;

  constructor(parts: IndexParts) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    const { bus, foundation, partitionOwner } = this.#parts;
    this.#stopListening = partitionOwner.onOwner((service) => {
      if (service === this.#parts.runtime.service) this.#loaded = undefined;
    });
    this.#subscription = await bus.subscribe({
      pattern,
      namespace: allNamespaces,
      label: "triggers-changed",
      handle: { each: ({ namespace, subject }) => this.refresh(namespace, subject) },
      onGap: () => void this.#reload(),
    });
    this.#timer = foundation.timers.every(reloadMs, () => void this.#reload());
    void this.#reload();
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#stopListening?.();
    await this.#subscription?.close();
  }

  /** Registers a listener for new and changed triggers. */
  onChange(listener: () => void): void {
    this.#onChange.add(listener);
  }

  /** Resolves when all existing triggers are known. Rejects if they cannot be read. */
  ready(): Promise<void> {
    if (this.#loaded === undefined) {
      const loaded = this.#load().catch((error: unknown) => {
        if (this.#loaded === loaded) this.#loaded = undefined;
        throw error;
      });
      this.#loaded = loaded;
    }
    return this.#loaded;
  }

  /** Whether there is a trigger for events of Tutti itself. */
  get hasOwnEventTriggers(): boolean {
    for (const { matching } of this.#known.values()) if (matching.types.some(isOwnType)) return true;
    return false;
  }

  /** Yields triggers whose events have this type. */
  *candidates(event: { readonly namespace: string; readonly type: string }): Generator<IndexedTrigger> {
    yield* this.#exact.get(`${event.namespace} ${event.type}`) ?? [];
    for (const [trigger, matches] of this.#patterns) if (matches(event)) yield trigger;
  }

  /** Reads a trigger again. */
  refresh(namespace: string, id: string): Promise<void> {
    const key = `${namespace} ${id}`;
    const before = this.#reading.get(key) ?? Promise.resolve();
    // A failed read does not affect the next one.
    const reading = before.catch(() => {}).then(() => this.#read(namespace, id));
    this.#reading.set(key, reading);
    return reading.finally(() => {
      if (this.#reading.get(key) === reading) this.#reading.delete(key);
    });
  }

  async #reload(): Promise<void> {
    try {
      await this.ready();
      await this.#load();
    } catch (error) {
      this.#parts.foundation.logger.debug("failed to read the triggers, retrying", {
        code: errorFromUnknown(error).code,
      });
    }
  }

  async #load(): Promise<void> {
    // Without lag: the bus does not report a change that is older than the subscription.
    const entries = await allEntries(this.#parts, { namespace: "", kinds: ["trigger"] });
    const listed = entries.filter(({ endMs }) => endMs === 0).map(({ key }) => key);
    await Promise.all(listed.map(({ namespace, id }) => this.refresh(namespace, id)));
  }

  async #read(namespace: string, id: string): Promise<void> {
    const found = await this.#find(namespace, id);
    this.#remove(`${namespace} ${id}`);
    if (found !== undefined && !found.paused) this.#add(namespace, id, found);
    for (const listener of this.#onChange) listener();
  }

  async #find(namespace: string, id: string): Promise<Trigger | undefined> {
    try {
      const request = GetTriggerRequest.fromPartial({ namespace, triggerId: id });
      return (await this.#parts.triggers.getTrigger(request)).trigger;
    } catch (error) {
      if (triggerErrors.missing.is(error)) return undefined;
      throw error;
    }
  }

  #add(namespace: string, id: string, trigger: Trigger): void {
    const matching = new Matching(planOf(trigger), id);
    const indexed = { namespace, id, matching };
    this.#known.set(`${namespace} ${id}`, indexed);
    for (const type of matching.types) {
      if (/[*>]/.test(type)) this.#patterns.set(indexed, matcherOf({ namespace, pattern: type }));
      else {
        const name = `${namespace} ${type}`;
        const set = this.#exact.get(name) ?? new Set();
        this.#exact.set(name, set.add(indexed));
      }
    }
  }

  #remove(key: string): void {
    const indexed = this.#known.get(key);
    if (indexed === undefined) return;
    this.#known.delete(key);
    this.#patterns.delete(indexed);
    for (const type of indexed.matching.types) {
      const name = `${indexed.namespace} ${type}`;
      const set = this.#exact.get(name);
      set?.delete(indexed);
      if (set?.size === 0) this.#exact.delete(name);
    }
  }
}
