import type { Payload } from "@tutti/contracts/types/v1";
import type { Json } from "@tutti/expressions";
import { requestErrors } from "../errors.ts";

/** Returns a payload as JSON. Other content, or a payload in the blob store, is refused with the field's name. */
export function jsonOf({ body, mediaType }: Payload, field: string): Json {
  if (body === undefined) return null;
  if (body.$case === "blob") throw requestErrors.payloadNotJson({ field, found: "a reference to a blob" });
  if (mediaType !== "" && mediaType !== "application/json")
    throw requestErrors.payloadNotJson({ field, found: mediaType });
  const text = Buffer.from(body.value).toString("utf8");
  if (text === "") return null;
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    const found = error instanceof Error ? error.message : "something else";
    throw requestErrors.payloadNotJson({ field, found });
  }
}
