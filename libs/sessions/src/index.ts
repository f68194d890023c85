/**
 * Executes the effects of sessions: brings each request to its service, and reports the outcome to the
 * session.
 */
export { Fleet, presentIn } from "./fleet.ts";
export { type Foreplanned, foreplanned, foreseen } from "./foreseeing.ts";
export type { ReadTasks } from "./goals.ts";
export { HeldPlans } from "./held-plans.ts";
export type { PlanRules } from "./judged-plans.ts";
export { choiceOf, intendedOf, weightsOf } from "./mode-choice.ts";
export { recordOf } from "./record.ts";
export { SessionEffects } from "./session-effects.ts";
export { type SessionClients, steerSessions } from "./steering.ts";
