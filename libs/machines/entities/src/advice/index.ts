export {
  dismissFound,
  endTrial,
  judgeTrialOf,
  keepFound,
  registerTrial,
  settleTrial,
  startTrial,
  statusName,
} from "./commands.ts";
export { adviceErrors } from "./errors.ts";
export { advice, recommended } from "./machine.ts";
export { type AdviceState, isOnTrial } from "./state.ts";
