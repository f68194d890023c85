/**
 * Checks that parties that share agents take turns: as long as each has waiting tasks for these agents, they
 * get about the same number of starts.
 *
 * 1. A task waits from the time when the pool has its offer, until an agent is given it or it leaves the
 *    pool. A task that was given once is offered again after a change of its sender. Then it already has an
 *    agent, or its result.
 * 2. Starts are counted while all have waiting tasks, and from zero again after one had none: a sender
 *    without tasks has no claim on the starts of others in that time.
 * 3. The counts differ by at most the starts of one turn of the pool, and one start per agent. Agents with
 *    another offering have their own line.
 */
import type { PoolScene } from "./pool-scene.ts";

interface Party {
  waiting: number;
  started: number;
}

interface Waiting {
  readonly party: Party;
  /** The stream of its offer. */
  readonly stream: object;
}

export class FairnessCheck {
  readonly #world: PoolScene;
  readonly #parties = new Map<string, Party>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #assigned = new Set<string>();

  constructor(world: PoolScene) {
    this.#world = world;
  }

  /** Forgets all offers, for another owner. */
  clear(): void {
    this.#parties.clear();
    this.#waiting.clear();
    this.#assigned.clear();
  }

  offered(namespace: string, token: string, stream: object): void {
    if (this.#assigned.has(token)) return;
    const party = this.#parties.get(namespace) ?? { waiting: 0, started: 0 };
    this.#parties.set(namespace, party);
    this.#remove(token);
    if (party.waiting === 0) this.#resetStarts();
    this.#waiting.set(token, { party, stream });
    party.waiting++;
  }

  /** Records that a task left a stream. A late report of an earlier stream is ignored. */
  recordRemoval(token: string, stream: object): void {
    if (this.#waiting.get(token)?.stream === stream) this.#remove(token);
  }

  #remove(token: string): void {
    const waiting = this.#waiting.get(token);
    if (waiting === undefined) return;
    this.#waiting.delete(token);
    waiting.party.waiting--;
  }

  /** Records that its sender withdrew a task. If offered again, it waits again. */
  withdrawn(token: string): void {
    this.#assigned.delete(token);
    this.#remove(token);
  }

  /** Removes the tasks that were offered on a closed stream. */
  closed(stream: object): void {
    for (const [token, waiting] of this.#waiting) if (waiting.stream === stream) this.#remove(token);
  }

  started(token: string): void {
    this.#assigned.add(token);
    const waiting = this.#waiting.get(token);
    if (waiting === undefined) return;
    const parties = [...this.#parties.values()];
    const areAllWaiting = parties.every((party) => party.waiting > 0);
    this.#remove(token);
    if (!areAllWaiting || parties.length < 2) return;
    waiting.party.started++;
    this.#compare(parties.map(({ started }) => started));
  }

  #resetStarts(): void {
    for (const party of this.#parties.values()) party.started = 0;
  }

  #compare(starts: readonly number[]): void {
    const { agents, isQuiet } = this.#world.plan;
    if (!isQuiet) return;
    const slots = agents.reduce((sum, agent) => sum + agent.slots, 0);
    const difference = Math.max(...starts) - Math.min(...starts);
    if (difference > slots + agents.length)
      this.#world.found("fairness", `shares differ by ${difference} starts, with ${slots} slots`);
  }
}
