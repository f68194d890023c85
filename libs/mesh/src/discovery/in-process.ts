import type { LocalServer } from "../transport/in-process/link.ts";
import { ChangeNotice } from "./change-notice.ts";
import type { Discovery, Instance } from "./discovery.ts";

const noInstances: readonly Instance[] = [];

/** The servers of this process, by their instances. Meshes that share it call each other directly. */
export class InProcessNetwork implements Discovery {
  readonly #byService = new Map<string, readonly Instance[]>();
  readonly #servers = new Map<string, LocalServer>();
  readonly #notice = new ChangeNotice();

  /** Adds an instance, or replaces the one with its id. */
  attach(instance: Instance, server: LocalServer): void {
    const others = this.instancesOf(instance.service).filter(({ id }) => id !== instance.id);
    this.#servers.set(instance.id, server);
    this.#set(instance.service, [...others, instance]);
  }

  detach({ id, service }: Instance): void {
    if (!this.#servers.delete(id)) return;
    this.#set(
      service,
      this.instancesOf(service).filter((instance) => instance.id !== id),
    );
  }

  serverOf(instance: Instance): LocalServer | undefined {
    const server = this.#servers.get(instance.id);
    // An owner with an empty address is this process itself, under any name.
    if (server !== undefined || instance.address !== "") return server;
    const [first] = this.instancesOf(instance.service);
    if (first !== undefined) return this.#servers.get(first.id);
    // A contract may be hosted under another name: the server knows its host.
    const [any] = this.#servers.values();
    return any;
  }

  instancesOf(service: string): readonly Instance[] {
    return this.#byService.get(service) ?? noInstances;
  }

  watch(service: string, changed: () => void): () => void {
    return this.#notice.watch(service, changed);
  }

  #set(service: string, instances: readonly Instance[]): void {
    if (instances.length === 0) this.#byService.delete(service);
    else this.#byService.set(service, instances);
    this.#notice.changed(service);
  }
}
