import type { Position } from "@tutti/contracts/registry/v1";
import { type Health, healthy } from "@tutti/kernel";
import type { Farewell, Registration } from "../directory/entry.ts";
import type { Store, StoreListener } from "./store.ts";

/** Entries of one registry alone, gone with its process; instances register again when they hear so. */
export class MemoryStore implements Store {
  readonly durable = false;
  readonly history: string;
  readonly #revisions = new Map<string, number>();
  #listener: StoreListener | undefined;
  #revision = 0;

  /** @param history a name that no other registry process ever uses */
  constructor(history: string) {
    this.history = history;
  }

  async start(listener: StoreListener): Promise<void> {
    this.#listener = listener;
    listener.began();
    listener.loaded();
  }

  async stop(): Promise<void> {}

  health(): Health {
    return healthy;
  }

  async put(registration: Registration): Promise<Position> {
    const revision = ++this.#revision;
    this.#revisions.set(registration.instance.id, revision);
    this.#listener?.stepped({ revision, put: registration });
    return { history: this.history, revision };
  }

  async remove(farewell: Farewell, _service: string, revision: number): Promise<boolean> {
    if (this.#revisions.get(farewell.instanceId) !== revision) return false;
    this.#revisions.delete(farewell.instanceId);
    this.#listener?.stepped({ revision: ++this.#revision, removed: farewell });
    return true;
  }

  renewed(): void {}
}
