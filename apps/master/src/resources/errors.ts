import { amountOf, defineErrors } from "@tutti/kernel";

/** Why nothing can be done about resources. */
export const resourceErrors = defineErrors("resource", {
  beyondQuota: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "No quota of the namespace that is about the session allows as much as one of its tasks needs: it would wait for ever.",
    message: ({ task, wanted, name, quota, limit }: BeyondQuota) =>
      `task ${task}: expected at most ${amountOf(limit, name)}, which is what the quota ${quota} allows, found ${wanted}; ask for less, or raise the quota`,
  },
  beyondLimit: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The session's own limits do not allow as much as one of its tasks needs: it would wait for ever.",
    message: ({ task, wanted, name, limit }: Beyond) =>
      `task ${task}: expected at most ${amountOf(limit, name)}, which is what the session's own limits allow, found ${wanted}; ask for less, or raise the limit`,
  },
  limitTooSmall: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A session that may take no slot would never do anything.",
    message: ({ limit }: { limit: number }) =>
      `limits: expected at least 1 slot, found ${limit}; allow one or more, or leave it out`,
  },
  reservationMissing: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A session names reservations that are there. One whose time is over is not.",
    message: ({ id }: { id: string }) =>
      `expected the reservation ${id}, found none; create it first, or leave it out`,
  },
});

interface Beyond {
  readonly task: string;
  readonly wanted: number;
  readonly name: string;
  readonly limit: number;
}

interface BeyondQuota extends Beyond {
  readonly quota: string;
}
