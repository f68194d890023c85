/**
 * The pause of a pool that has moved here. Senders may be quicker than agents, and an agent that has not
 * returned yet may be running an offered task.
 *
 * 1. The pause ends when all expected agents are here, if all are known. Otherwise after its maximum time.
 * 2. A late agent keeps its attempts for the time of a lease: it joins without a link. If it returns in that
 *    time, it continues. Otherwise the attempts are lost, and run elsewhere.
 * 3. The pool does not wait for senders: agents report running work. While a sender has not offered all of
 *    it, no limited task starts.
 */
import { AgentState, Hello } from "@tutti/contracts/agent/v1";
import type { AwaitedAgent } from "@tutti/contracts/swarm/v1";
import type { Timer, Timers } from "@tutti/kernel";
import type { AgentOutlet, Pool } from "@tutti/matching";
import type { PoolTime } from "./pool-time.ts";

/** Returns the expected agents of a pool by their ids. Undefined if unknown agents may come. */
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
        this.check();
      },
      // Then not all agents are known.
      () => {},
    );
  }

  /** Called when an agent may have joined. */
  check(): void {
    const awaited = this.#awaited;
    if (awaited === undefined) return;
    for (const agentId of awaited.keys()) if (this.#isHere(agentId)) awaited.delete(agentId);
    if (awaited.size === 0) this.#finish();
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
    this.#finish();
  }

  #finish(): void {
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

/** The outlet of an agent that has not returned yet. */
const silent: AgentOutlet = { send() {}, close() {} };
