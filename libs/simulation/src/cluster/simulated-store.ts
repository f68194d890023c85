/** The connection of a process to the store of the ownership table, with delays, losses and cuts. */
import {
  type OwnershipStore,
  ownershipErrors,
  type SharedKeys,
  type StoreChange,
  type StoredValue,
} from "@tutti/runtime/ownership";
import type { Network } from "../network/network.ts";
import { never } from "../storage/observed-journal.ts";
import type { Life } from "../world/process.ts";
import type { World } from "../world/world.ts";

const storeNode = "coordinator";
/** An operation without an answer is given up after this long. */
const patienceMs = 1_000;
/** Maximum time until a change is reported, and the interval of checks for a cut. */
const reportDelayMs = 5;
const reconnectCheckMs = 50;

export class SimulatedStore implements OwnershipStore {
  readonly #world: World;
  readonly #network: Network;
  readonly #life: Life;
  readonly #keys: SharedKeys;
  #refreshedTo = 0;

  constructor(world: World, network: Network, life: Life, keys: SharedKeys) {
    this.#world = world;
    this.#network = network;
    this.#life = life;
    this.#keys = keys;
  }

  read(key: string): Promise<StoredValue | undefined> {
    return this.#request(`reading of ${key}`, () => {
      const { value, revision } = this.#keys.entry(key);
      return value && { value, revision };
    });
  }

  change(key: string, value: Uint8Array, revision: number): Promise<number | undefined> {
    const bytes = new Uint8Array(value);
    return this.#request(`writing of ${key}`, () => this.#keys.set(key, bytes, revision));
  }

  renew(key: string, value: Uint8Array, revision: number): Promise<number | undefined> {
    const bytes = new Uint8Array(value);
    return this.#request(`renewal of ${key}`, () => this.#keys.set(key, bytes, revision, true));
  }

  refresh(): void {
    this.#refreshedTo = this.#keys.length;
    this.#keys.wake();
  }

  remove(key: string, revision: number): Promise<boolean> {
    const remove = (): boolean => revision !== 0 && this.#keys.set(key, undefined, revision) !== undefined;
    return this.#request(`removal of ${key}`, remove);
  }

  async *watch(signal: AbortSignal): AsyncGenerator<StoreChange, void> {
    const { position, snapshot } = await this.#request("watch", () => ({
      position: this.#keys.length,
      snapshot: this.#keys.snapshot(),
    }));
    yield* snapshot;
    yield { kind: "caught-up" };
    for (let reported = position; !signal.aborted; ) {
      await this.#pause(this.#world.drawDelay(reportDelayMs));
      while (this.#network.isDisconnected(this.#life.name, storeNode)) await this.#pause(reconnectCheckMs);
      const changes = this.#keys.since(reported, this.#refreshedTo);
      reported += changes.length;
      yield* changes;
      if (changes.length === 0) await this.#keys.next(signal);
    }
  }

  /** The end of a cut is not reported: the next attempt finds it. */
  onReconnect(): () => void {
    return () => {};
  }

  tidy(): Promise<void> {
    return Promise.resolve();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#life.schedule(ms, resolve);
    });
  }

  #request<Answer>(operation: string, serve: () => Answer): Promise<Answer> {
    const life = this.#life;
    if (!life.cross()) return never();
    return new Promise((resolve, reject) => {
      const timer = life.schedule(patienceMs, () =>
        reject(ownershipErrors.storeUnavailable({ operation, reason: "no answer" })),
      );
      const { name } = life;
      this.#network.send(name, storeNode, life.localMs, operation, () => {
        const answer = serve();
        this.#network.send(storeNode, name, this.#world.elapsedMs, `the answer to the ${operation}`, () => {
          life.schedule(0, () => {
            timer.cancel();
            resolve(answer);
          });
        });
      });
    });
  }
}
