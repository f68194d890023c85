import type { Payload } from "@tutti/contracts/types/v1";

/** Returns a JSON value as the contracts carry it. */
export function jsonPayload(value: unknown): Payload {
  return { body: { $case: "inline", value: Buffer.from(JSON.stringify(value)) }, mediaType: "" };
}
