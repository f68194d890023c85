import { capitalized, defineErrors } from "@tutti/kernel";

interface InPartition {
  readonly service: string;
  readonly partition: number;
}

const named = ({ service, partition }: InPartition): string => `partition ${partition} of ${service}`;

/** Place of damage. Parts that could not be determined are absent. */
export interface DamagePlace {
  readonly file: string;
  readonly offset: number;
  readonly service?: string;
  readonly partition?: number;
  /** Number of the batch. */
  readonly number?: number;
}

function formatPlace({ file, offset, service, partition, number }: DamagePlace): string {
  const batch =
    service === undefined || partition === undefined || number === undefined
      ? ""
      : `, batch ${number} of ${named({ service, partition })}`;
  return `${file}, byte ${offset}${batch}`;
}

/** Errors of a journal. */
export const journalErrors = defineErrors("journal", {
  fenced: {
    status: "ABORTED",
    retry: "elsewhere",
    help: "Another owner has sealed the partition with a newer epoch. Nothing was written. Send the request to the new owner. The ownership table shows it.",
    message: (at: InPartition & { epoch: number; sealed: number }) =>
      `${capitalized(named(at))} has epoch ${at.sealed}, and this owner has epoch ${at.epoch}`,
    remedy: "Send the request to the new owner.",
  },
  misplaced: {
    status: "ABORTED",
    retry: "same-key",
    help: "The number of a batch is not the next number, for example because an earlier batch failed. Nothing was written. The partition reloads and continues automatically. Retry with the same idempotency key.",
    message: (at: InPartition & { expected: number; found: number }) =>
      `Batch ${at.found} of ${named(at)} does not follow: batch ${at.expected} is next, and nothing was written`,
    remedy: "Load the partition again.",
  },
  busy: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The write load exceeds the speed of the disk at the moment. Nothing was written. Retry after a moment. If the error persists, the disk is too slow for the load.",
    message: (at: InPartition) =>
      `All buffers of the journal are full, and nothing was written to ${named(at)}`,
    remedy: "Retry after a moment.",
  },
  full: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The disk has no space for another segment of the journal. Nothing was written and nothing is lost. Free space on that disk. Writing then continues automatically.",
    message: ({ reason }: { reason: string }) =>
      `The disk has no space for another segment of the journal (${reason})`,
    remedy: "Free disk space. Writing then continues automatically.",
  },
  outcomeUnknown: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "Writing or syncing the journal failed, so the outcome is unknown. The journal rejects everything until it is opened again, which determines the written batches. Retry with the same idempotency key. If the error recurs, check the disk.",
    message: ({ reason }: { reason: string }) =>
      `The journal did not confirm the write (${reason}), and its outcome is unknown`,
    remedy: "Retry with the same idempotency key.",
  },
  stopped: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The journal was closed, or stopped after a failed write. Nothing was written. Open the journal again. If a write failed, check the disk.",
    message: ({ reason }: { reason: string }) =>
      `The journal has stopped (${reason}), and nothing was written`,
    remedy: "Open the journal again.",
  },
  corrupt: {
    status: "DATA_LOSS",
    retry: "never",
    help: "A part of the journal differs from the written data: a bit flipped, or a file was truncated, replaced or edited. Nothing is skipped, and nothing is repaired by guessing. Restore the directory from a backup, and check the disk and the memory.",
    message: ({ place, found }: { place: DamagePlace; found: string }) =>
      `The journal is damaged at ${formatPlace(place)}: ${found}`,
    remedy: "Restore it from a backup and check the disk.",
  },
  truncated: {
    status: "OUT_OF_RANGE",
    retry: "never",
    help: "The requested batches were deleted, because snapshots and history cover them. Read from the first remaining batch, or from the history.",
    message: (at: InPartition & { from: number; first: number }) =>
      `${capitalized(named(at))} starts with batch ${at.first}, and batch ${at.from} was requested`,
    remedy: "Read older data from snapshots and history.",
  },
  cut: {
    status: "OUT_OF_RANGE",
    retry: "never",
    help: "A follower of the log tried to continue from a deleted position. The process that cuts the journal must wait for its followers. If the position is old, start again from the oldest segment.",
    message: ({ segment, oldest }: { segment: number; oldest: number }) =>
      `The log starts with segment ${oldest}, and segment ${segment} was requested`,
    remedy: "Start with the oldest segment.",
  },
  partitionsDiffer: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The number of partitions of a service is fixed when a data directory is created, because it decides the partition of each machine. Configure the original number, or start with an empty directory.",
    message: (at: { service: string; made: number; configured: number }) =>
      `The journal has ${at.made} partitions of ${at.service}, and the configuration has ${at.configured}`,
    remedy: "Set the configuration to the number of the journal.",
  },
  formatUnknown: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A newer release wrote the journal. Run that release or a newer one. An older release does not change a journal that it cannot read.",
    message: ({ file, version, known }: { file: string; version: number; known: number }) =>
      `${file} has format ${version}, and this release reads format ${known}`,
    remedy: "Run the release that wrote it, or a newer one.",
  },
});
