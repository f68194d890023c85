import { defineErrors } from "@tutti/kernel";

/** Why the work of a part, or the tasks of a goal, cannot be had. */
export const partWorkErrors = defineErrors("session", {
  childTaken: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "A run or mission that belongs to nobody, or to another parent, has the id that the part of the session was to have.",
    message: ({ child }: { child: string }) =>
      `expected no ${child} but the part's, found one of somebody else; remove it, or start the session under another id`,
  },
  notDecided: {
    status: "ABORTED",
    retry: "never",
    help: "The run that was to ask the orchestrator of a session what begins ended otherwise than well. The cause is its error.",
    message: ({ orchestrator, run }: { orchestrator: string; run: string }) =>
      `expected ${orchestrator} to decide what begins, found that its run ${run} did not do well; see the cause, and take the session up again when that is mended`,
  },
  decisionUnfit: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "An orchestrator answers with an object of `begin`, `move`, `reason` and `againMs`, all optional, about tasks of the session and modes in which tasks are done.",
    message: ({ orchestrator, run, problem }: { orchestrator: string; run: string; problem: string }) =>
      `expected a decision of ${orchestrator} that a session can take, found in the run ${run}: ${problem}; mend what it answers, and take the session up again`,
  },
  questionTooLong: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "An orchestrator is told of all tasks of its session with each question, which has a bound.",
    message: ({ bytes, max }: { bytes: number; max: number }) =>
      `expected a question of at most ${max} bytes, found ${bytes}; split the session`,
  },
  goalNotBrokenDown: {
    status: "ABORTED",
    retry: "never",
    help: "The run that was to break the goal of a session down into tasks ended otherwise than well. The cause is its error.",
    message: ({ planner, run }: { planner: string; run: string }) =>
      `expected ${planner} to break the goal down into tasks, found that its run ${run} did not do well; see the cause, and take the session up again when that is mended`,
  },
});
