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

function shownPlace({ file, offset, service, partition, number }: DamagePlace): string {
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
    help: "Another owner has sealed the partition under a newer epoch. Nothing was written. Ask the new owner. The ownership table names it.",
    message: (at: InPartition & { epoch: number; sealed: number }) =>
      `${capitalized(named(at))} has epoch ${at.sealed}, and this owner has epoch ${at.epoch}`,
    remedy: "Send the request to the new owner.",
  },
  misplaced: {
    status: "ABORTED",
    retry: "same-key",
    help: "A batch was to get a number that is not the next one, as happens to those that follow a failed one. Nothing was written. The partition loads again and continues by itself. Repeat with the same idempotency key.",
    message: (at: InPartition & { expected: number; found: number }) =>
      `Batch ${at.found} of ${named(at)} does not follow: batch ${at.expected} is next, and nothing was written`,
    remedy: "Load the partition again.",
  },
  busy: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "More is to be written than the disk takes at the moment. Nothing was written. Repeat after a moment. If it lasts, the disk is too slow for the load.",
    message: (at: InPartition) =>
      `All buffers of the journal are full, and nothing was written to ${named(at)}`,
    remedy: "Retry after a moment.",
  },
  full: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The disk has no room for another segment of the journal. Nothing was written and nothing is lost. Free space on that disk. Writing continues by itself.",
    message: ({ reason }: { reason: string }) =>
      `The disk has no space for another segment of the journal (${reason})`,
    remedy: "Free disk space. Writing then continues by itself.",
  },
  outcomeUnknown: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "Writing or syncing the journal failed, so it is unknown whether this took effect. The journal refuses everything until it is opened again, which shows which batches are there. Repeat with the same idempotency key. If it happens again, look at the disk.",
    message: ({ reason }: { reason: string }) =>
      `The journal did not confirm the write (${reason}), and its outcome is unknown`,
    remedy: "Retry with the same idempotency key.",
  },
  stopped: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The journal was closed, or stopped after a failed write. Nothing was written. It has to be opened again. Look at the disk if a write failed.",
    message: ({ reason }: { reason: string }) =>
      `The journal has stopped (${reason}), and nothing was written`,
    remedy: "Open the journal again.",
  },
  corrupt: {
    status: "DATA_LOSS",
    retry: "never",
    help: "A part of the journal is not what was written there: a bit flipped, a file was cut, replaced or edited. Nothing is skipped and nothing repaired by guessing. Restore the directory from a backup, and look at the disk and its memory.",
    message: ({ place, found }: { place: DamagePlace; found: string }) =>
      `The journal is damaged at ${shownPlace(place)}: ${found}`,
    remedy: "Restore it from a backup and check the disk.",
  },
  truncated: {
    status: "OUT_OF_RANGE",
    retry: "never",
    help: "Batches were asked for that are deleted, because snapshots and history cover them. Read from the first that is left, or from the history.",
    message: (at: InPartition & { from: number; first: number }) =>
      `${capitalized(named(at))} starts with batch ${at.first}, and batch ${at.from} was requested`,
    remedy: "Read older data from snapshots and history.",
  },
  cut: {
    status: "OUT_OF_RANGE",
    retry: "never",
    help: "A follower of the log wanted to continue from a deleted place. The caller that cuts the journal has to wait for its followers. If the place is an old one, start again from the rest.",
    message: ({ segment, oldest }: { segment: number; oldest: number }) =>
      `The log starts with segment ${oldest}, and segment ${segment} was requested`,
    remedy: "Start with the oldest segment.",
  },
  partitionsDiffer: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The number of partitions of a service is fixed when a data directory is made, because it decides where each machine lives. Set the configuration to the number it was made with, or start with an empty directory.",
    message: (at: { service: string; made: number; configured: number }) =>
      `The journal has ${at.made} partitions of ${at.service}, and the configuration has ${at.configured}`,
    remedy: "Set the configuration to the number of the journal.",
  },
  formatUnknown: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The journal was written by a newer version. Use that version or a newer one. An older one does not touch what it cannot read.",
    message: ({ file, version, known }: { file: string; version: number; known: number }) =>
      `${file} has format ${version}, and this release reads format ${known}`,
    remedy: "Run the release that wrote it, or a newer one.",
  },
});
