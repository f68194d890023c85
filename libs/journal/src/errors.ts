import { defineErrors } from "@tutti/kernel";

interface InPartition {
  readonly service: string;
  readonly partition: number;
}

const named = ({ service, partition }: InPartition): string => `partition ${partition} of ${service}`;

/** Where damage was found. What could not be told is absent. */
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

/** How a journal fails. */
export const journalErrors = defineErrors("journal", {
  fenced: {
    status: "ABORTED",
    retry: "elsewhere",
    help: "Another owner has sealed the partition under a newer epoch. Nothing was written. Ask the new owner; the ownership table names it.",
    message: (at: InPartition & { epoch: number; sealed: number }) =>
      `expected epoch ${at.sealed} or newer in ${named(at)}, found ${at.epoch}; this owner was replaced, ask the new one`,
  },
  misplaced: {
    status: "ABORTED",
    retry: "same-key",
    help: "A batch was to get a number that is not the next one, as happens to those that follow a failed one. Nothing was written. The partition loads again and goes on by itself; repeat with the same idempotency key.",
    message: (at: InPartition & { expected: number; found: number }) =>
      `expected batch ${at.expected} next in ${named(at)}, found ${at.found}; nothing was written, load the partition again`,
  },
  busy: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "More is to be written than the disk takes at the moment. Nothing was written. Repeat after a moment; if it lasts, the disk is too slow for the load.",
    message: (at: InPartition) =>
      `expected room in the journal for a batch of ${named(at)}, found all its buffers full; wait for room, then append again`,
  },
  full: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The disk has no room for another segment of the journal. Nothing was written and nothing is lost. Free space on that disk; writing goes on by itself.",
    message: ({ reason }: { reason: string }) =>
      `expected room on the disk for another segment of the journal, found none (${reason}); free some space, writing then goes on by itself`,
  },
  outcomeUnknown: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "Writing or syncing the journal failed, so it is unknown whether this took effect. The journal refuses everything until it is opened again, which shows what is there. Repeat with the same idempotency key; if it happens again, look at the disk.",
    message: ({ reason }: { reason: string }) =>
      `expected the journal to say that it is written, found ${reason}; whether it took effect is unknown, repeat with the same idempotency key`,
  },
  stopped: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The journal was closed, or stopped after a failed write. Nothing was written. It has to be opened again; look at the disk if a write failed.",
    message: ({ reason }: { reason: string }) =>
      `expected an open journal, found that it stopped: ${reason}; nothing was written, open it again`,
  },
  corrupt: {
    status: "DATA_LOSS",
    retry: "never",
    help: "A part of the journal is not what was written there: a bit flipped, a file was cut, replaced or edited. Nothing is skipped and nothing repaired by guessing. Restore the directory from a backup, and look at the disk and its memory.",
    message: ({ place, found }: { place: DamagePlace; found: string }) =>
      `the journal is damaged at ${shownPlace(place)}: ${found}; restore it from a backup and check the disk`,
  },
  truncated: {
    status: "OUT_OF_RANGE",
    retry: "never",
    help: "Batches were asked for that are deleted, because snapshots and history cover them. Read from the first that is left, or from the history.",
    message: (at: InPartition & { from: number; first: number }) =>
      `expected to read ${named(at)} from batch ${at.first} or later, found ${at.from}; what is older is in snapshots and history`,
  },
  cut: {
    status: "OUT_OF_RANGE",
    retry: "never",
    help: "Somebody who follows the log was to go on from a place that is deleted. Whoever cuts the journal has to wait for those who follow it; if that place was kept from long ago, begin anew from what is left.",
    message: ({ segment, oldest }: { segment: number; oldest: number }) =>
      `expected to follow the log from segment ${segment} on, found that it begins with segment ${oldest}; what is older is deleted, begin there`,
  },
  partitionsDiffer: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The number of partitions of a service is fixed when a data directory is made, because it decides where each machine lives. Set the configuration to the number it was made with, or begin with an empty directory.",
    message: (at: { service: string; made: number; asked: number }) =>
      `expected ${at.made} partitions of ${at.service}, as this journal was made with, found ${at.asked} in the configuration; set it to ${at.made}`,
  },
  formatUnknown: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The journal was written by a newer version. Use that version or a newer one; an older one does not touch what it cannot read.",
    message: ({ file, version, known }: { file: string; version: number; known: number }) =>
      `expected format ${known} in ${file}, found ${version}; use the version of Tutti that wrote it, or a newer one`,
  },
});
