/** Notes of the events of a session: recorded when an event is decided, published when it is durable. */
import { type SessionEventPayloads, sessionEvents } from "@tutti/contracts/events/v1/session";
import { type EventNote, eventNotesOf } from "@tutti/host/serving";

export type SessionNote = EventNote<SessionEventPayloads>;

export const { eventNote, eventOf } = eventNotesOf<SessionEventPayloads>("/tutti/session", sessionEvents);
