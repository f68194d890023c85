import { capitalized, defineErrors } from "@tutti/kernel";
import type { PartitionName } from "../port.ts";

const named = ({ service, partition }: PartitionName): string => `partition ${partition} of ${service}`;

/** Errors of a journal on JetStream only. */
export const jetstreamErrors = defineErrors("journal", {
  unsealed: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "NATS did not confirm an earlier batch, so the partition rejects writes until it is sealed again. The seal determines the written batches. Nothing of this batch was written. The partition continues automatically. Retry with the same idempotency key.",
    message: (at: PartitionName & { reason: string }) =>
      `${capitalized(named(at))} is not sealed after ${at.reason}, and nothing was written`,
    remedy: "Seal the partition and read it again.",
  },
  serverFull: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "JetStream has no space left for the journal: its storage, or a limit of the account or stream, is used up. Nothing was written and nothing is lost. Free space or raise the limit. Writing then continues automatically.",
    message: (at: PartitionName & { reason: string }) =>
      `JetStream has no space for a batch of ${named(at)} (${at.reason})`,
    remedy: "Free disk space or raise its limits. Writing then continues automatically.",
  },
  payloadTooSmall: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The message limit of the NATS server is lower than the journal needs. Set `max_payload: 8MB` in the configuration of every server of the cluster.",
    message: ({ server, found, least }: { server: string; found: number; least: number }) =>
      `\`max_payload\` of the NATS server ${server} is ${found}, and the journal needs ${least} bytes`,
    remedy: "Set `max_payload: 8MB` on every server of the cluster.",
  },
  syncNotAlways: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A single NATS server acknowledges before its disk has the message, by default, and so loses acknowledged batches when its machine fails. Set `jetstream { sync_interval: always }` in its configuration, or use three replicas in a cluster.",
    message: ({ server }: { server: string }) =>
      `The single NATS server ${server} may lose acknowledged messages, because \`sync_interval\` is not always`,
    remedy: "Set `jetstream { sync_interval: always }`, or use 3 replicas in a cluster.",
  },
  streamNotEmpty: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A journal can be imported only into NATS without a journal. An existing journal is never overwritten.",
    message: ({ stream, last }: { stream: string; last: number }) =>
      `Stream ${stream} is not empty: it has ${last} messages`,
    remedy: "Use a NATS server without data of Tutti.",
  },
  importedWrongly: {
    status: "DATA_LOSS",
    retry: "never",
    help: "The imported journal does not end with the same batch as the original. The original was not changed: continue with the original, and report this.",
    message: (at: PartitionName & { expected: number; found: number }) =>
      `${capitalized(named(at))} should end with batch ${at.expected} after the import, and ends with batch ${at.found} or another one`,
    remedy: "Continue with the original, and report this.",
  },
  replicasUnavailable: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "More replicas of the journal are configured than the NATS servers can hold. Use a cluster of at least that many servers with JetStream, or one replica on a single server.",
    message: ({ server, replicas, reason }: { server: string; replicas: number; reason: string }) =>
      `NATS server ${server} cannot hold ${replicas} replicas: ${reason}`,
    remedy: "Add servers to the cluster, or use fewer replicas.",
  },
});
