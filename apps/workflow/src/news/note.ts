/** What is told of an event of a machine: noted while that is decided, told when it is durable. */
import { contractEvent, type EventInput } from "@tutti/bus";
import type { EventHeader } from "@tutti/contracts/events/v1";
import { type WorkflowEventPayloads, workflowEvents } from "@tutti/contracts/events/v1/workflow";
import type { Cause } from "@tutti/contracts/types/v1";
import { type InstanceKey, toTimestamp } from "@tutti/kernel";
import type { Happening } from "@tutti/runtime";

export type NewsType = keyof WorkflowEventPayloads;

/** The payload of an event without what every event says. */
export type NewsBody<T extends NewsType> = Omit<WorkflowEventPayloads[T], "header">;

/** About whom, and since when. */
export interface NoteHead {
  readonly key: InstanceKey;
  readonly event: number;
  readonly timeMs: number;
  readonly cause: Cause;
}

/** Nothing of the machine's own state is kept in it: that goes on. */
export interface News<T extends NewsType = NewsType> extends NoteHead {
  readonly kind: "news";
  readonly type: T;
  readonly body: NewsBody<T>;
}

/** A question that people are asked. What is told of it is read from the run when it is told. */
export interface QuestionAsked extends NoteHead {
  readonly kind: "question";
  readonly approvalId: string;
}

/**
 * A happening as it is, without a kind, says that something of a run has moved on: there are many, and none costs an
 * object more. How far the run is is read from it when that is told.
 */
export type Note = News | QuestionAsked | Happening;

/** What a note says, taken by a function of the event. */
export type NoteOf<State, Body> = (state: State, body: Body, happening: Happening) => unknown;

export function headOf({ key, event, timeMs, cause }: Happening): NoteHead {
  return { key, event, timeMs, cause };
}

export function news<T extends NewsType>(happening: Happening, type: T, body: NewsBody<T>): News<T> {
  const { key, event, timeMs, cause } = happening;
  return { kind: "news", key, event, timeMs, cause, type, body };
}

const source = "/tutti/workflow";

export function eventOf<T extends NewsType>({
  key,
  event,
  timeMs,
  cause,
  type,
  body,
}: Omit<News<T>, "kind">): EventInput {
  const { namespace, id: resource } = key;
  const header: EventHeader = { namespace, resource, sequence: event, time: toTimestamp(timeMs), cause };
  // The body is the payload of this very type without its header.
  const payload = { ...body, header } as unknown as WorkflowEventPayloads[T];
  return contractEvent(workflowEvents[type], payload, { source });
}
