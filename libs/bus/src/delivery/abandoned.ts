import { busEvents } from "@tutti/contracts/events/v1/bus";
import { ActorKind } from "@tutti/contracts/types/v1";
import { type TuttiError, toErrorDetail, toTimestamp } from "@tutti/kernel";
import { contractEvent, systemNamespace } from "../event/contract-event.ts";
import type { EventInput } from "../event/event.ts";
import type { Handout } from "./dispatcher.ts";
import type { ResolvedSubscription } from "./options.ts";

/** Tells that a durable subscription gave an event up. The event itself stays in the log, at its position. */
export const abandonedType = "tutti.bus.event.abandoned";

/** Undefined if nothing is to be reported: giving up such an event must not bring forth another one, without end. */
export function abandonedEvent(
  { durable }: ResolvedSubscription,
  { event, position, sequence }: Handout,
  attempts: number,
  error: TuttiError,
  nowMs: number,
): EventInput | undefined {
  if (durable === undefined || event.type === abandonedType) return undefined;
  const header = {
    namespace: event.namespace === systemNamespace ? "" : event.namespace,
    resource: durable,
    // With it a repetition, which may come after a crash between telling and acknowledging, has the same id.
    sequence,
    time: toTimestamp(nowMs),
    cause: {
      actor: { kind: ActorKind.ACTOR_KIND_SERVICE, id: "bus" },
      traceparent: event.extensions["traceparent"] ?? "",
      decision: "",
      reason: "",
    },
  };
  const payload = {
    header,
    subscription: durable,
    position,
    eventId: event.id,
    eventSource: event.source,
    eventType: event.type,
    eventSubject: event.subject,
    attempts,
    error: toErrorDetail(error),
  };
  return contractEvent(busEvents[abandonedType], payload, { source: "/tutti/bus" });
}
