/** What machines of other kinds of work share with missions: when tasks are tasks at all, and who can do them. */
export { expressionOf } from "./evaluate/programs.ts";
export { circleProblem, taskProblem } from "./task/check.ts";
export { isOffered } from "./task/fit.ts";
