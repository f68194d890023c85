/** What is done for sessions: whatever they want is brought to whoever does it, and what comes of it is told to them. */

export { demandOf, Fleet, presentIn } from "./fleet.ts";
export { type Foreplanned, type Foreseen, foreplanned, foreseen } from "./foreseeing.ts";
export type { ReadTasks } from "./goals.ts";
export type { PlanRules } from "./judged-plans.ts";
export { describedIn } from "./learned.ts";
export { choiceOf, intendedOf, modes, weightsOf } from "./mode-choice.ts";
export { recordOf } from "./record.ts";
export { SessionEffects } from "./session-effects.ts";
export { type SessionClients, steerSessions } from "./steering.ts";
