/**
 * Those who share agents take turns: as long as each of them has tasks waiting for these, they get about as many starts.
 *
 * 1. A task waits from the moment at which the pool has its offer, until an agent is given it or it leaves the pool.
 *    What was given once is offered again when its sender is another one. It has an agent, or its result.
 * 2. Starts are counted while all have something waiting, and from the beginning again after one had nothing: a sender
 *    without tasks has no claim on what others get meanwhile.
 * 3. They differ by no more than one turn of the pool gives out, and one start for each agent. Agents with another
 *    offer have a line of their own.
 */
import type { PoolScene } from "./pool-scene.ts";

interface Party {
  waiting: number;
  started: number;
}

interface Waiting {
  readonly party: Party;
  /** That it was offered on. */
  readonly stream: object;
}

export class FairnessCheck {
  readonly #world: PoolScene;
  readonly #parties = new Map<string, Party>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #given = new Set<string>();

  constructor(world: PoolScene) {
    this.#world = world;
  }

  /** Another owner: nothing was offered to it. */
  clear(): void {
    this.#parties.clear();
    this.#waiting.clear();
    this.#given.clear();
  }

  offered(namespace: string, token: string, stream: object): void {
    if (this.#given.has(token)) return;
    const party = this.#parties.get(namespace) ?? { waiting: 0, started: 0 };
    this.#parties.set(namespace, party);
    this.#remove(token);
    if (party.waiting === 0) this.#beginAgain();
    this.#waiting.set(token, { party, stream });
    party.waiting++;
  }

  /** It waits no more on a stream. A stream of before may say so after the task was offered on another one. */
  left(token: string, stream: object): void {
    if (this.#waiting.get(token)?.stream === stream) this.#remove(token);
  }

  #remove(token: string): void {
    const waiting = this.#waiting.get(token);
    if (waiting === undefined) return;
    this.#waiting.delete(token);
    waiting.party.waiting--;
  }

  /** Its sender does not want it. Offered again, it waits again, from any agent. */
  withdrawn(token: string): void {
    this.#given.delete(token);
    this.#remove(token);
  }

  /** What was offered on it has left the pool. */
  closed(stream: object): void {
    for (const [token, waiting] of this.#waiting) if (waiting.stream === stream) this.#remove(token);
  }

  started(token: string): void {
    this.#given.add(token);
    const waiting = this.#waiting.get(token);
    if (waiting === undefined) return;
    const parties = [...this.#parties.values()];
    const doAllWait = parties.every((party) => party.waiting > 0);
    this.#remove(token);
    if (!doAllWait || parties.length < 2) return;
    waiting.party.started++;
    this.#compare(parties.map(({ started }) => started));
  }

  #beginAgain(): void {
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
