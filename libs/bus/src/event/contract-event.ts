import { hash } from "node:crypto";
import type { EventDescription } from "@tutti/contracts/event";
import type { EventHeader } from "@tutti/contracts/events/v1";
import { fromTimestamp } from "@tutti/kernel";
import type { EventInput } from "./event.ts";

/** Under which events about the installation itself travel. No tenant can have it. */
export const systemNamespace = "system";

export interface ContractEventOptions {
  /** Who it comes from: `/tutti/registry`. */
  readonly source: string;
  /** Which of several of its type that tell of one thing that happened, from 0: each has an id of its own. */
  readonly part?: number;
}

/**
 * Returns the CloudEvent of an event that the contracts describe. The data is JSON as proto3 writes it, so that any
 * client reads it without the contracts. The id follows from type, resource, sequence and part: who tells the same
 * thing again, after a crash too, is recognised.
 */
export function contractEvent<Payload extends { readonly header: EventHeader | undefined }>(
  description: EventDescription<Payload>,
  payload: Payload,
  { source, part = 0 }: ContractEventOptions,
): EventInput {
  const { header } = payload;
  const resource = header?.resource ?? "";
  const traceparent = header?.cause?.traceparent ?? "";
  const one = part === 0 ? "" : `\n${part}`;
  const identity = `${description.type}\n${header?.namespace ?? ""}\n${resource}\n${header?.sequence ?? 0}${one}`;
  return {
    id: hash("sha256", identity, "base64url").slice(0, 27),
    source,
    type: description.type,
    subject: resource,
    namespace: header?.namespace || systemNamespace,
    timeMs: header?.time === undefined ? 0 : Math.floor(fromTimestamp(header.time)),
    data: new TextEncoder().encode(JSON.stringify(description.toJson(payload))),
    ...(traceparent !== "" && { extensions: { traceparent } }),
  };
}
