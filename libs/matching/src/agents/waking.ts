/**
 * Wakes agents that sleep until they are needed, when tasks wait that they could do and no awake agent is
 * about to do them.
 */

import { Hold } from "@tutti/contracts/agent/v1";
import { isEverFit } from "../demand/fit.ts";
import { isStill, type LiveSettings } from "../settings.ts";
import type { Waiting } from "../task/waiting.ts";
import type { Agent, Cohort } from "./agent.ts";
import type { AgentStates } from "./agent-states.ts";

export class Waker {
  readonly #states: AgentStates;
  readonly #waiting: Waiting;
  readonly #settings: LiveSettings;

  constructor(states: AgentStates, waiting: Waiting, settings: LiveSettings) {
    this.#states = states;
    this.#waiting = waiting;
    this.#settings = settings;
  }

  /** At the end of a turn, after every possible assignment. */
  wakeOnDemand(nowMs: number): void {
    const { sleepers } = this.#states;
    if (sleepers.size === 0 || this.#waiting.count === 0 || isStill(this.#settings.current)) return;
    /** How many tasks the woken agents will take. */
    const taskCounts = new Map<Cohort, number>();
    for (const agent of sleepers) {
      const { cohort } = agent;
      if (cohort === undefined || !isSound(agent)) continue;
      const expected = taskCounts.get(cohort) ?? rousing(cohort);
      taskCounts.set(cohort, expected);
      if (waitingFor(agent, cohort) <= expected) continue;
      taskCounts.set(cohort, expected + agent.slots);
      if (agent.link !== undefined) agent.link.outgoing.wake = { reason: "there is something to do" };
      this.#states.markAwake(agent, "there is something to do", nowMs);
    }
  }
}

const { HOLD_NONE } = Hold;

/** Returns whether the agent could work if it were awake. */
function isSound({ isDisconnected, silent, hold }: Agent): boolean {
  return !isDisconnected && !silent && hold === HOLD_NONE;
}

/** Returns the slots of awake agents that have not requested anything yet. */
function rousing({ agents }: Cohort): number {
  let slots = 0;
  for (const agent of agents)
    if (agent.isAble && agent.credit === 0 && !agent.slowed)
      slots += Math.max(0, agent.capacity - agent.used);
  return slots;
}

function waitingFor(agent: Agent, { matches }: Cohort): number {
  let waiting = 0;
  for (const { demand } of matches) {
    if (!isEverFit(agent, demand.fit)) continue;
    waiting += demand.ganged;
    for (const { size } of demand.shares) waiting += size;
  }
  return waiting;
}
