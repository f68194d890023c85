import { hash } from "node:crypto";
import type { EventDescription } from "@tutti/contracts/event";
import type { EventHeader } from "@tutti/contracts/events/v1";
import { ByteBlocks, fromTimestamp } from "@tutti/kernel";
import type { EventInput } from "./event.ts";

/** Namespace of events about the installation itself. No tenant can have it. */
export const systemNamespace = "system";

export interface ContractEventOptions {
  /** Source of the event: `/tutti/registry`. */
  readonly source: string;
  /** Index among several events of one type for one occurrence, from 0: each has its own id. */
  readonly part?: number;
}

/** A process retains tens of thousands of events. */
const texts = new ByteBlocks();

/**
 * Returns the CloudEvent of an event that the contracts describe. The data is proto3 JSON, so that any client can read
 * it without the contracts. The id is derived from type, resource, sequence and part, so a repetition is recognised,
 * even after a crash.
 */
export function contractEvent<Payload extends { readonly header: EventHeader | undefined }>(
  description: EventDescription<Payload>,
  payload: Payload,
  { source, part = 0 }: ContractEventOptions,
): EventInput {
  const { header } = payload;
  const resource = header?.resource ?? "";
  const traceparent = header?.cause?.traceparent ?? "";
  const suffix = part === 0 ? "" : `\n${part}`;
  const identity = `${description.type}\n${header?.namespace ?? ""}\n${resource}\n${header?.sequence ?? 0}${suffix}`;
  return {
    id: hash("sha256", identity, "base64url").slice(0, 27),
    source,
    type: description.type,
    subject: resource,
    namespace: header?.namespace || systemNamespace,
    timeMs: header?.time === undefined ? 0 : Math.floor(fromTimestamp(header.time)),
    data: texts.textOf(JSON.stringify(description.toJson(payload))),
    ...(traceparent !== "" && { extensions: { traceparent } }),
  };
}
