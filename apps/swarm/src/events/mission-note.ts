/** What is told of an event of a mission: noted while that is decided, told when it is durable. */
import { contractEvent, type EventInput } from "@tutti/bus";
import type { EventHeader } from "@tutti/contracts/events/v1";
import { type SwarmEventPayloads, swarmEvents } from "@tutti/contracts/events/v1/swarm";
import { headOf, type NoteHead } from "@tutti/host/serving";
import { toTimestamp } from "@tutti/kernel";
import type { Happening } from "@tutti/runtime";

type NewsType = keyof SwarmEventPayloads;

/** The payload of an event without what every event says. */
type NewsBody<T extends NewsType> = Omit<SwarmEventPayloads[T], "header">;

/** Nothing of the machine's own state is kept in it: that goes on. */
export interface MissionNote<T extends NewsType = NewsType> extends NoteHead {
  readonly kind: "news";
  readonly type: T;
  readonly body: NewsBody<T>;
  /** Which of several of its type that tell of one event of the mission, from 0. */
  readonly part: number;
}

export function news<T extends NewsType>(
  happening: Happening,
  type: T,
  body: NewsBody<T>,
  part = 0,
): MissionNote<T> {
  return { kind: "news", ...headOf(happening), type, body, part };
}

const source = "/tutti/swarm";

export function eventOf<T extends NewsType>({
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
