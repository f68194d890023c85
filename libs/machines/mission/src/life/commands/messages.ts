/** Messages between agents, and from outside. */
import {
  MissionSignalled,
  SendMessagesReply,
  SendMessagesRequest,
  SignalMission,
} from "@tutti/contracts/swarm/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { causeOf } from "@tutti/machine-work";
import type { MissionCommand } from "../../core/state/state.ts";
import { missionErrors } from "../../errors.ts";
import { messagesSent } from "../../kinds/message/events.ts";
import { checkMessages } from "../../kinds/trouble/find.ts";
import { boardCommand, commandOf } from "../step.ts";

export const sendMessages: MissionCommand<SendMessagesRequest, SendMessagesReply> = boardCommand({
  type: "send_messages",
  codec: SendMessagesRequest,
  reply: SendMessagesReply,
  decide(mission, { agentId, messages }, step) {
    if (messages.length === 0)
      return missionErrors.messageInvalid.refusal({ problem: "expected a message, got none" });
    const problem = messages.map(({ to }) => receiverProblem(to?.target)).find((each) => each !== undefined);
    if (problem !== undefined) return missionErrors.messageInvalid.refusal({ problem });
    const sent = messages.map(({ to, body, answers, taskId }) => ({ to, body, answers, taskId }));
    const firstNumber = mission.messageNumber + 1;
    const sender = agentId === "" ? causeOf(step).actor : { kind: ActorKind.ACTOR_KIND_AGENT, id: agentId };
    step.emit(messagesSent, { sender, agent: agentId, messages: sent, sendMs: step.nowMs });
    if (agentId !== "") checkMessages(mission, step, agentId, sent);
    return { firstNumber };
  },
});

/** A message may address an agent that has not joined yet: the agent reads it after joining. */
function receiverProblem(target: NonNullable<SendMessagesRequest["messages"][number]["to"]>["target"]) {
  if (target === undefined) return "expected a recipient, got none";
  if (target.$case !== "everybody" && target.value === "")
    return `expected a name for ${target.$case}, got none`;
  return undefined;
}

/** A message to all subscribers of a topic. */
export const signalMission: MissionCommand<SignalMission, MissionSignalled> = commandOf({
  type: "signal_mission",
  codec: SignalMission,
  reply: MissionSignalled,
  decide(mission, { signal, payload }, step) {
    const to = { target: { $case: "topic" as const, value: signal } };
    const messages = [{ to, body: payload, answers: 0, taskId: "" }];
    step.emit(messagesSent, { sender: causeOf(step).actor, agent: "", messages, sendMs: step.nowMs });
    return { number: mission.messageNumber, event: step.events };
  },
});
