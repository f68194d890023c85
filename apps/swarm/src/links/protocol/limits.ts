/** Limits of a link. The contract fixes these numbers, and both sides rely on them. */
import type { AgentFrame, Result } from "@tutti/contracts/agent/v1";
import type { Payload } from "@tutti/contracts/types/v1";
import { swarmErrors } from "../../errors.ts";

const mebibyte = 1_048_576;

export const linkLimits = {
  frameBytesMax: 4 * mebibyte,
  payloadBytesMax: mebibyte,
  unacknowledged: { frames: 1_024, bytes: 16 * mebibyte },
} as const;

function weightOfPayload({ body, mediaType }: Payload): number {
  return mediaType.length + (body?.$case === "inline" ? body.value.length : 64);
}

/** Returns a lower bound of the bytes of a frame. Throws if it exceeds a limit. */
export function weighAgentFrame(frame: AgentFrame): number {
  let weight = 8;
  for (const result of frame.results) weight += 20 + weighResult(result);
  for (const { saved, message } of frame.progress) weight += 20 + saved.length + message.length;
  for (const { chunk } of frame.partialOutputs) weight += 20 + chunk.length;
  weight += 18 * frame.started.length;
  const { frameBytesMax: max } = linkLimits;
  if (weight > max) throw swarmErrors.frameTooLarge({ bytes: weight, max });
  return weight;
}

/** Returns whether a single result exceeds the maximum of a frame. */
export function isOversized(result: Result): boolean {
  try {
    weighResult(result);
    return false;
  } catch {
    return true;
  }
}

function weighResult({ outcome }: Result): number {
  switch (outcome?.$case) {
    case "inlineOutput":
      return requirePayload(outcome.value.length);
    case "outputPayload":
      return requirePayload(weightOfPayload(outcome.value));
    case "failed":
      return requirePayload(outcome.value.message.length);
    default:
      return 0;
  }
}

function requirePayload(bytes: number): number {
  const { payloadBytesMax: max } = linkLimits;
  if (bytes > max) throw swarmErrors.payloadTooLarge({ what: "an output", bytes, max });
  return bytes;
}
