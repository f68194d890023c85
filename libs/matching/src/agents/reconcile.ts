/** What an agent says it has, compared with what is known of it. */

import type { PoolCore } from "../books.ts";
import type { Agent, Task } from "../parts.ts";
import { hold, requeue } from "../task/attempts.ts";
import { detach, letGoOf } from "../task/releasing.ts";
import { TokenTable } from "../task/token-table.ts";
import { stopWaiting } from "../task/waiting.ts";
import { lose } from "./losing.ts";

/**
 * Returns the tokens that the agent can forget.
 *
 * 1. What both know continues, and so does a result that its sender does not have durable: the agent repeats it.
 * 2. What waits here was offered by its sender before its agent came back, as after a change of owners: it is running,
 *    and not given to another agent, if the agent offers what it takes, or has come to answer alone. Slots do not
 *    count: the agent names results that wait to be durable too, and these need none.
 * 3. An unknown attempt belongs, in a pool that has just moved here, to a sender that has yet to come.
 * 4. What the agent does not name it does not have. The same incarnation never got it, if it never said that it
 *    started. Of another incarnation it is unknown how far it came.
 */
export function reconcile(
  core: PoolCore,
  agent: Agent,
  running: readonly Uint8Array[],
  isSame: boolean,
  nowMs: number,
): Uint8Array[] {
  const unwanted: Uint8Array[] = [];
  const named = new TokenTable<true>(0);
  core.claims.drop(agent);
  const isYoung = nowMs < core.claimUntilMs;
  for (const token of running) {
    const task = core.tasks.get(token);
    if (task === undefined) {
      if (token.length !== 16 || !isYoung || !core.claims.add(token, agent, nowMs)) unwanted.push(token);
    } else if (task.agent === agent && task.stage === "working") named.set(token, true);
    else if (mayHave(task, agent)) {
      stopWaiting(core, task, nowMs);
      hold(core, task, agent, nowMs);
      named.set(token, true);
    } else if (!isKept(task, agent)) unwanted.push(token);
  }
  for (const task of agent.tasks()) {
    if (task.stage !== "working") letGoOf(core, task, nowMs);
    else if (named.get(task.offer.token) === undefined) {
      if (isSame && task.begunMs === 0 && task.twin?.original === undefined) {
        detach(core, task, false, nowMs);
        requeue(core, task, nowMs);
      } else lose(core, task, "the agent does not have it any more", nowMs);
    }
  }
  core.readiness.loosened(agent);
  return unwanted;
}

/** Returns whether a task that waits may be running at the agent. */
function mayHave({ stage, demand }: Task, agent: Agent): boolean {
  if (stage !== "queued" && stage !== "limited" && stage !== "hooked" && stage !== "away") return false;
  // One that polls and has come back to answer alone says what it has, and not what it offers.
  return agent.offered.length === 0 || demand.matches.some(({ cohort }) => cohort === agent.cohort);
}

/** Returns whether the agent has a result of it that is not durable yet. */
function isKept({ stage, link, agent: owner }: Task, agent: Agent): boolean {
  return stage === "ended" && owner === undefined && link?.agentId === agent.agentId;
}
