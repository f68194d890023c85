/** What is done for sessions: whatever they want is brought to whoever does it, and what comes of it is told to them. */
export { anybody, demandOf } from "./fleet.ts";
export type { ReadTasks } from "./goals.ts";
export { SessionEffects } from "./session-effects.ts";
export { type SessionClients, steerSessions } from "./steering.ts";
