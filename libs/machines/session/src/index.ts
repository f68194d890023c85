export { countsIn, isLimited, taskStatusName as statusWord } from "@tutti/machine-work";
export { noteAgents } from "./agents/commands.ts";
export { agentNotes, agentsKnown } from "./agents/seen.ts";
export { hasBudget } from "./budget/remaining.ts";
export { indexLabels, modeName, modeNamed, usedIn } from "./description.ts";
export type {
  AskPlanner,
  AwaitSession,
  ChooseMode,
  FollowPart,
  HoldLocks,
  OperatePart,
  PartWork,
  PlanPart,
  SessionEffect,
  StartPart,
} from "./effects.ts";
export { sessionErrors } from "./errors.ts";
export {
  beginSession,
  cancelSession,
  confirmLocks,
  pauseSession,
  recordChoice,
  recordGoal,
  refusalOf,
  refuseStart,
  removeSession,
  resumeSession,
  retrySession,
  signalSession,
  terminateSession,
} from "./life/commands.ts";
export { usedBy } from "./life/end.ts";
export { planningTask } from "./life/goal.ts";
export { addWait, dropWait, settleDependency } from "./life/waits.ts";
export { session } from "./machine.ts";
export { partId } from "./numbers.ts";
export {
  confirmOperation,
  confirmPart,
  endChild,
  endPart,
  mayPassOn,
  passPartOn,
  refuseOperation,
  refusePart,
} from "./part/commands.ts";
export { isDecided, questionRunId, questionTask } from "./part/deciding.ts";
export { kindOfWork } from "./part/parts.ts";
export { Concurrency } from "./queries/concurrency.ts";
export { showChoices, showMoves, showPlan } from "./queries/decisions.ts";
export { explainSession } from "./queries/explain.ts";
export { performanceOf } from "./queries/performance.ts";
export { type ShowSessionOptions, showSession } from "./queries/session.ts";
export {
  type ShowTasksOptions,
  showTasks,
  type TasksPage,
} from "./queries/tasks.ts";
export { showWork, taskOutcomes } from "./queries/work.ts";
export type { Session, SessionView, TaskView } from "./state.ts";
export { addTasks, moveTasks, noteTasks, placeTasks, recordDecision } from "./task/commands.ts";
