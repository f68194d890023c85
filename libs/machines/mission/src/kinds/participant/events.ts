import {
  LeaderElectedV1,
  ParticipantJoinedV1,
  ParticipantLeftV1,
  ParticipantsHeardV1,
} from "@tutti/contracts/swarm/v1";
import { noAmounts } from "@tutti/machine-work";
import { recordContact } from "../../core/board/nodes.ts";
import { missionTimers, theMission, timerNumber } from "../../core/state/numbers.ts";
import type { Mission, MissionEvent, MissionOutstanding, Participant } from "../../core/state/state.ts";
import { leaderLeaseMs } from "./leading.ts";

export const participantJoined: MissionEvent<ParticipantJoinedV1> = {
  type: "participant_joined",
  version: 1,
  codec: ParticipantJoinedV1,
  evolve(mission, { agent, pool, role, topics, offering, joinMs }) {
    const before = mission.participants.get(agent);
    if (before !== undefined) countRole(mission, before.role, -1);
    const participant: Participant = before ?? {
      agent,
      pool,
      role,
      topics,
      offering,
      joinMs,
      heardMs: joinMs,
      done: 0,
      used: noAmounts(),
      nodes: new Set(),
    };
    Object.assign(participant, { pool, role, topics, offering, heardMs: joinMs });
    mission.participants.set(agent, participant);
    countRole(mission, role, 1);
    // An agent plays the role now: tasks that were handed off to the role can start.
    const heldTasks = mission.heldForRole.get(role);
    if (heldTasks === undefined) return;
    mission.heldForRole.delete(role);
    for (const number of heldTasks) {
      const task = mission.tasks[number];
      if (task === undefined) continue;
      task.hold = 0;
      mission.agenda.add(number);
    }
  },
};

export function countRole({ roleCounts }: Mission, role: string, by: number): void {
  if (role === "") return;
  const count = (roleCounts.get(role) ?? 0) + by;
  if (count === 0) roleCounts.delete(role);
  else roleCounts.set(role, count);
}

export const participantLeft: MissionEvent<ParticipantLeftV1> = {
  type: "participant_left",
  version: 1,
  codec: ParticipantLeftV1,
  evolve(mission, { agent }) {
    countRole(mission, mission.participants.get(agent)?.role ?? "", -1);
    mission.participants.delete(agent);
  },
};

export const participantsHeard: MissionEvent<ParticipantsHeardV1> = {
  type: "participants_heard",
  version: 1,
  codec: ParticipantsHeardV1,
  evolve(mission, { agents, hearMs }, outstanding) {
    for (const agent of agents) recordContact(mission, agent, hearMs);
    if (agents.includes(mission.leader)) leadUntil(mission, hearMs + leaderLeaseMs(mission), outstanding);
  },
};

export const leaderElected: MissionEvent<LeaderElectedV1> = {
  type: "leader_elected",
  version: 1,
  codec: LeaderElectedV1,
  described: true,
  evolve(mission, { agent, electMs }, outstanding) {
    mission.leader = agent;
    leadUntil(mission, agent === "" ? 0 : electMs + leaderLeaseMs(mission), outstanding);
  },
};

function leadUntil(mission: Mission, dueMs: number, outstanding: MissionOutstanding): void {
  mission.leaderMs = dueMs;
  const timer = timerNumber(theMission, missionTimers.leader);
  if (dueMs > 0) outstanding.timer(timer, dueMs);
  else outstanding.cleared(timer);
}
