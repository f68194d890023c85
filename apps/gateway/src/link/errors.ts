import { defineErrors, durationText } from "@tutti/kernel";

/** Errors of a link over WebSocket before its first frame is read. */
export const linkErrors = defineErrors("link", {
  frameMalformed: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A frame of an agent is a text message with tutti.agent.v1.AgentFrame as JSON, or a binary message with it as protobuf.",
    message: ({ reason }: { reason: string }) =>
      `The frame is neither JSON in a text message nor protobuf in a binary message: ${reason}`,
    remedy: "Correct the agent.",
  },
  greetingLate: {
    status: "DEADLINE_EXCEEDED",
    retry: "same-key",
    help: "A WebSocket was opened and no hello arrived on it in time.",
    message: ({ waitedMs }: { waitedMs: number }) =>
      `The WebSocket received no \`hello\` within ${durationText(waitedMs)}`,
    remedy: "Send `hello` as soon as the WebSocket is open.",
  },
  closing: {
    status: "UNAVAILABLE",
    retry: "elsewhere",
    help: "The process is about to stop. Reconnect soon: the link can be resumed within its window.",
    message: () => "This process is shutting down",
    remedy: "Reconnect and resume the link.",
  },
});
