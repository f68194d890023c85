/**
 * Executes the effects of sessions: sends each request to its service, and reports the outcome to the
 * session.
 */
export { Fleet, presentIn } from "./agents/fleet.ts";
export type { ReadTasks } from "./decide/goals.ts";
export { type Foreplanned, foreplanned, foreseen } from "./mode/foreseeing.ts";
export { choiceOf, intendedOf, weightsOf } from "./mode/mode-choice.ts";
export { recordOf } from "./mode/record.ts";
export { HeldPlans } from "./plan/held-plans.ts";
export type { PlanRules } from "./plan/judged-plans.ts";
export { SessionEffects } from "./session-effects.ts";
export { type SessionClients, steerSessions } from "./steering.ts";
