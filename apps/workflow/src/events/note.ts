/** What is informed of an event of a machine: noted while that is decided, told when it is durable. */
import { contractEvent, type EventInput } from "@tutti/bus";
import type { EventHeader } from "@tutti/contracts/events/v1";
import { type WorkflowEventPayloads, workflowEvents } from "@tutti/contracts/events/v1/workflow";
import type { NoteHead } from "@tutti/host/serving";
import { toTimestamp } from "@tutti/kernel";
import type { Happening } from "@tutti/runtime";

export type NotedType = keyof WorkflowEventPayloads;

/** The payload of an event without what every event says. */
export type NotedBody<T extends NotedType> = Omit<WorkflowEventPayloads[T], "header">;

/** Nothing of the machine's own state is kept in it: that continues. */
export interface News<T extends NotedType = NotedType> extends NoteHead {
  readonly kind: "event";
  readonly type: T;
  readonly body: NotedBody<T>;
  /** Which of several of its type that tell of one event of the machine, from 0. */
  readonly part: number;
}

/** A question to people. Its details are read from the run when it is published. */
export interface QuestionAsked extends NoteHead {
  readonly kind: "question";
  readonly approvalId: string;
}

export function eventNote<T extends NotedType>(
  happening: Happening,
  type: T,
  body: NotedBody<T>,
  part = 0,
): News<T> {
  const { key, event, timeMs, cause } = happening;
  return { kind: "event", key, event, timeMs, cause, type, body, part };
}

const source = "/tutti/workflow";

export function eventOf<T extends NotedType>({
  key,
  event,
  timeMs,
  cause,
  type,
  body,
  part,
}: Omit<News<T>, "kind">): EventInput {
  const { namespace, id: resource } = key;
  const header: EventHeader = { namespace, resource, sequence: event, time: toTimestamp(timeMs), cause };
  // The body is the payload of this very type without its header.
  const payload = { ...body, header } as unknown as WorkflowEventPayloads[T];
  return contractEvent(workflowEvents[type], payload, { source, part });
}
