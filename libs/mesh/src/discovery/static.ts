import { ChangeNotice } from "./change-notice.ts";
import type { Discovery, Instance } from "./discovery.ts";

const noInstances: readonly Instance[] = [];

/** A fixed list of instances: from configuration, or from a test. */
export class StaticDiscovery implements Discovery {
  readonly #instances = new Map<string, readonly Instance[]>();
  readonly #notice = new ChangeNotice();

  /** @param addresses by service: `{ registry: ["10.0.0.1:7401"] }` */
  constructor(addresses: Readonly<Record<string, readonly string[]>> = {}) {
    for (const [service, list] of Object.entries(addresses)) this.set(service, list);
  }

  /** Replaces all instances of a service. An instance's id is its address. */
  set(service: string, addresses: readonly string[]): void {
    this.#instances.set(
      service,
      addresses.map((address) => ({ id: address, service, address, draining: false })),
    );
    this.#notice.changed(service);
  }

  instancesOf(service: string): readonly Instance[] {
    return this.#instances.get(service) ?? noInstances;
  }

  watch(service: string, changed: () => void): () => void {
    return this.#notice.watch(service, changed);
  }
}
