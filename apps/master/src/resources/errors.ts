import { amountOf, defineErrors } from "@tutti/kernel";

/** Errors of resources. */
export const resourceErrors = defineErrors("resource", {
  beyondQuota: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A task needs more than a quota of the namespace allows its session. The task would wait forever.",
    message: ({ task, wanted, name, quota, limit }: BeyondQuota) =>
      `Task \`${task}\` requests ${wanted} ${name}, and quota \`${quota}\` allows at most ${amountOf(limit, name)}`,
    remedy: "Request less, or raise the quota.",
  },
  beyondLimit: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A task needs more than the limits of its session allow. The task would wait forever.",
    message: ({ task, wanted, name, limit }: Beyond) =>
      `Task \`${task}\` requests ${wanted} ${name}, and the limits of the session allow at most ${amountOf(limit, name)}`,
    remedy: "Request less, or raise the limit.",
  },
  limitTooSmall: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A session without a slot can never run a task.",
    message: ({ limit }: { limit: number }) => `\`limits\`: expected at least 1 slot, got ${limit}`,
    remedy: "Allow one or more slots, or omit the limit.",
  },
  reservationMissing: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A session can use only existing reservations. An expired reservation no longer exists.",
    message: ({ id }: { id: string }) => `Reservation \`${id}\` not found`,
    remedy: "Create it first, or omit it.",
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
