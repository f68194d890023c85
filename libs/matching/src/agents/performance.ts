/** Learns from results: how long attempts take, how many fail, how much concurrency an agent may have. */
import type { Result } from "@tutti/contracts/agent/v1";
import { RetryClass } from "@tutti/contracts/types/v1";
import type { LearnedTimes } from "../match/learned-times.ts";
import type { Task } from "../task/task.ts";
import type { Agent } from "./agent.ts";
import type { Holds } from "./holds.ts";
import type { CapabilityPauses } from "./pauses.ts";

export class AgentPerformance {
  readonly #times: LearnedTimes;
  readonly #holds: Holds;
  readonly #pauses: CapabilityPauses;

  constructor(times: LearnedTimes, holds: Holds, pauses: CapabilityPauses) {
    this.#times = times;
    this.#holds = holds;
    this.#pauses = pauses;
  }

  /** Records a result. An agent whose busy answers lowered its concurrency gets it back step by step. */
  record(agent: Agent, task: Task, result: Result, nowMs: number): void {
    const { capability } = task.demand.requirements;
    const elapsedMs = nowMs - task.assignedMs;
    this.#learn(agent, capability, elapsedMs, result, nowMs);
    agent.busyInRow = 0;
    if (agent.pauses.size > 0) this.#pauses.recordNotBusy(agent, capability);
    agent.busyMs += elapsedMs;
    const { outcome, used } = result;
    agent.tokens += used?.tokens ?? 0;
    agent.money += used?.money ?? 0;
    if (outcome?.$case === "failed") {
      agent.failed++;
      if (outcome.value.retry !== RetryClass.RETRY_CLASS_NEVER) this.#holds.failed(agent, capability, nowMs);
    } else {
      agent.completed++;
      agent.breaker.close();
    }
    if (agent.allowed < agent.slots) agent.allowed = Math.min(agent.slots, agent.allowed + 1 / agent.allowed);
  }

  /** The reported time counts only up to the time that the agent had the task. */
  #learn(
    agent: Agent,
    capability: string,
    elapsedMs: number,
    { outcome, runMs }: Result,
    nowMs: number,
  ): void {
    const durationMs = runMs > 0 ? Math.min(runMs, elapsedMs) : elapsedMs;
    const failed = outcome?.$case === "failed";
    const slowness = this.#times.learn(agent.agentId, capability, durationMs, failed, nowMs);
    if (slowness !== undefined) agent.slowness = slowness;
  }
}
