export { MissionReading } from "./mission-reading.ts";
export type { ReadCommand, ReadEvent } from "./read-event.ts";
