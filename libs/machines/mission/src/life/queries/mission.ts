/** A mission as a message of the contract. */
import type { Mission as MissionMessage, MissionSpec, Participant } from "@tutti/contracts/swarm/v1";
import type { Cause, Outcome } from "@tutti/contracts/types/v1";
import type { RunEnding } from "@tutti/contracts/workflow/v1";
import type { Query, ReadOnly } from "@tutti/kernel";
import { countsOf, type Data, momentOf, workOutcome } from "@tutti/machine-work";
import { hasEnded, type Mission, type MissionView, statusOf } from "../../core/state/state.ts";
import { missionErrors } from "../../errors.ts";
import { endingOf, outputOf } from "../end.ts";
import { budgetMessage } from "./budget.ts";
import { explanationOf } from "./explain.ts";

export interface ShowMissionOptions {
  /** Includes the input and participants of the specification, and the output. */
  readonly whole: boolean;
}

export const showMission: Query<Mission, ShowMissionOptions, MissionMessage> = {
  type: "mission",
  answer(mission, { whole }, { key, nowMs }) {
    const { order } = mission;
    if (order === undefined || mission.removeMs > 0)
      return missionErrors.missionMissing.refusal({ id: key.id });
    const cause = mission.createCause as Cause | undefined;
    return {
      namespace: key.namespace,
      missionId: key.id,
      spec: specMessage(mission, whole),
      definition: order.definition,
      definitionHash: order.hash,
      status: statusOf(mission),
      statusReason: hasEnded(mission) ? "" : explanationOf(mission, nowMs).summary,
      outcome: outcomeOf(mission, whole),
      tasks: countsOf(mission.counts, mission.tasks.length),
      participants: whole ? [...mission.participants.values()].map(participantMessage) : [],
      leader: mission.leader,
      budget: budgetMessage(mission),
      openApprovals: mission.openQuestions,
      openVotes: mission.openVotes,
      trouble: mission.trouble,
      parent: order.parent && { ...order.parent },
      root: order.root && { ...order.root },
      depth: order.depth,
      // Only the history knows it.
      eventCount: 0,
      createTime: momentOf(mission.createMs),
      startTime: momentOf(mission.beginMs),
      endTime: momentOf(mission.endMs),
      createCause: cause && { ...cause },
      revision: "",
    };
  },
};

/** Returns the specification without its tasks, which are on the board. */
function specMessage({ order }: MissionView, whole: boolean): MissionSpec | undefined {
  const spec = order?.spec as MissionSpec | undefined;
  if (spec === undefined) return undefined;
  const labels = { ...spec.labels, ...order?.labels };
  return { ...spec, labels, tasks: [], input: whole ? spec.input : undefined };
}

function participantMessage(
  participant: ReadOnly<MissionView["participants"] extends ReadonlyMap<string, infer P> ? P : never>,
): Participant {
  const { pool, agent, role, joinMs, heardMs, nodes, done, used } = participant;
  const times = { joinTime: momentOf(joinMs), heardTime: momentOf(heardMs) };
  return { pool, agentId: agent, role, ...times, tasks: nodes.size, done, used: { ...used } };
}

function outcomeOf(mission: MissionView, whole: boolean): Outcome | undefined {
  const output = (): Data | undefined => (whole ? (outputOf(mission) as Data | undefined) : undefined);
  return workOutcome({ status: statusOf(mission), error: mission.error, output });
}

/** Returns the ending, as its parent receives it. Undefined before the end. */
export const showMissionEnding: Query<Mission, undefined, RunEnding | undefined> = {
  type: "mission_ending",
  answer: (mission) => (hasEnded(mission) ? endingOf(mission) : undefined),
};
