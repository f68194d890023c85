/** What becomes of the work of agents that go, or are not to have it any more. */
import type { PoolCore } from "../books.ts";
import { matchingErrors } from "../errors.ts";
import type { Agent, Task } from "../parts.ts";
import { endCopy, leaveToCopy } from "../task/copies.ts";
import { giveUp } from "../task/giving-way.ts";
import { fail } from "../task/outcomes.ts";
import { detach, letGoOf } from "../task/releasing.ts";
import { letOthers } from "../task/waiting.ts";

/** Whatever an agent has goes to others. */
export function giveAway(core: PoolCore, agent: Agent, reason: string, nowMs: number): void {
  for (const task of core.bound.of(agent.agentId)) letOthers(core, task);
  for (const task of agent.tasks()) lose(core, task, reason, nowMs);
}

/** An agent has lost one of its attempts. */
export function lose(core: PoolCore, task: Task, reason: string, nowMs: number): void {
  const { agent } = task;
  if (agent === undefined) return;
  if (task.stage !== "working") {
    letGoOf(core, task, nowMs);
    return;
  }
  agent.link?.outgoing.cancels.push({ token: task.offer.token, reason, graceMs: 0 });
  const { capability } = task.demand.wish;
  const parameters = { capability, agent: agent.agentId, reason };
  const refusal = matchingErrors.lost.refusal(parameters, { details: { agent: agent.agentId, reason } });
  const original = task.twin?.original;
  if (original !== undefined) {
    endCopy(core, task, nowMs);
    if (original.agent === undefined) fail(core, original, refusal, nowMs);
    return;
  }
  if (leaveToCopy(core, task, nowMs)) return;
  if (task.yields) {
    giveUp(core, task, nowMs);
    return;
  }
  detach(core, task, true, nowMs);
  fail(core, task, refusal, nowMs);
}
