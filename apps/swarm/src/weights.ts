/** Upper bounds of the bytes of message parts, so that batches stay below the limit. */
import {
  type AgentFrame,
  type Assign,
  type HostFrame,
  Offering,
  type PartialOutput,
  type Progress,
  type Result,
} from "@tutti/contracts/agent/v1";
import type { ErrorDetail, Payload } from "@tutti/contracts/types/v1";

export function weightOfResult({ outcome }: Result): number {
  switch (outcome?.$case) {
    case "inlineOutput":
      return 64 + outcome.value.length;
    case "outputPayload":
      return 128 + (outcome.value.body?.$case === "inline" ? outcome.value.body.value.length : 64);
    case "failed":
      return 128 + weightOfError(outcome.value);
    default:
      return 16_384;
  }
}

export function weightOfError(error: ErrorDetail | undefined): number {
  if (error === undefined) return 0;
  let weight = 256 + 3 * (error.message.length + error.code.length) + weightOfError(error.cause);
  for (const [name, value] of Object.entries(error.details)) weight += 16 + 3 * (name.length + value.length);
  for (const { field, message } of error.violations) weight += 16 + 3 * (field.length + message.length);
  return weight;
}

export function weightOfProgress({ saved, message }: Progress): number {
  return 64 + saved.length + 3 * message.length;
}

export function weightOfOutput({ chunk }: PartialOutput): number {
  return 64 + chunk.length;
}

export function weightOfAgentFrame(frame: AgentFrame): number {
  let weight = 64 + 32 * frame.started.length;
  for (const each of frame.progress) weight += weightOfProgress(each);
  for (const each of frame.partialOutputs) weight += weightOfOutput(each) + 3 * each.channel.length;
  for (const each of frame.results) weight += weightOfResult(each);
  const { heartbeat, offering, drain, sleep, wake, bye } = frame;
  if (heartbeat !== undefined) weight += 2_048 + 64 * Object.keys(heartbeat.freeResources).length;
  if (offering !== undefined) weight += Offering.encode(offering).finish().length;
  for (const notice of [drain, sleep, wake, bye])
    weight += notice === undefined ? 0 : 64 + 3 * notice.reason.length;
  return weight;
}

export function weightOfHostFrame(frame: HostFrame): number {
  let weight = 512 + 6 * frame.resultsDurableBeyond.length + 64 * frame.extensions.length;
  for (const each of frame.assignments) weight += weightOfAssign(each);
  for (const { reason } of frame.cancels) weight += 64 + 3 * reason.length;
  const { capabilityNumbers, drain, sleep, wake, held, released, bye } = frame;
  for (const name of Object.keys(capabilityNumbers?.numbers ?? {})) weight += 16 + 3 * name.length;
  for (const notice of [drain, sleep, wake, held, released, bye])
    weight += notice === undefined ? 0 : 64 + 3 * notice.reason.length;
  return weight;
}

export function weightOfAssign(assign: Assign): number {
  const { input, workId, taskId, idempotencyKey, saved, labels, accessToken, contextKey, budget } = assign;
  const text = workId.length + taskId.length + idempotencyKey.length + accessToken.length + contextKey.length;
  let weight = 256 + 3 * (text + assign.traceparent.length + assign.namespace.length) + saved.length;
  for (const { name, value } of labels) weight += 16 + 3 * (name.length + value.length);
  if (budget !== undefined) weight += 1_024;
  if (input?.$case === "inlineInput") return weight + input.value.length;
  return input === undefined ? weight : weight + weightOfPayload(input.value);
}

function weightOfPayload({ body, mediaType }: Payload): number {
  return 512 + 3 * mediaType.length + (body?.$case === "inline" ? body.value.length : 0);
}
