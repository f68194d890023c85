/**
 * The network between processes: it delays, drops, doubles and reorders messages, and is cut.
 *
 * A message is a call on the other side. The sender does not learn its outcome. An answer is a message of its
 * own. Messages of a connection keep their order. Others overtake each other by their delays.
 */
import type { Chance } from "@tutti/kernel";
import type { World } from "../world/world.ts";

/** Shares of messages with each fault, and the duration of a message. */
export interface NetworkFaults {
  readonly drops: number;
  readonly doubles: number;
  /** The message takes up to `slowMs` instead of up to `latencyMs`. */
  readonly slow: number;
  readonly latencyMs: number;
  readonly slowMs: number;
}

export const reliableNetwork: NetworkFaults = { drops: 0, doubles: 0, slow: 0, latencyMs: 1, slowMs: 0 };

/** A party on the network: a process by its name, `client`, `journal` … */
export type Node = string;

/** Messages on it arrive in the order in which they were sent, or not at all. */
export class Connection {
  lastArrivalMs = 0;
}

export class Network {
  readonly #world: World;
  readonly #chance: Chance;
  #faults: NetworkFaults;
  /** Until when a pair of nodes cannot reach each other. */
  readonly #disconnectedUntil = new Map<string, number>();

  constructor(world: World, faults: NetworkFaults) {
    this.#world = world;
    this.#chance = world.chanceFor("network");
    this.#faults = faults;
  }

  /** Ends all faults: from now on every message arrives, soon and once. */
  settleDown(): void {
    this.#faults = reliableNetwork;
    this.#disconnectedUntil.clear();
  }

  disconnect(one: Node, other: Node, ms: number): void {
    this.#world.trace("network", () => `${one} and ${other} are cut off from each other for ${ms} ms`);
    this.#disconnectedUntil.set(pair(one, other), this.#world.elapsedMs + ms);
  }

  isDisconnected(one: Node, other: Node): boolean {
    return (this.#disconnectedUntil.get(pair(one, other)) ?? 0) > this.#world.elapsedMs;
  }

  /** Sends a message at `fromMs` or later. It arrives after a delay, more than once, or never. */
  send(
    from: Node,
    to: Node,
    fromMs: number,
    label: string,
    arrive: () => void,
    connection?: Connection,
  ): void {
    const { drops, doubles } = this.#faults;
    if (this.isDisconnected(from, to) || this.#happens(drops)) {
      this.#world.trace("network", () => `loses ${label} from ${from} to ${to}`);
      return;
    }
    this.#transmit(fromMs, arrive, connection);
    if (connection === undefined && this.#happens(doubles)) {
      this.#world.trace("network", () => `doubles ${label} from ${from} to ${to}`);
      this.#transmit(fromMs, arrive, undefined);
    }
  }

  #transmit(fromMs: number, arrive: () => void, connection: Connection | undefined): void {
    const { slow, slowMs, latencyMs } = this.#faults;
    const delayMs = this.#chance.random() * (this.#happens(slow) ? slowMs : latencyMs);
    const arrivalMs = Math.max(fromMs + delayMs, connection?.lastArrivalMs ?? 0);
    if (connection !== undefined) connection.lastArrivalMs = arrivalMs;
    this.#world.at(arrivalMs, arrive);
  }

  #happens(share: number): boolean {
    return share > 0 && this.#chance.random() < share;
  }
}

function pair(one: Node, other: Node): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`;
}
