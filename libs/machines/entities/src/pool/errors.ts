import { counted, defineErrors } from "@tutti/kernel";
import { itemErrors, refusalsOf } from "../kit/errors.ts";

/** Errors that a pool returns about its stored settings. */
export const poolErrors = defineErrors("pool", {
  ...itemErrors("The settings of a pool must be complete and within its limits."),
  inUse: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A pool with agents or tasks cannot be deleted, because they would have no pool.",
    message: ({ pool, agents, tasks }: { pool: string; agents: number; tasks: number }) =>
      `Pool \`${pool}\` still has ${counted(agents, "agent")} and ${counted(tasks, "task")}`,
    remedy: "Drain its agents and let its tasks end first.",
  },
  permanent: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The pool `default` and the pools in `swarm.pools` are built in and cannot be deleted.",
    message: ({ pool }: { pool: string }) => `Pool \`${pool}\` is built in and cannot be deleted`,
    remedy: "Pause or update it instead.",
  },
  notListened: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A client can listen only to an enabled hook whose action is a listener.",
    message: ({ hook }: { hook: string }) => `Hook \`${hook}\` has no listener in use`,
    remedy: "Create the hook with a listener, or enable it.",
  },
});

export const refusals = refusalsOf(poolErrors);
