/** What is informed of an event of a session: noted while that is decided, told when it is durable. */
import { contractEvent, type EventInput } from "@tutti/bus";
import type { EventHeader } from "@tutti/contracts/events/v1";
import { type SessionEventPayloads, sessionEvents } from "@tutti/contracts/events/v1/session";
import { headOf, type NoteHead } from "@tutti/host/serving";
import { toTimestamp } from "@tutti/kernel";
import type { Happening } from "@tutti/runtime";

type NotedType = keyof SessionEventPayloads;
/** The payload of an event without what every event says. */
type NotedBody<T extends NotedType> = Omit<SessionEventPayloads[T], "header">;

/** Nothing of the machine's own state is kept in it: that continues. */
export interface SessionNote<T extends NotedType = NotedType> extends NoteHead {
  readonly kind: "event";
  readonly type: T;
  readonly body: NotedBody<T>;
}

export function eventNote<T extends NotedType>(
  happening: Happening,
  type: T,
  body: NotedBody<T>,
): SessionNote<T> {
  return { kind: "event", ...headOf(happening), type, body };
}

const source = "/tutti/session";

export function eventOf<T extends NotedType>({
  key,
  event,
  timeMs,
  cause,
  type,
  body,
}: Omit<SessionNote<T>, "kind">): EventInput {
  const { namespace, id: resource } = key;
  const header: EventHeader = { namespace, resource, sequence: event, time: toTimestamp(timeMs), cause };
  // The body is the payload of this very type without its header.
  const payload = { ...body, header } as unknown as SessionEventPayloads[T];
  return contractEvent(sessionEvents[type], payload, { source });
}
