import type { TuttiError } from "@tutti/kernel";
import type { EventInput } from "../event/event.ts";
import type { Handout } from "./dispatcher.ts";
import type { ResolvedSubscription } from "./options.ts";

/** Tells that a durable subscription gave an event up. The event itself stays in the log, at its position. */
export const abandonedType = "tutti.bus.event.abandoned";

/** The data of such an event, as JSON. */
export interface AbandonedData {
  readonly durable: string;
  readonly position: string;
  readonly event: {
    readonly id: string;
    readonly source: string;
    readonly type: string;
    readonly subject: string;
  };
  readonly attempts: number;
  readonly error: { readonly code: string; readonly message: string };
}

/** Undefined where nobody is to be told: giving up such an event must not bring forth another one, without end. */
export function abandonedEvent(
  { durable }: ResolvedSubscription,
  { event, position }: Handout,
  attempts: number,
  error: TuttiError,
  timeMs: number,
): EventInput | undefined {
  if (durable === undefined || event.type === abandonedType) return undefined;
  const { id, source, type, subject, namespace } = event;
  const data: AbandonedData = {
    durable,
    position,
    event: { id, source, type, subject },
    attempts,
    error: { code: error.code, message: error.message },
  };
  return {
    // The same for a repetition, which may come after a crash between telling and acknowledging.
    id: `abandoned-${durable}-${position}`,
    source: "/tutti/bus",
    type: abandonedType,
    subject: durable,
    namespace,
    timeMs,
    data: new TextEncoder().encode(JSON.stringify(data)),
  };
}
