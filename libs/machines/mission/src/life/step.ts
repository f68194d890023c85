/**
 * Common parts of commands: they require an open mission and a participant, and they advance the mission
 * afterwards.
 */
import { isRefusal, type Refusal } from "@tutti/kernel";
import { type OpenCommand, openCommands } from "@tutti/machine-work";
import type { MissionEffect } from "../core/state/effects.ts";
import { heardAfterMs } from "../core/state/limits.ts";
import {
  type Mission,
  type MissionCommand,
  type MissionEventStep,
  type MissionView,
  specOf,
} from "../core/state/state.ts";
import { missionErrors } from "../errors.ts";
import { participantsHeard } from "../kinds/participant/events.ts";
import { leaderLeaseMs } from "../kinds/participant/leading.ts";
import { advance } from "./advance.ts";
import { life } from "./life.ts";

/** Defines a command to a mission that has not ended. */
export const commandOf: ReturnType<typeof openCommands<Mission, MissionEffect>> = openCommands(
  (mission, step) => life.refusalIfEnded(mission, step),
  goingOn,
);

/**
 * Defines a command of an agent, or of a person or a service if it names no agent. An agent must be a
 * participant, and its activity is recorded.
 */
export function boardCommand<Body extends { readonly agentId: string }, Reply>(
  command: OpenCommand<Mission, MissionEffect, Body, Reply>,
): MissionCommand<Body, Reply> {
  return commandOf({
    ...command,
    decide(mission, body, step) {
      const stranger = notTakingPart(mission, body.agentId, step);
      if (stranger !== undefined) return stranger;
      const answer = command.decide(mission, body, step);
      if (!isRefusal(answer)) recordContacts(mission, step, [body.agentId]);
      return answer;
    },
  });
}

export function notTakingPart(
  mission: MissionView,
  agent: string,
  step: MissionEventStep,
): Refusal | undefined {
  if (agent === "" || mission.participants.has(agent)) return undefined;
  return missionErrors.notTakingPart.refusal({ id: step.key.id, agent });
}

/** Decides, and advances the mission as far as possible. */
export function goingOn<Answer>(mission: MissionView, step: MissionEventStep, decide: () => Answer): Answer {
  const before = { ...mission.revisions };
  const answer = decide();
  if (!isRefusal(answer)) advance(mission, step, before);
  return answer;
}

/**
 * Records the activity of agents if the last record is too old: to lead, or to be elected, an agent must have
 * been active within a lease.
 */
export function recordContacts(
  mission: MissionView,
  step: MissionEventStep,
  agents: readonly string[],
): void {
  const leaseMs = leaderLeaseMs(mission);
  const isLed = specOf(mission).leadership?.enabled === true;
  const afterMs = isLed ? Math.min(heardAfterMs, leaseMs / 3) : heardAfterMs;
  const active = agents.filter((agent) => {
    const participant = mission.participants.get(agent);
    if (participant === undefined) return false;
    // A leader's lease starts at the recorded time.
    const heardMs = agent === mission.leader ? mission.leaderMs - leaseMs : participant.heardMs;
    return step.nowMs - heardMs >= afterMs;
  });
  if (active.length > 0) step.emit(participantsHeard, { agents: active, hearMs: step.nowMs });
}
