import { defineErrors } from "@tutti/kernel";

/** Errors of the work of a part, and of the tasks of a goal. */
export const partWorkErrors = defineErrors("session", {
  childTaken: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "A run or mission without a parent, or with another parent, has the id that the part of the session needs.",
    message: ({ child }: { child: string }) =>
      `\`${child}\` already exists and is not a part of this session`,
    remedy: "Delete it, or start the session under another id.",
  },
  notDecided: {
    status: "ABORTED",
    retry: "never",
    help: "The run that asked the orchestrator of a session for its decision did not complete. The error of the run is the cause.",
    message: ({ orchestrator, run }: { orchestrator: string; run: string }) =>
      `The orchestrator \`${orchestrator}\` did not decide, because its run \`${run}\` failed`,
    remedy: "See the error of the run, then retry the session.",
  },
  decisionUnfit: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "An orchestrator returns an object of `start`, `move`, `reason` and `askAgainAfterMs`, all optional. They refer to tasks of the session and to modes that run tasks.",
    message: ({ orchestrator, run, problem }: { orchestrator: string; run: string; problem: string }) =>
      `The orchestrator \`${orchestrator}\` returned an invalid decision in run \`${run}\`: ${problem}`,
    remedy: "Correct the orchestrator, then retry the session.",
  },
  questionTooLong: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "Each question to an orchestrator contains all tasks of its session, and its size is limited.",
    message: ({ bytes, max }: { bytes: number; max: number }) =>
      `The question to the orchestrator has ${bytes} bytes, more than the maximum of ${max}`,
    remedy: "Split the session.",
  },
  goalNotBrokenDown: {
    status: "ABORTED",
    retry: "never",
    help: "The run that was to break the goal of a session down into tasks ended otherwise than well. The cause is its error.",
    message: ({ planner, run }: { planner: string; run: string }) =>
      `The planner \`${planner}\` returned no tasks, because its run \`${run}\` failed`,
    remedy: "See the error of the run, then retry the session.",
  },
});
