import type { Payload } from "@tutti/contracts/types/v1";

/** Returns a JSON value in the form of the contracts. */
export function jsonPayload(value: unknown): Payload {
  return { body: { $case: "inline", value: Buffer.from(JSON.stringify(value)) }, mediaType: "" };
}
