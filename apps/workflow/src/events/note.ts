/** Notes of the events of machines: recorded when an event is decided, published when it is durable. */
import { type WorkflowEventPayloads, workflowEvents } from "@tutti/contracts/events/v1/workflow";
import { type EventNote, eventNotesOf, type NoteHead } from "@tutti/host/serving";

export type PayloadType = keyof WorkflowEventPayloads;
export type PayloadBody<T extends PayloadType> = Omit<WorkflowEventPayloads[T], "header">;
export type WorkflowNote<T extends PayloadType = PayloadType> = EventNote<WorkflowEventPayloads, T>;

/** A question to people. Its details are read from the run when it is published. */
export interface QuestionNote extends NoteHead {
  readonly kind: "question";
  readonly approvalId: string;
}

export const { eventNote, eventOf } = eventNotesOf<WorkflowEventPayloads>("/tutti/workflow", workflowEvents);
