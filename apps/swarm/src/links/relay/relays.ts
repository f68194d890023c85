/** The relays of this process: one for each pool that is owned elsewhere and has agents whose links end here. */
import { PoolRelay, type PoolRelayParts } from "./pool-relay.ts";

export type RelaysParts = Omit<PoolRelayParts, "namespace" | "name" | "onIdle">;

export class Relays {
  readonly #parts: RelaysParts;
  readonly #relays = new Map<string, PoolRelay>();

  constructor(parts: RelaysParts) {
    this.#parts = parts;
  }

  get all(): Iterable<PoolRelay> {
    return this.#relays.values();
  }

  /** Returns the relay to a pool, made for the first agent that `join` admits. */
  to(namespace: string, name: string, join: (relay: PoolRelay) => void): PoolRelay {
    const key = `${namespace}/${name}`;
    const known = this.#relays.get(key);
    if (known !== undefined) {
      join(known);
      return known;
    }
    const relay: PoolRelay = new PoolRelay({
      ...this.#parts,
      namespace,
      name,
      onIdle: () => this.#idle(key, relay),
    });
    this.#relays.set(key, relay);
    join(relay);
    relay.start();
    return relay;
  }

  stop(): void {
    for (const relay of this.#relays.values()) relay.stop();
  }

  /** Restarts a relay for an agent that came while the last stream ended, or removes it. */
  #idle(key: string, relay: PoolRelay): void {
    if (!relay.isIdle && !relay.isStopped) relay.start();
    else this.#relays.delete(key);
  }
}
