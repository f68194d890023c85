/** The messages of a WebSocket: one JSON document each, of a kind. */
import type { CloudEventJson } from "@tutti/bus";
import type { Problem } from "@tutti/kernel";

export type Message =
  /** The cursor before the first event. Empty if all stored events follow. */
  | { readonly kind: "ready"; readonly cursor: string }
  | { readonly kind: "event"; readonly cursor: string; readonly event: CloudEventJson }
  /** Events that will not come. Null if the number is unknown. */
  | { readonly kind: "gap"; readonly reason: string; readonly missed: number | null }
  | { readonly kind: "problem"; readonly problem: Problem }
  | { readonly kind: "alive" };

const encoder = new TextEncoder();

export function messageOf(message: Message): Uint8Array {
  return encoder.encode(JSON.stringify(message));
}
