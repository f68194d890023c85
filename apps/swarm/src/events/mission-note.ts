/** What is informed of an event of a mission: noted while that is decided, told when it is durable. */
import { type SwarmEventPayloads, swarmEvents } from "@tutti/contracts/events/v1/swarm";
import { type EventNote, eventNotesOf } from "@tutti/host/serving";

export type MissionNote = EventNote<SwarmEventPayloads>;

export const { eventNote, eventOf } = eventNotesOf<SwarmEventPayloads>("/tutti/swarm", swarmEvents);
