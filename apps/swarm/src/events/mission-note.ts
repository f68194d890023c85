/** What is informed of an event of a mission: noted while that is decided, told when it is durable. */
import { contractEvent, type EventInput } from "@tutti/bus";
import type { EventHeader } from "@tutti/contracts/events/v1";
import { type SwarmEventPayloads, swarmEvents } from "@tutti/contracts/events/v1/swarm";
import { headOf, type NoteHead } from "@tutti/host/serving";
import { toTimestamp } from "@tutti/kernel";
import type { Happening } from "@tutti/runtime";

type NotedType = keyof SwarmEventPayloads;

/** The payload of an event without what every event says. */
type NotedBody<T extends NotedType> = Omit<SwarmEventPayloads[T], "header">;

/** Nothing of the machine's own state is kept in it: that continues. */
export interface MissionNote<T extends NotedType = NotedType> extends NoteHead {
  readonly kind: "event";
  readonly type: T;
  readonly body: NotedBody<T>;
  /** Which of several of its type that tell of one event of the mission, from 0. */
  readonly part: number;
}

export function eventNote<T extends NotedType>(
  happening: Happening,
  type: T,
  body: NotedBody<T>,
  part = 0,
): MissionNote<T> {
  return { kind: "event", ...headOf(happening), type, body, part };
}

const source = "/tutti/swarm";

export function eventOf<T extends NotedType>({
  key,
  event,
  timeMs,
  cause,
  type,
  body,
  part,
}: Omit<MissionNote<T>, "kind">): EventInput {
  const { namespace, id: resource } = key;
  const header: EventHeader = { namespace, resource, sequence: event, time: toTimestamp(timeMs), cause };
  // The body is the payload of this very type without its header.
  const payload = { ...body, header } as unknown as SwarmEventPayloads[T];
  return contractEvent(swarmEvents[type], payload, { source, part });
}
