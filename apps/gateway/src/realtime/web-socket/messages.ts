/** What is said over a WebSocket: one JSON document per message, of a kind. */
import type { CloudEventJson } from "@tutti/bus";
import type { Problem } from "@tutti/kernel";

export type Message =
  /** What comes, comes after this cursor. Empty where all that is kept comes. */
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
