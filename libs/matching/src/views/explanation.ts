import { Offer, type OfferProfile } from "@tutti/contracts/swarm/v1";
import { type Candidate, Explanation } from "@tutti/contracts/types/v1";
import { type Refusal, toTimestamp } from "@tutti/kernel";
import { namedMax } from "../bounds.ts";
import { matchingErrors } from "../errors.ts";
import { profileProblem } from "../offers/profile.ts";
import type { PoolCore, Task } from "../parts.ts";
import { OfferedTask } from "../task/task.ts";
import { missingReason, obstacleOf, type Reason, reasonsOf } from "./waits.ts";
import { workOf } from "./work.ts";

/** Why a task is where it is. */
export function explainTask(core: PoolCore, task: Task, nowMs: number): Explanation {
  const { stage, agent, readyMs } = task;
  const about = workOf(task);
  if (stage === "working" && agent !== undefined) {
    const forMs = Math.round(nowMs - task.assignedMs);
    const summary = `It was given to ${agent.agentId} ${forMs} ms ago, and ${
      task.begunMs === 0 ? "has not said that it began" : "is at work"
    }.`;
    return Explanation.fromPartial({ about, summary, candidates: candidatesOf(core, task) });
  }
  if (stage === "ended" || stage === "forgotten")
    return Explanation.fromPartial({ about, summary: "It has ended; its result waits to be durable." });
  const missing = missingReason(core, task);
  const reasons = missing === undefined ? reasonsOf(core, task, nowMs) : [missing];
  const [first] = reasons;
  return Explanation.fromPartial({
    about,
    summary: first === undefined ? "It is given out at the next turn." : `It waits: ${first.message}.`,
    waits: reasons.map((reason) => waitOf(reason, readyMs, nowMs)),
    candidates: candidatesOf(core, task),
    remedies: reasons.map(({ remedy }) => ({ text: remedy, command: "" })),
  });
}

/** Why a task would wait that was offered now: of a task that is in no queue. */
export function explainProfile(core: PoolCore, sent: OfferProfile, nowMs: number): Explanation | Refusal {
  const problem = profileProblem(sent);
  if (problem !== undefined) return matchingErrors.profileInvalid.refusal({ number: sent.number, problem });
  const profile = core.profiles.take(sent, core.namespace);
  try {
    const task = new OfferedTask(core, Offer.create(), profile, nowMs);
    return explainTask(core, task, nowMs);
  } finally {
    core.profiles.giveBack(profile);
  }
}

function waitOf({ cause, message, subject, holders }: Reason, readyMs: number, nowMs: number) {
  return {
    cause,
    message,
    subject,
    holders: [...holders],
    present: true,
    startTime: toTimestamp(readyMs),
    endTime: undefined,
    waitedMs: nowMs - readyMs,
  };
}

/** The agents that offer what it asks for, the first in the order first. */
function candidatesOf(core: PoolCore, task: Task): Candidate[] {
  const { strategy } = core.settings;
  const agents = task.demand.sites.flatMap(({ cohort, preference }) =>
    [...cohort.agents].map((agent) => ({ agent, preference, rank: strategy.rank(agent) })),
  );
  return agents
    .sort((one, other) => other.preference - one.preference || one.rank - other.rank)
    .slice(0, namedMax)
    .map(({ agent, preference, rank }) => {
      const chosen = task.agent === agent;
      const reason = chosen ? "" : obstacleOf(agent, task);
      return {
        kind: "agent",
        id: agent.agentId,
        chosen,
        eligible: chosen || reason === "",
        score: preference - rank,
        parts: { preference, [strategy.name]: -rank },
        reason,
      };
    });
}
