export {
  dismissFound,
  endTrial,
  judgeTrialOf,
  keepFound,
  registerTrial,
  settleTrial,
  startTrial,
  statusWord,
} from "./commands.ts";
export { adviceErrors } from "./errors.ts";
export { advice, recommended } from "./machine.ts";
export { type AdviceState, isBeingTried } from "./state.ts";
