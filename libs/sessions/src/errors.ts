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
  goalNotBrokenDown: {
    status: "ABORTED",
    retry: "never",
    help: "The run that was to break the goal of a session down into tasks ended otherwise than well. The cause is its error.",
    message: ({ planner, run }: { planner: string; run: string }) =>
      `expected ${planner} to break the goal down into tasks, found that its run ${run} did not do well; see the cause, and take the session up again when that is mended`,
  },
});
