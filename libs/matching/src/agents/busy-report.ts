/**
 * Which agents are busy by now, or no longer. That changes with every task, so it is not told at once: the party that
 * stands otherwise than was told is noted, and looked at once a second. What lasted shorter is not told.
 */
import type { PoolCore } from "../books.ts";
import type { Agent } from "../parts.ts";
import { Due } from "../time/due.ts";

const everyMs = 1_000;

export class BusyReport extends Due {
  readonly #core: PoolCore;
  #noted: Agent[] = [];
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(core: PoolCore) {
    super();
    this.#core = core;
  }

  note(agent: Agent): void {
    if (agent.isNoted) return;
    agent.isNoted = true;
    this.#noted.push(agent);
  }

  /** At the end of a turn: tells, or says when it will. */
  settle(nowMs: number): void {
    if (this.#noted.length === 0) return;
    if (nowMs < this.#toldMs + everyMs) this.#core.wheel.set(this, this.#toldMs + everyMs);
    else this.run(nowMs);
  }

  override run(nowMs: number): void {
    this.#toldMs = nowMs;
    const noted = this.#noted;
    this.#noted = [];
    for (const agent of noted) {
      agent.isNoted = false;
      if (this.#core.roster.get(agent.agentId) === agent) this.#core.tell(agent, agent.state, "", nowMs);
    }
  }
}
