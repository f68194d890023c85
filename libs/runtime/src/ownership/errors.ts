import { defineErrors } from "@tutti/kernel";

/** What can go wrong between a process and the table of owners. */
export const ownershipErrors = defineErrors("ownership", {
  storeUnavailable: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The store of the ownership table does not answer. Owners go on as long as their journals accept what they write; nobody takes anything over until it is back. It is asked again by itself.",
    message: ({ operation, reason }: { operation: string; reason: string }) =>
      `expected the ownership store to answer to the ${operation}, found: ${reason}; it is asked again by itself`,
  },
  storeSilent: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The store of the ownership table did not answer in time, as while NATS elects a leader. Whether it did what it was asked for is found out before the next attempt.",
    message: ({ operation, waitedMs }: { operation: string; waitedMs: number }) =>
      `expected an answer of the ownership store to the ${operation} within ${waitedMs} ms, found none; it is asked again by itself`,
  },
  partitionsDiffer: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The number of partitions is fixed when a cluster is made: an id would be looked for in another partition than the one it lives in. Set `ownership.partitions` to what the cluster was made with.",
    message: ({ configured, found }: { configured: number; found: number }) =>
      `expected a cluster with ${configured} partitions per service (ownership.partitions), found one with ${found}; set ownership.partitions to ${found}`,
  },
  unreadable: {
    status: "DATA_LOSS",
    retry: "never",
    help: "A key of the ownership store has a value that is none of Tutti's. Something else writes into the bucket, or a later release wrote it. Remove the key, or run the release that wrote it.",
    message: ({ key, reason }: { key: string; reason: string }) =>
      `expected an entry of the ownership table in ${key}, found ${reason}; remove the key, or run the release that wrote it`,
  },
});
