import type { Position } from "@tutti/contracts/registry/v1";
import { type Clock, type Health, healthy } from "@tutti/kernel";
import type { Registration, Removal, Step } from "../directory/entry.ts";
import type { Store, StoreListener } from "./store.ts";

/** Entries of a single registry, lost with its process. Instances register again when they learn that. */
export class MemoryStore implements Store {
  readonly latenessMs = 0;
  readonly #history: string;
  readonly #clock: Clock;
  readonly #revisions = new Map<string, number>();
  #listener: StoreListener | undefined;
  #revision = 0;

  /** @param history a name that no other registry process ever uses */
  constructor(history: string, clock: Clock) {
    this.#history = history;
    this.#clock = clock;
  }

  async start(listener: StoreListener): Promise<void> {
    this.#listener = listener;
    listener.historyStarted({ name: this.#history, startMs: this.#clock.now() });
    listener.loaded();
  }

  async stop(): Promise<void> {}

  health(): Health {
    return healthy;
  }

  async put(registration: Registration): Promise<Position> {
    this.#revisions.set(registration.instance.id, this.#revision + 1);
    return this.#publish({ revision: this.#revision + 1, put: registration });
  }

  async replace(registration: Registration, revision: number): Promise<Position | undefined> {
    return this.#isAt(registration.instance.id, revision) ? this.put(registration) : undefined;
  }

  async remove(farewell: Removal, _service: string, revision: number): Promise<Position | undefined> {
    if (!this.#isAt(farewell.instanceId, revision)) return undefined;
    this.#revisions.delete(farewell.instanceId);
    return this.#publish({ revision: this.#revision + 1, removed: farewell });
  }

  async caughtUp(): Promise<void> {}

  renewed(): void {}

  #isAt(instanceId: string, revision: number): boolean {
    return this.#revisions.get(instanceId) === revision;
  }

  #publish(step: Step): Position {
    this.#revision = step.revision;
    this.#listener?.stepped(step);
    return { history: this.#history, revision: step.revision };
  }
}
