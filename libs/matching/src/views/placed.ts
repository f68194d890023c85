/** Why a task was given to its agent. */
import { type Candidate, Explanation, type Wait, type WorkReference } from "@tutti/contracts/types/v1";
import { durationText, toTimestamp } from "@tutti/kernel";
import type { Placement, Placements } from "../placed/placements.ts";
import type { Strategy } from "../strategies/strategy.ts";
import type { Task } from "../task/task.ts";
import { textOf } from "./past-waits.ts";
import { kindOf } from "./work.ts";

/** Returns the state of the agents at the time of the placement. Undefined if it was forgotten. */
export function placementOf(placements: Placements, task: Task, nowMs: number): Placement | undefined {
  const { workId, taskId } = task.decodeOffer();
  return placements.find(
    (profile, work, id, agentId) =>
      profile === task.profile && work === workId && id === taskId && agentId === task.agent?.agentId,
    nowMs,
  );
}

/** Returns a task that has left, if it is remembered. */
export function explainPlaced(
  placements: Placements,
  strategy: Strategy,
  { namespace, kind, id, task }: WorkReference,
  nowMs: number,
): Explanation | undefined {
  const placement = placements.find(
    (profile, work, taskId) =>
      work === id && taskId === task && profile.namespace === namespace && kindOf({ profile }) === kind,
    nowMs,
  );
  if (placement === undefined) return undefined;
  const { atMs, readyMs, attempt, ranks, profile } = placement;
  const waited = `${durationText(atMs - readyMs)} after it was ready`;
  const at = new Date(atMs).toISOString();
  return Explanation.fromPartial({
    about: { namespace, kind, id, task },
    summary: `Attempt ${attempt} was given to ${ranks[0]?.agentId} at ${at}, ${waited}, and has left the pool. ${choiceText(placement)}`,
    candidates: candidatesAt(strategy, placement),
    waits: waitsBefore(profile.demand.requirements.capability, placement),
  });
}

/** Returns how many there were to choose from. */
export function choiceText({ agents, withRoom }: Placement): string {
  if (agents === 1) return "No other worker offers the same.";
  return `Of ${agents} agents alike ${withRoom === 1 ? "it alone" : withRoom} had room.`;
}

export function candidatesAt(strategy: Strategy, { ranks, preference }: Placement): Candidate[] {
  return ranks
    .map(({ agentId: id, rank }, at) => ({
      kind: "agent",
      id,
      chosen: at === 0,
      eligible: true,
      reason: "",
      score: preference - rank,
      parts: { preference, [strategy.name]: -rank },
    }))
    .sort((one, other) => Number(other.chosen) - Number(one.chosen) || other.score - one.score);
}

function waitsBefore(capability: string, { profile, readyMs, atMs }: Placement): Wait[] {
  return profile.demand.waits.between(readyMs, atMs).map(({ cause, fromMs, toMs }) => ({
    cause,
    message: textOf(cause, capability),
    subject: capability,
    holders: [],
    present: false,
    startTime: toTimestamp(fromMs),
    endTime: toTimestamp(toMs),
    waitedMs: toMs - fromMs,
  }));
}
