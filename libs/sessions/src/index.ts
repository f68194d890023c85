/** What is done for sessions: whatever they want is brought to whoever does it, and what comes of it is told to them. */
export { Fleet, presentIn } from "./fleet.ts";
export { type Foreplanned, foreplanned, foreseen } from "./foreseeing.ts";
export type { ReadTasks } from "./goals.ts";
export { HeldPlans } from "./held-plans.ts";
export type { PlanRules } from "./judged-plans.ts";
export { choiceOf, intendedOf, weightsOf } from "./mode-choice.ts";
export { recordOf } from "./record.ts";
export { SessionEffects } from "./session-effects.ts";
export { type SessionClients, steerSessions } from "./steering.ts";
