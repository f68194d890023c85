import { defineErrors } from "@tutti/kernel";

/** Why nothing can be done about resources. */
export const resourceErrors = defineErrors("resource", {
  dependenciesStated: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "What a session waits for is stated when it begins, and does not change afterwards yet.",
    message: ({ id }: { id: string }) =>
      `expected the session ${id} to keep what it waits for, found another dependency; start it anew with it, under another id`,
  },
  beyondQuota: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "No quota of the namespace that is about the session allows as much as one of its tasks needs: it would wait for ever.",
    message: ({ task, wanted, name, quota, limit }: BeyondQuota) =>
      `task ${task}: expected at most ${limit} of ${name}, which is what the quota ${quota} allows, found ${wanted}; ask for less, or raise the quota`,
  },
  reservationMissing: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A session names reservations that are there. One whose time is over is not.",
    message: ({ id }: { id: string }) =>
      `expected the reservation ${id}, found none; create it first, or leave it out`,
  },
});

interface BeyondQuota {
  readonly task: string;
  readonly wanted: number;
  readonly name: string;
  readonly quota: string;
  readonly limit: number;
}
