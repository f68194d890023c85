/** What machines of other kinds of work share with missions: when tasks are tasks at all. */
export { expressionOf } from "./evaluate/programs.ts";
export { circleIn, taskProblem } from "./task/check.ts";
