/** What is told of an event of a session: noted while that is decided, told when it is durable. */
import { contractEvent, type EventInput } from "@tutti/bus";
import type { EventHeader } from "@tutti/contracts/events/v1";
import { type SessionEventPayloads, sessionEvents } from "@tutti/contracts/events/v1/session";
import { headOf, type NoteHead } from "@tutti/host/serving";
import { toTimestamp } from "@tutti/kernel";
import type { Happening } from "@tutti/runtime";

type NewsType = keyof SessionEventPayloads;
/** The payload of an event without what every event says. */
type NewsBody<T extends NewsType> = Omit<SessionEventPayloads[T], "header">;

/** Nothing of the machine's own state is kept in it: that goes on. */
export interface SessionNote<T extends NewsType = NewsType> extends NoteHead {
  readonly kind: "news";
  readonly type: T;
  readonly body: NewsBody<T>;
}

export function news<T extends NewsType>(happening: Happening, type: T, body: NewsBody<T>): SessionNote<T> {
  return { kind: "news", ...headOf(happening), type, body };
}

const source = "/tutti/session";

export function eventOf<T extends NewsType>({
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
