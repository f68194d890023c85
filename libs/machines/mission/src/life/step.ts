/** What commands have in common: a mission that goes on, an agent that takes part, and that the mission goes on by itself after them. */
import type { Cause } from "@tutti/contracts/types/v1";
import { isRefusal, type Message, type Refusal, type WireCodec } from "@tutti/kernel";
import { cut, reasonLengthMax, statusName } from "@tutti/machine-work";
import { missionErrors } from "../errors.ts";
import { heardAfterMs } from "../limits.ts";
import { participantsHeard } from "../participant/events.ts";
import { leaderLeaseMs } from "../participant/leading.ts";
import {
  hasEnded,
  type MissionCommand,
  type MissionEventStep,
  type MissionView,
  specOf,
  statusOf,
} from "../state.ts";
import { advance } from "./advance.ts";

interface Made<Body, Reply> extends Message<Body> {
  readonly reply: WireCodec<Reply>;
  /** Nothing is decided by what refuses. */
  decide(mission: MissionView, body: Body, step: MissionEventStep): Reply | Refusal;
}

/** A command to a mission that has not ended. */
export function commandOf<Body, Reply>(made: Made<Body, Reply>): MissionCommand<Body, Reply> {
  return {
    ...made,
    decide(mission, body, step) {
      const refusal = ended(mission, step);
      if (refusal !== undefined) return refusal;
      return goingOn(mission, step, () => made.decide(mission, body, step));
    },
  };
}

/** The same by an agent, or by a person or a service where it names none. An agent has to take part, and has been heard. */
export function boardCommand<Body extends { readonly agentId: string }, Reply>(
  made: Made<Body, Reply>,
): MissionCommand<Body, Reply> {
  return commandOf({
    ...made,
    decide(mission, body, step) {
      const stranger = notTakingPart(mission, body.agentId, step);
      if (stranger !== undefined) return stranger;
      const answer = made.decide(mission, body, step);
      if (!isRefusal(answer)) hearAgents(mission, step, [body.agentId]);
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

/** Decides, and lets the mission go on as far as it can. */
export function goingOn<Answer>(mission: MissionView, step: MissionEventStep, decide: () => Answer): Answer {
  const before = { ...mission.revisions };
  const answer = decide();
  if (!isRefusal(answer)) advance(mission, step, before);
  return answer;
}

export function ended(mission: MissionView, { key }: MissionEventStep): Refusal | undefined {
  if (mission.order === undefined) return missionErrors.missionMissing.refusal({ id: key.id });
  if (!hasEnded(mission)) return undefined;
  return missionErrors.missionEnded.refusal({ id: key.id, status: statusName(statusOf(mission)) });
}

/** Notes who was heard, where that was not known well enough: to lead, or to be elected, an agent has to be heard within a lease. */
export function hearAgents(mission: MissionView, step: MissionEventStep, agents: readonly string[]): void {
  const leaseMs = leaderLeaseMs(mission);
  const isLed = specOf(mission).leadership?.enabled === true;
  const afterMs = isLed ? Math.min(heardAfterMs, leaseMs / 3) : heardAfterMs;
  const heard = agents.filter((agent) => {
    const participant = mission.participants.get(agent);
    if (participant === undefined) return false;
    // A leader's lease runs from when that was noted.
    const heardMs = agent === mission.leader ? mission.leaderMs - leaseMs : participant.heardMs;
    return step.nowMs - heardMs >= afterMs;
  });
  if (heard.length > 0) step.emit(participantsHeard, { agents: heard, hearMs: step.nowMs });
}

export function reasonOf(reason: string): string {
  return cut(reason, reasonLengthMax);
}

export function actorOf({ actor }: Cause): string {
  return actor?.id || "the system";
}

export function causeOf(step: MissionEventStep): Cause {
  return { ...step.cause, actor: step.cause.actor && { ...step.cause.actor } };
}
