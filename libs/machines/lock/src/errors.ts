import { defineErrors } from "@tutti/kernel";

/** Why a lock says no. */
export const lockErrors = defineErrors("lock", {
  wishInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Who wants a lock says who it is, and how much of it for how long, within bounds.",
    message: ({ problem }: { problem: string }) => `${problem}; correct what is asked for`,
  },
  permitsTooMany: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A lock has one permit unless more were set. Nobody can hold more than there are.",
    message: ({ name, permits, found }: { name: string; permits: number; found: number }) =>
      `expected the lock ${name} to have at least ${permits} permits, found ${found}; ask for fewer, or set more`,
  },
  held: {
    status: "DEADLINE_EXCEEDED",
    retry: "never",
    help: "The lock was not free in time. Wait longer, or find out with `tutti lock show` who holds it.",
    message: ({ name, waitMs, holders }: { name: string; waitMs: number; holders: string }) =>
      `expected the lock ${name} to be free within ${waitMs} ms, found it held or waited for by ${holders}; wait longer`,
  },
  holderTaken: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The name of a holder is that of one acquisition. Another one, of more or in another way, has a name of its own.",
    message: ({ name, holder }: { name: string; holder: string }) =>
      `expected ${holder} to want of the lock ${name} what it wanted before, found something else; choose another holder`,
  },
  full: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "As many hold the lock or wait for it as there may. Ask again later.",
    message: ({ name, max }: { name: string; max: number }) =>
      `expected fewer than ${max} to wait for the lock ${name} or to hold it, found that many; ask again later`,
  },
  placeLost: {
    status: "ABORTED",
    retry: "never",
    help: "The place in the line was given up meanwhile: by a release, or because its work has ended. Ask again, if the lock is still wanted.",
    message: ({ name, holder }: { name: string; holder: string }) =>
      `expected ${holder} to wait for the lock ${name}, found its place given up; ask again`,
  },
});

/** What the contract names as an error of sessions. */
export const deadlockErrors = defineErrors("session", {
  deadlock: {
    status: "ABORTED",
    retry: "never",
    help: "Several waited for each other in a circle, and this one gives way. Let go of what is held, and begin again.",
    message: ({ circle }: { circle: string }) =>
      `${circle}; let go of what is held, and begin again with another holder`,
  },
});
