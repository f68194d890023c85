export { removeDeadLetters } from "./dead/letters.ts";
export { triggerErrors } from "./errors.ts";
export { receive } from "./event/receive.ts";
export * from "./life/commands.ts";
export { deadLetters, facts, isStarting, type TriggerFacts } from "./life/queries.ts";
export * from "./limits.ts";
export { trigger } from "./machine.ts";
export { reportRunEnd, settleStarts } from "./start/commands.ts";
export { runIdOf } from "./start/release.ts";
export {
  isCollecting,
  policyOf,
  type StartTriggered,
  type Trigger,
  type TriggerEffect,
  type TriggerView,
} from "./state.ts";
