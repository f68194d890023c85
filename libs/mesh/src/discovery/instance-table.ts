/**
 * The instances known to a watcher of the registry.
 *
 * 1. The known instances are replaced by a complete snapshot, never by a part of one.
 * 2. An absent instance counts as gone only if the registry reports itself as complete. A registry that has just lost
 *    its memory is incomplete, and unnamed instances stay known until it is complete.
 */
import {
  type Change,
  HealthState,
  type Instance as RegistryInstance,
  type WatchReply,
} from "@tutti/contracts/registry/v1";
import { ChangeNotice } from "./change-notice.ts";
import type { Discovery, Instance } from "./discovery.ts";

const noInstances: readonly Instance[] = [];

export class InstanceTable implements Discovery {
  readonly #known = new Map<string, Instance>();
  readonly #byService = new Map<string, readonly Instance[]>();
  readonly #notice = new ChangeNotice();
  /** Known from before and not named by the registry since it lost its memory. */
  readonly #unconfirmed = new Set<string>();
  #snapshot: RegistryInstance[] = [];

  get size(): number {
    return this.#known.size;
  }

  instancesOf(service: string): readonly Instance[] {
    return this.#byService.get(service) ?? noInstances;
  }

  watch(service: string, changed: () => void): () => void {
    return this.#notice.watch(service, changed);
  }

  /** A new stream starts: parts of an incomplete snapshot are dropped. */
  startSnapshot(): void {
    this.#snapshot = [];
  }

  apply({ news, complete }: WatchReply): void {
    const touched = new Set<string>();
    if (news?.$case === "snapshot") {
      this.#snapshot.push(...news.value.instances);
      if (!news.value.last) return;
      this.#replace(this.#snapshot, touched);
      this.#snapshot = [];
    } else if (news?.$case === "changes") {
      for (const change of news.value.changes) this.#change(change, touched);
    }
    if (complete) this.#dropUnconfirmed(touched);
    for (const service of touched) this.#publish(service);
  }

  #replace(instances: readonly RegistryInstance[], touched: Set<string>): void {
    const missing = new Set(this.#known.keys());
    for (const instance of instances) {
      missing.delete(instance.id);
      this.#set(instance, touched);
    }
    for (const id of missing) this.#unconfirmed.add(id);
  }

  #change({ what }: Change, touched: Set<string>): void {
    if (what?.$case === "put") this.#set(what.value, touched);
    else if (what?.$case === "removed") this.#remove(what.value.instanceId, touched);
  }

  #set(registered: RegistryInstance, touched: Set<string>): void {
    const instance = instanceOf(registered);
    const before = this.#known.get(instance.id);
    this.#unconfirmed.delete(instance.id);
    if (before !== undefined && same(before, instance)) return;
    this.#known.set(instance.id, instance);
    touched.add(instance.service);
    if (before !== undefined) touched.add(before.service);
  }

  #remove(id: string, touched: Set<string>): void {
    const before = this.#known.get(id);
    if (before === undefined) return;
    this.#known.delete(id);
    this.#unconfirmed.delete(id);
    touched.add(before.service);
  }

  #dropUnconfirmed(touched: Set<string>): void {
    for (const id of [...this.#unconfirmed]) this.#remove(id, touched);
  }

  #publish(service: string): void {
    // An instance without an address can be called only in its own process.
    const instances = [...this.#known.values()].filter(
      (instance) => instance.service === service && instance.address !== "",
    );
    if (instances.length === 0) this.#byService.delete(service);
    else this.#byService.set(service, instances);
    this.#notice.changed(service);
  }
}

/** An open breaker keeps away calls that another instance can serve, like draining. */
function instanceOf({ id, service, address, health, openBreaker }: RegistryInstance): Instance {
  const state = health?.state;
  const draining =
    state === HealthState.HEALTH_STATE_DRAINING ||
    state === HealthState.HEALTH_STATE_NOT_READY ||
    openBreaker !== "";
  return { id, service, address, draining };
}

function same(one: Instance, other: Instance): boolean {
  return one.service === other.service && one.address === other.address && one.draining === other.draining;
}
