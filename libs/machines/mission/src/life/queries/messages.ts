import type { MessageTarget, MissionMessage } from "@tutti/contracts/swarm/v1";
import type { Query, ReadOnly } from "@tutti/kernel";
import { momentOf } from "@tutti/machine-work";
import type { Message, Mission, MissionView } from "../../core/state/state.ts";

export interface ShowMessagesOptions {
  readonly afterNumber: number;
  /** Messages to this agent, directly or through a role or topic. Empty means any agent. */
  readonly agentId: string;
  /** Messages about this task. Empty means any. */
  readonly taskId: string;
  readonly size: number;
}

export interface MessagesPage {
  readonly messages: readonly MissionMessage[];
  /** Number of the last message that was read, to continue from. */
  readonly number: number;
}

const scannedMax = 20_000;

/** Returns the oldest first. */
export const showMessages: Query<Mission, ShowMessagesOptions, MessagesPage> = {
  type: "messages",
  answer(mission, { afterNumber, agentId, taskId, size }) {
    const { messages: stored, messageNumber } = mission;
    const page: MissionMessage[] = [];
    // Numbers have no gaps, so they determine the index.
    let at = Math.max(0, afterNumber + 1 - (messageNumber - stored.length + 1));
    const until = Math.min(stored.length, at + scannedMax);
    for (; at < until && page.length < size; at++) {
      const message = stored[at];
      if (message === undefined || (taskId !== "" && message.sent.taskId !== taskId)) continue;
      if (agentId !== "" && !isTo(mission, agentId, message.sent.to)) continue;
      page.push(messageOf(message));
    }
    return { messages: page, number: Math.max(afterNumber, messageNumber - stored.length + at) };
  },
};

function isTo(
  { participants }: MissionView,
  agent: string,
  to: ReadOnly<MessageTarget> | undefined,
): boolean {
  const target = to?.target;
  switch (target?.$case) {
    case "agentId":
      return target.value === agent;
    case "role":
      return participants.get(agent)?.role === target.value;
    case "topic":
      return participants.get(agent)?.topics.includes(target.value) === true;
    case "everybody":
      return true;
    default:
      return false;
  }
}

function messageOf({ number, sender, sent, sendMs }: ReadOnly<Message>): MissionMessage {
  const { to, body, answers, taskId } = sent as Message["sent"];
  return { number, sender: sender && { ...sender }, to, body, answers, taskId, sendTime: momentOf(sendMs) };
}
