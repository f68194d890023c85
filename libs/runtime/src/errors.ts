import { defineErrors } from "@tutti/kernel";

interface AtPartition {
  readonly service: string;
  readonly partition: number;
}

const named = ({ service, partition }: AtPartition): string => `partition ${partition} of ${service}`;

/** How the runtime refuses and fails. */
export const runtimeErrors = defineErrors("runtime", {
  outcomeUnknown: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The journal did not say whether it has the command. It may have taken effect. Repeat it with the same idempotency key (or token, or chosen id): it then takes effect once.",
    message: (at: AtPartition & { reason: string }) =>
      `expected the journal to confirm the command in ${named(at)}, found no answer (${at.reason}); its outcome is unknown, repeat with the same idempotency key`,
  },
  notTaken: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The journal refused the batch that the command was in, and nothing was written. Repeat it; the partition loads again by itself.",
    message: (at: AtPartition & { reason: string }) =>
      `expected the journal to take the command in ${named(at)}, found it refused (${at.reason}); nothing was written, repeat`,
  },
  inboxFull: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "More commands wait for a partition than it may hold. Nothing was done. Repeat after the delay that the error names; if it lasts, the load is more than this process can take.",
    message: (at: AtPartition & { waiting: number }) =>
      `expected fewer than ${at.waiting} commands waiting in ${named(at)}, found its inbox full; repeat after a moment`,
  },
  lettersFull: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The machines of a partition have sent more letters than it may keep, and those who should take them do not: the partitions that they go to are away or too slow. Nothing was done. Repeat after the delay; see which partitions have no owner.",
    message: (at: AtPartition & { waitingBytes: number }) =>
      `expected room for letters in ${named(at)}, found ${at.waitingBytes} bytes of them waiting for receivers that do not take them; repeat after a moment`,
  },
  leaving: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The partition is being handed to another process, or this process stops. Nothing was done. Repeat; the ownership table names the new owner.",
    message: (at: AtPartition) =>
      `expected ${named(at)} to take commands, found it leaving; repeat, the new owner takes it`,
  },
  failed: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The partition cannot be loaded: its journal or its archive is damaged or unreachable. It tries again by itself; the log and `tutti doctor` say what is wrong.",
    message: (at: AtPartition & { reason: string }) =>
      `expected ${named(at)} to load, found ${at.reason}; it tries again by itself`,
  },
  quarantined: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The code of this machine failed on an earlier command, and it is kept aside as it was before. Repair it (retry with mended code, skip the command, reset to an event, or terminate), then repeat.",
    message: (at: { kind: string; id: string; on: string; error: string }) =>
      `expected ${at.kind} ${at.id} to take commands, found it quarantined since ${at.on} failed (${at.error}); repair it first`,
  },
  neverBegan: {
    status: "INTERNAL",
    retry: "never",
    help: "The code of this kind of machine failed on the very first command, so that there is no machine and nothing was written. The log has the fault.",
    message: (at: { kind: string; id: string; type: string; error: string }) =>
      `expected ${at.kind} ${at.id} to begin with ${at.type}, found that its code failed (${at.error}); nothing was written`,
  },
  terminated: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The machine was ended by force after its code had failed, and takes nothing any more. Its history can be read.",
    message: (at: { kind: string; id: string }) =>
      `expected ${at.kind} ${at.id} to be at work, found it ended by force; begin a new one`,
  },
  notAwaited: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The effect was settled before, or another attempt of it is awaited. Nothing is to be done about it.",
    message: () =>
      "expected the result of an attempt that is awaited, found one that is not; nothing is to be done",
  },
  notQuarantined: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Only a quarantined machine can be repaired, and this one goes on.",
    message: (at: { kind: string; id: string }) =>
      `expected ${at.kind} ${at.id} to be quarantined, found it at work; nothing needs a repair`,
  },
  stillFails: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The repair was tried and the code failed in the same way. The machine stays quarantined as it was. Mend the code, skip the command, or reset to an earlier event.",
    message: (at: { kind: string; id: string; error: string }) =>
      `expected ${at.kind} ${at.id} to go on after the repair, found that it fails again (${at.error}); it stays quarantined`,
  },
  keyReused: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "The idempotency key was used for another command. Use a new key for a new intent, and the same command for a repetition.",
    message: (at: { kind: string; id: string; key: string }) =>
      `expected idempotency key ${at.key} to come with the same command to ${at.kind} ${at.id}, found another one; use a new key`,
  },
  idTaken: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "A machine with this chosen id existed; it is gone and its id stays taken for a while, so that a late repetition of its start does not begin it again. Choose another id, or wait.",
    message: (at: { kind: string; id: string; until: string }) =>
      `expected a free id, found that ${at.kind} ${at.id} existed and its id stays taken until ${at.until}; choose another id`,
  },
  unknownKind: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The service hosts no machines of this kind.",
    message: (at: { service: string; kind: string; kinds: string }) =>
      `expected a kind of ${at.service} (${at.kinds}), found ${at.kind}`,
  },
  unknownCommand: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The command or the result belongs to another kind of machine. Check the token, or the id.",
    message: (at: { kind: string; id: string; type: string }) =>
      `expected a command of ${at.kind} for ${at.id}, found ${at.type} of another kind; check the token or the id`,
  },
  unknownInstance: {
    status: "NOT_FOUND",
    retry: "never",
    help: "There is no machine with this id, or its retention is over.",
    message: (at: { kind: string; id: string }) =>
      `expected ${at.kind} ${at.id} to exist, found none; check the id, or its retention is over`,
  },
  noSuchEvent: {
    status: "OUT_OF_RANGE",
    retry: "never",
    help: "The machine has fewer events than the one asked for.",
    message: (at: { kind: string; id: string; event: number; events: number }) =>
      `expected an event of ${at.kind} ${at.id} from 1 to ${at.events}, found ${at.event}`,
  },
  tooManyEvents: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The machine has as many events as one may have. Let it go on as a new one.",
    message: (at: { kind: string; id: string; eventsMax: number }) =>
      `expected ${at.kind} ${at.id} to have fewer than ${at.eventsMax} events, found it at the limit; let it go on as a new one`,
  },
  stateTooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The state of the machine is larger than one may be. Keep large values in blobs, or split the work.",
    message: (at: { kind: string; id: string; bytes: number; bytesMax: number }) =>
      `expected the state of ${at.kind} ${at.id} to have at most ${at.bytesMax} bytes, found ${at.bytes}; keep large values in blobs`,
  },
  batchTooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "What one command decided is larger than a batch of the journal may be. Keep large values in blobs, or do it in parts.",
    message: (at: { kind: string; id: string; bytes: number; bytesMax: number }) =>
      `expected one command to ${at.kind} ${at.id} to decide at most ${at.bytesMax} bytes, found ${at.bytes}; do it in parts`,
  },
  unknownEvent: {
    status: "DATA_LOSS",
    retry: "never",
    help: "The journal has an event that this release does not know: it was written by a newer one, or the machine's table lost a version. Run the release that wrote it, or newer.",
    message: (at: { kind: string; id: string; type: string; version: number }) =>
      `expected ${at.kind} ${at.id} to have known events, found ${at.type} version ${at.version}; run the release that wrote it, or a newer one`,
  },
  behaviourNewer: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A newer release has written to the partition in a way that this one does not read, and nothing of it was touched. Run that release, or a newer one; in a cluster the partition goes to a process that does. There is no way back to the older release but a backup from before.",
    message: (at: AtPartition & { found: string; known: string }) =>
      `expected ${named(at)} to have a behaviour of this release (${at.known}), found a newer one in force (${at.found}); run the release that wrote it, or a newer one`,
  },
  gap: {
    status: "DATA_LOSS",
    retry: "never",
    help: "What is kept of a partition does not fit together: events are missing between the archive and the journal. Restore from a backup; `tutti doctor` says what there is.",
    message: (at: AtPartition & { what: string }) =>
      `expected the archive and the journal of ${named(at)} to join, found ${at.what}; restore from a backup, the doctor says what there is`,
  },
});
