/**
 * A pool that has moved here gives out nothing at first: senders may be quicker than agents, and what they offer may be
 * running at one that has not come back yet.
 *
 * 1. It ends when all expected agents are here, if that is known of all. Otherwise when its time is over.
 * 2. An agent that is late keeps its attempts for the time of a lease: it joins without a link. If it comes in that
 *    time, it continues with them. Otherwise they are lost, and run elsewhere.
 * 3. Senders are not waited for: of running work agents tell, and nothing that is limited starts while a sender has yet
 *    to offer some of that.
 */
import { AgentState, Hello } from "@tutti/contracts/agent/v1";
import type { AwaitedAgent } from "@tutti/contracts/swarm/v1";
import type { Timer, Timers } from "@tutti/kernel";
import type { AgentOutlet, Pool } from "@tutti/matching";
import type { PoolTime } from "./pool-time.ts";

/** The agents that are to come to a pool, by their ids. Undefined if unknown agents may come. */
export type RollCall = (pool: Pool) => Promise<ReadonlyMap<string, AwaitedAgent> | undefined>;

export interface SettlingParts {
  readonly pool: Pool;
  readonly timers: Timers;
  readonly settleMs: number;
  readonly now: PoolTime;
}

export class Settling {
  readonly #parts: SettlingParts;
  readonly #over: () => void;
  #isOver = false;
  #timer: Timer | undefined;
  #awaited: Map<string, AwaitedAgent> | undefined;

  constructor(parts: SettlingParts, over: () => void) {
    this.#parts = parts;
    this.#over = over;
  }

  start(callRoll: RollCall): void {
    const { pool, timers, settleMs } = this.#parts;
    this.#timer = timers.after(settleMs, () => this.#endLate());
    void callRoll(pool).then(
      (expected) => {
        this.#awaited = expected && new Map(expected);
        this.look();
      },
      // Then it is not known of all.
      () => {},
    );
  }

  /** An agent may have come. */
  look(): void {
    const awaited = this.#awaited;
    if (awaited === undefined) return;
    for (const agentId of awaited.keys()) if (this.#isHere(agentId)) awaited.delete(agentId);
    if (awaited.size === 0) this.#end();
  }

  stop(): void {
    this.#isOver = true;
    this.#timer?.cancel();
  }

  #endLate(): void {
    if (this.#isOver) return;
    const { pool, now } = this.#parts;
    for (const { agentId, incarnation, tokens } of this.#awaited?.values() ?? []) {
      if (tokens.length === 0 || this.#isHere(agentId)) continue;
      const hello = Hello.create({ agentId, incarnation, running: tokens });
      pool.join(hello, "", silent, now());
    }
    this.#end();
  }

  #end(): void {
    if (this.#isOver) return;
    this.stop();
    this.#over();
  }

  #isHere(agentId: string): boolean {
    const { pool, now } = this.#parts;
    const state = pool.agent(agentId, now())?.state ?? AgentState.AGENT_STATE_GONE;
    return state !== AgentState.AGENT_STATE_GONE && state !== AgentState.AGENT_STATE_STARTING;
  }
}

/** Of an agent that has not come yet. */
const silent: AgentOutlet = { send() {}, end() {} };
