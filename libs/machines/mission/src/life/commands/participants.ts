/** Agents join, show activity, and leave. */
import {
  type AgentOffering,
  BoardJoined,
  HearParticipants,
  JoinBoard,
  type JoinMissionRequest,
  LeaveMissionReply,
  LeaveMissionRequest,
  MissionDone,
  type Role,
} from "@tutti/contracts/swarm/v1";
import type { ReadOnly, Refusal } from "@tutti/kernel";
import { labelsFit, reasonOf } from "@tutti/machine-work";
import { participantsMax } from "../../core/state/limits.ts";
import { hasRunningAttempt, type MissionCommand, type MissionView, specOf } from "../../core/state/state.ts";
import { missionErrors } from "../../errors.ts";
import { participantJoined, participantLeft } from "../../kinds/participant/events.ts";
import { loseAttempt } from "../../kinds/task/outcome.ts";
import { commandOf, recordContacts } from "../step.ts";

export const joinBoard: MissionCommand<JoinBoard, BoardJoined> = commandOf({
  type: "join_board",
  codec: JoinBoard,
  reply: BoardJoined,
  decide(mission, { request, offering }, step) {
    if (request === undefined || request.agentId === "")
      return missionErrors.notTakingPart.refusal({ id: step.key.id, agent: "" });
    const problem = placeProblem(mission, request) ?? roleProblem(mission, request, offering);
    if (problem !== undefined) return problem;
    const { agentId, pool, role, topics } = request;
    const known = mission.participants.get(agentId);
    const isSame =
      known !== undefined &&
      known.pool === pool &&
      known.role === role &&
      JSON.stringify([known.topics, known.offering]) === JSON.stringify([topics, offering]);
    if (isSame) recordContacts(mission, step, [agentId]);
    else step.emit(participantJoined, { agent: agentId, pool, role, topics, offering, joinMs: step.nowMs });
    return { messageNumber: mission.messageNumber };
  },
});

/**
 * Returns the problem with another participant. The budget limits their number, and offers with an open place
 * count.
 */
function placeProblem(mission: MissionView, { agentId }: JoinMissionRequest): Refusal | undefined {
  if (mission.participants.has(agentId)) return undefined;
  const max = Math.min(specOf(mission).budget?.maxAgents || participantsMax, participantsMax);
  if (mission.participants.size + mission.openPlaces < max) return undefined;
  return missionErrors.roleFull.refusal({ group: "the mission", max });
}

function roleProblem(
  mission: MissionView,
  { agentId, role: name }: JoinMissionRequest,
  offering: AgentOffering | undefined,
): Refusal | undefined {
  if (name === "") return undefined;
  const { roles } = specOf(mission);
  const role = roles.find((each) => each.name === name);
  if (role === undefined)
    return missionErrors.roleUnknown.refusal({
      role: name,
      known: roles.map((each) => each.name).join(", ") || "the roles of the mission (none defined)",
    });
  const isIn = mission.participants.get(agentId)?.role === name;
  if (!isIn && role.maxAgents > 0 && (mission.roleCounts.get(name) ?? 0) >= role.maxAgents)
    return missionErrors.roleFull.refusal({ group: `the role ${name}`, max: role.maxAgents });
  const problem = unfitness(role, offering);
  return problem === undefined
    ? undefined
    : missionErrors.roleUnfit.refusal({ agent: agentId, role: name, problem });
}

function unfitness(
  { capabilities, agents }: ReadOnly<Role>,
  offering: AgentOffering | undefined,
): string | undefined {
  const missing = capabilities.find((each) => !offering?.capabilities.some(({ name }) => name === each));
  if (missing !== undefined) return `it does not offer ${missing}`;
  return labelsFit(offering?.labels ?? {}, agents) ? undefined : "its labels do not match the role";
}

/** Removes an agent and releases its claims. */
export const leaveMission: MissionCommand<LeaveMissionRequest, LeaveMissionReply> = commandOf({
  type: "leave_mission",
  codec: LeaveMissionRequest,
  reply: LeaveMissionReply,
  decide(mission, { agentId, reason }, step) {
    const participant = mission.participants.get(agentId);
    if (participant === undefined) return { released: 0 };
    const nodes = [...participant.nodes];
    for (const number of nodes) {
      const task = mission.tasks[number];
      if (task !== undefined && hasRunningAttempt(task))
        loseAttempt(mission, step, task, { agent: agentId, reason: "it has left", retryMs: 0 });
    }
    step.emit(participantLeft, { agent: agentId, reason: reasonOf(reason), leaveMs: step.nowMs });
    return { released: nodes.length };
  },
});

export const hearParticipants: MissionCommand<HearParticipants, MissionDone> = commandOf({
  type: "hear_participants",
  codec: HearParticipants,
  reply: MissionDone,
  decide(mission, { agentIds }, step) {
    recordContacts(mission, step, [...new Set(agentIds)]);
    return {};
  },
});
