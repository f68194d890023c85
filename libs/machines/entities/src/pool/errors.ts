import { counted, defineErrors } from "@tutti/kernel";
import type { KeptWords } from "../index.ts";

interface Named {
  /** Kind of thing: `hook`. */
  readonly what: string;
  readonly id: string;
}

/** Why a pool says no, and what it keeps. */
export const poolErrors = defineErrors("pool", {
  missing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "What was asked for is not kept in the pool: it was never made, or was taken away.",
    message: ({ what, id }: Named) => `expected the ${what} ${id}, found none; create it first`,
  },
  exists: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "The name belongs to another one already. Update that one, or choose another name.",
    message: ({ what, id }: Named) =>
      `expected no ${what} ${id} yet, or the same one, found another; update it, or choose another name`,
  },
  moved: {
    status: "ABORTED",
    retry: "never",
    help: "Somebody changed it meanwhile. Read it, and decide again.",
    message: ({ what, id, revision, found }: Named & { revision: number; found: number }) =>
      `expected the ${what} ${id} in revision ${revision}, found ${found}; read it again`,
  },
  inUse: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A pool with agents or tasks is not deleted: they would be left without one. Drain its agents, and let its tasks end.",
    message: ({ pool, agents, tasks }: { pool: string; agents: number; tasks: number }) =>
      `expected the pool ${pool} to have neither agents nor tasks, found ${counted(agents, "agent")} and ${counted(tasks, "task")}; drain it first`,
  },
  permanent: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The pool named `default`, and those that `swarm.pools` names, are always there.",
    message: ({ pool }: { pool: string }) =>
      `expected a pool that somebody made, found ${pool}, which is always there; pause it, or update it`,
  },
  notListened: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Only a hook whose action is a listener, and which is not disabled, can be listened to.",
    message: ({ hook }: { hook: string }) =>
      `expected a hook that is listened to, found none in use with the id ${hook}; create it with a listener`,
  },
  full: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A pool keeps only so many of each. Take away what is not needed.",
    message: ({ what, max }: { what: string; max: number }) =>
      `expected fewer than ${max} ${what}s, found that many; take one away that is not needed`,
  },
  invalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "What a pool is told to keep must be complete and within its limits.",
    message: ({ problem }: { problem: string }) => `${problem}; correct it`,
  },
});

export const words: KeptWords = {
  missing: (what, id) => poolErrors.missing.refusal({ what, id }),
  exists: (what, id) => poolErrors.exists.refusal({ what, id }),
  moved: (what, id, revision, found) => poolErrors.moved.refusal({ what, id, revision, found }),
  full: (what, max) => poolErrors.full.refusal({ what, max }),
  invalid: (problem) => poolErrors.invalid.refusal({ problem }),
};
