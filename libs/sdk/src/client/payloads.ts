import type { Payload } from "@tutti/contracts/types/v1";
import { sdkErrors } from "../errors.ts";
import { findNotJson } from "../task/json.ts";

/** Returns a value as the contracts carry it. Absent for none. */
export function payloadOf(value: unknown, what: string): Payload | undefined {
  if (value === undefined) return undefined;
  const wrong = findNotJson(value);
  if (wrong !== undefined) {
    const path = wrong.path.replace(/^output/, what);
    throw sdkErrors.notJson({ path, found: wrong.found });
  }
  const inline = new TextEncoder().encode(JSON.stringify(value));
  return { body: { $case: "inline", value: inline }, mediaType: "" };
}

/** What a payload says: JSON as a value, anything else as its bytes. Undefined for none. */
export function valueIn(payload: Payload | undefined): unknown {
  const { body, mediaType } = payload ?? { body: undefined, mediaType: "" };
  if (body === undefined) return undefined;
  if (body.$case === "blob") throw sdkErrors.inBlobStore({ bytes: body.value.size });
  if (mediaType !== "" && mediaType !== "application/json") return body.value;
  return body.value.length === 0 ? null : JSON.parse(new TextDecoder().decode(body.value));
}
