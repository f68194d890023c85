import { busEvents } from "@tutti/contracts/events/v1/bus";
import { ActorKind } from "@tutti/contracts/types/v1";
import { type TuttiError, toErrorDetail, toTimestamp } from "@tutti/kernel";
import { contractEvent, systemNamespace } from "../event/contract-event.ts";
import type { EventInput } from "../event/event.ts";
import type { Handout } from "./dispatcher.ts";
import type { ResolvedSubscription } from "./options.ts";

/**
 * Type of the event that reports an abandoned event of a durable subscription. The abandoned event itself stays in the
 * log, at its position.
 */
export const abandonedType = "tutti.bus.event.abandoned";

/** Undefined if nothing is to be reported: abandoning such a report must not create another one, without end. */
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
    // With the sequence a repetition has the same id. A crash between the report and the acknowledgement causes one.
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
