import { MessagesSentV1 } from "@tutti/contracts/swarm/v1";
import { blobsOf } from "@tutti/machine-work";
import { recordContact } from "../../core/board/nodes.ts";
import { messageBytesMax, messagesMax } from "../../core/state/limits.ts";
import type { Message, Mission, MissionEvent } from "../../core/state/state.ts";
import { bytesOfValue } from "../entry/events.ts";
import { count, messageKey } from "../trouble/repetitions.ts";

export const messagesSent: MissionEvent<MessagesSentV1> = {
  type: "messages_sent",
  version: 1,
  codec: MessagesSentV1,
  blobs: ({ messages }) => messages.flatMap(({ body }) => blobsOf(body)),
  evolve(mission, { sender, agent, messages, sendMs }) {
    recordContact(mission, agent, sendMs);
    const keys = new Set<string>();
    for (const sent of messages) {
      if (agent !== "") keys.add(messageKey(agent, sent));
      addMessage(mission, { number: mission.messageNumber + 1, sender, sent, sendMs });
    }
    for (const key of keys) count(mission, key);
    // Dropped in batches, so that each message costs the same.
    const isMany = mission.messages.length >= messagesMax + messagesMax / 4;
    if (isMany || mission.messageBytes > messageBytesMax) forget(mission);
  },
};

export function addMessage(mission: Mission, message: Message): void {
  mission.messages.push(message);
  mission.messageNumber = message.number;
  mission.messageBytes += bytesOfMessage(message);
}

function bytesOfMessage({ sent }: Message): number {
  return bytesOfValue(sent.body) + 100;
}

/** Keeps the latest messages. */
function forget(mission: Mission): void {
  let from = Math.max(0, mission.messages.length - messagesMax);
  const dropped = mission.messages.slice(0, from);
  for (const message of dropped) mission.messageBytes -= bytesOfMessage(message);
  // Drops a quarter more than necessary, so that not every message must make room.
  const last = mission.messages.length - 1;
  if (mission.messageBytes > messageBytesMax)
    while (mission.messageBytes > (3 * messageBytesMax) / 4 && from < last) {
      mission.messageBytes -= bytesOfMessage(mission.messages[from] as Message);
      from += 1;
    }
  mission.messages.splice(0, from);
}
