import { defineErrors, durationText } from "@tutti/kernel";

/** Errors between a process and the table of owners. */
export const ownershipErrors = defineErrors("ownership", {
  storeUnavailable: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The store of the ownership table does not answer. Owners continue as long as their journals accept writes. No partition changes its owner until the store is available again. Requests to it are retried automatically.",
    message: ({ operation, reason }: { operation: string; reason: string }) =>
      `The ownership store did not answer the ${operation}: ${reason}`,
    remedy: "Check NATS. The request is repeated automatically.",
  },
  storeSilent: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The store of the ownership table did not answer in time, for example while NATS elects a leader. The outcome of the operation is determined before the next attempt.",
    message: ({ operation, waitedMs }: { operation: string; waitedMs: number }) =>
      `The ownership store did not answer the ${operation} within ${durationText(waitedMs)}`,
    remedy: "Check NATS. The request is repeated automatically.",
  },
  partitionsDiffer: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The number of partitions is fixed when a cluster is created, because it decides the partition of each id. Set `ownership.partitions` to the number of the cluster.",
    message: ({ configured, found }: { configured: number; found: number }) =>
      `\`ownership.partitions\` is ${configured}, and the cluster has ${found} partitions`,
    remedy: "Set it to the number of the cluster.",
  },
  unreadable: {
    status: "DATA_LOSS",
    retry: "never",
    help: "A key of the ownership store has a value that is none of Tutti's. Something else writes into the bucket, or a later release wrote it. Remove the key, or run the release that wrote it.",
    message: ({ key, reason }: { key: string; reason: string }) =>
      `The ownership entry ${key} cannot be read: ${reason}`,
    remedy: "Delete the key, or run the release that wrote it.",
  },
});
