/** Notes of the events of a mission: recorded when an event is decided, published when it is durable. */
import { type SwarmEventPayloads, swarmEvents } from "@tutti/contracts/events/v1/swarm";
import { type EventNote, eventNotesOf } from "@tutti/host/serving";

export type MissionNote = EventNote<SwarmEventPayloads>;

export const { eventNote, eventOf } = eventNotesOf<SwarmEventPayloads>("/tutti/swarm", swarmEvents);
