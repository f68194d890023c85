import type { SentMessage } from "@tutti/contracts/swarm/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import type { MissionEventStep } from "../state.ts";
import { messagesSent } from "./events.ts";

/** The mission itself has something to say. */
export function sendMessage(step: MissionEventStep, message: SentMessage): void {
  step.emit(messagesSent, {
    sender: { kind: ActorKind.ACTOR_KIND_SERVICE, id: "swarm" },
    agent: "",
    messages: [message],
    sendMs: step.nowMs,
  });
}
