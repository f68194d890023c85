import { counted, defineErrors } from "@tutti/kernel";
import { keptErrors, wordsOf } from "../kit/errors.ts";

/** Errors that a pool returns about its stored settings. */
export const poolErrors = defineErrors("pool", {
  ...keptErrors("The settings of a pool must be complete and within its limits."),
  inUse: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A pool with agents or tasks is not deleted: they would be left without one. Drain its agents, and let its tasks end.",
    message: ({ pool, agents, tasks }: { pool: string; agents: number; tasks: number }) =>
      `Pool \`${pool}\` still has ${counted(agents, "agent")} and ${counted(tasks, "task")}`,
    remedy: "Drain its agents and let its tasks end first.",
  },
  permanent: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The pool named `default`, and those that `swarm.pools` names, are always there.",
    message: ({ pool }: { pool: string }) => `Pool \`${pool}\` is built in and cannot be deleted`,
    remedy: "Pause or update it instead.",
  },
  notListened: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Only a hook whose action is a listener, and which is not disabled, can be listened to.",
    message: ({ hook }: { hook: string }) => `Hook \`${hook}\` has no listener in use`,
    remedy: "Create the hook with a listener, or enable it.",
  },
});

export const words = wordsOf(poolErrors);
