/** What is done for sessions: whatever they want is brought to whoever does it, and what comes of it is told to them. */
export type { ReadTasks } from "./goals.ts";
export type { PlanRules } from "./judged-plans.ts";
export { recordOf } from "./record.ts";
export { SessionEffects } from "./session-effects.ts";
export { type SessionClients, steerSessions } from "./steering.ts";
