/** The past of a run as the page folds it: what a test holds beside the machine itself. */
export type { EventFacts } from "@tutti/rest/history";
export { taskOf } from "../model/read.ts";
export { stateOfNumber } from "../model/task-state.ts";
export { PastShape } from "./past-run.ts";
export { PastStates } from "./past-states.ts";
