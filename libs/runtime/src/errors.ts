import { capitalized, defineErrors } from "@tutti/kernel";

interface AtPartition {
  readonly service: string;
  readonly partition: number;
}

const named = ({ service, partition }: AtPartition): string => `partition ${partition} of ${service}`;

/** Refusals and failures of the runtime. */
export const runtimeErrors = defineErrors("runtime", {
  outcomeUnknown: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The journal did not confirm the command, so it may have taken effect. Retry with the same idempotency key (or token, or chosen id). The command then takes effect once.",
    message: (at: AtPartition & { reason: string }) =>
      `The journal did not confirm the command in ${named(at)} (${at.reason}), and its outcome is unknown`,
    remedy: "Retry with the same idempotency key.",
  },
  notTaken: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The journal rejected the batch that contains the command, and nothing was written. The partition reloads automatically. Retry the command.",
    message: (at: AtPartition & { reason: string }) =>
      `The journal rejected the command in ${named(at)} (${at.reason}), and nothing was written`,
    remedy: "Retry the command.",
  },
  inboxFull: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The inbox of the partition is full. Nothing happened. Retry after the delay in the error. If the error persists, the load exceeds the capacity of this process.",
    message: (at: AtPartition & { waiting: number }) =>
      `The inbox of ${named(at)} is full with ${at.waiting} commands`,
    remedy: "Retry after a moment.",
  },
  lettersFull: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The partition has too many undelivered messages, because the receiving partitions have no owner or are too slow. Nothing happened. Retry after the delay. Check which partitions have no owner.",
    message: (at: AtPartition & { waitingBytes: number }) =>
      `${capitalized(named(at))} has ${at.waitingBytes} bytes of undelivered messages`,
    remedy: "Retry after a moment, and check which partitions have no owner.",
  },
  archiveBehind: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The journal of a partition grows faster than the archive is written, and a restart would have to read all of it. Nothing happened. Retry after the delay. Results of tasks are still accepted. If the error persists, the disk is too slow or writes to the archive fail. The log shows the cause.",
    message: (at: AtPartition & { behindBytes: number }) =>
      `The archive of ${named(at)} is ${at.behindBytes} bytes behind its journal`,
    remedy: "Retry after a moment. If the error persists, check the log for failed writes to the archive.",
  },
  memoryShort: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The process has little memory left, and the partition has instances in memory that cannot leave it yet. Nothing happened. Retry after the delay. Results of tasks are still accepted. If the error persists, give the process more memory or add a process.",
    message: (at: AtPartition & { loaded: number }) =>
      `The process has little memory left, and ${named(at)} has ${at.loaded} instances in memory`,
    remedy: "Retry after a moment. If the error persists, give the process more memory or add a process.",
  },
  leaving: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The partition is moving to another process, or this process is stopping. Nothing happened. Retry the command. The ownership table shows the new owner.",
    message: (at: AtPartition) => `${capitalized(named(at))} is moving to another process`,
    remedy: "Retry: the new owner accepts the command.",
  },
  failed: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The partition cannot be loaded, because its journal or archive is damaged or unreachable. The load is retried automatically. The log and `tutti doctor` show the cause.",
    message: (at: AtPartition & { reason: string }) =>
      `${capitalized(named(at))} cannot be loaded: ${at.reason}`,
    remedy: "See the log and `tutti doctor`. The load is retried automatically.",
  },
  quarantined: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The code of this machine failed on an earlier command, and the machine is quarantined in its state before that command. Repair it (retry with fixed code, skip the command, reset to an event, or terminate), then retry.",
    message: (at: { kind: string; id: string; on: string; error: string }) =>
      `${capitalized(at.kind)} \`${at.id}\` is quarantined since ${at.on} failed (${at.error})`,
    remedy: "Repair it first.",
  },
  neverBegan: {
    status: "INTERNAL",
    retry: "never",
    help: "The code of this kind of machine failed on the first command, so no machine was created and nothing was written. The log shows the error.",
    message: (at: { kind: string; id: string; type: string; error: string }) =>
      `${capitalized(at.kind)} \`${at.id}\` did not start: the code of ${at.type} failed (${at.error})`,
    remedy: "Correct the code, then start it again.",
  },
  terminated: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The machine was terminated after its code had failed, and accepts no more commands. Its history can still be read.",
    message: (at: { kind: string; id: string }) => `${capitalized(at.kind)} \`${at.id}\` was terminated`,
    remedy: "Start a new one.",
  },
  notAwaited: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The effect already has a result, or waits for the result of another attempt. No action is needed.",
    message: () => "The result belongs to an attempt that is no longer awaited",
    remedy: "Ignore it.",
  },
  notQuarantined: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Only a quarantined machine can be repaired, and this machine is not quarantined.",
    message: (at: { kind: string; id: string }) => `${capitalized(at.kind)} \`${at.id}\` is not quarantined`,
    remedy: "Continue without a repair.",
  },
  stillFails: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The repair was tried, and the code failed in the same way. The machine stays quarantined in the same state. Fix the code, skip the command, or reset to an earlier event.",
    message: (at: { kind: string; id: string; error: string }) =>
      `The repair of ${at.kind} \`${at.id}\` failed in the same way (${at.error})`,
    remedy: "Correct the code, skip the command, or reset to an earlier event.",
  },
  keyReused: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "The idempotency key was used for another command. Use a new key for a new intent, and the same command for a repetition.",
    message: (at: { kind: string; id: string; key: string }) =>
      `The idempotency key \`${at.key}\` was already used for another command to ${at.kind} \`${at.id}\``,
    remedy: "Use a new key.",
  },
  idTaken: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "A machine with this chosen id existed and was removed. Its id stays reserved for a while, so that a late retry of its start does not start it again. Choose another id, or wait.",
    message: (at: { kind: string; id: string; until: string }) =>
      `${capitalized(at.kind)} \`${at.id}\` existed before, and its id is reserved until ${at.until}`,
    remedy: "Choose another id.",
  },
  unknownKind: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The service hosts no machines of this kind.",
    message: (at: { service: string; kind: string; kinds: string }) =>
      `Service ${at.service} has no kind ${at.kind}. It has ${at.kinds}`,
    remedy: "Correct the kind.",
  },
  unknownCommand: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The command or the result belongs to another kind of machine. Check the token, or the id.",
    message: (at: { kind: string; id: string; type: string }) =>
      `${at.type} is not a command of ${at.kind} \`${at.id}\``,
    remedy: "Check the token or the id.",
  },
  unknownInstance: {
    status: "NOT_FOUND",
    retry: "never",
    help: "There is no machine with this id, or its retention is over.",
    message: (at: { kind: string; id: string }) =>
      `${capitalized(at.kind)} \`${at.id}\` not found: it does not exist, or its retention is over`,
    remedy: "Check the id.",
  },
  noSuchEvent: {
    status: "OUT_OF_RANGE",
    retry: "never",
    help: "The machine has fewer events than the requested number.",
    message: (at: { kind: string; id: string; event: number; events: number }) =>
      `${capitalized(at.kind)} \`${at.id}\` has no event ${at.event}. It has 1 to ${at.events}`,
    remedy: "Choose an event in this range.",
  },
  tooManyEvents: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The machine has the maximum number of events. Continue it as new.",
    message: (at: { kind: string; id: string; eventsMax: number }) =>
      `${capitalized(at.kind)} \`${at.id}\` has the maximum of ${at.eventsMax} events`,
    remedy: "Continue it as new.",
  },
  stateTooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The state of the machine exceeds the maximum size. Store large values in blobs, or split the work.",
    message: (at: { kind: string; id: string; bytes: number; bytesMax: number }) =>
      `The state of ${at.kind} \`${at.id}\` would have ${at.bytes} bytes, more than the maximum of ${at.bytesMax}`,
    remedy: "Put large values into the blob store.",
  },
  batchTooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The events of one command exceed the maximum size of a journal batch. Store large values in blobs, or split the command.",
    message: (at: { kind: string; id: string; bytes: number; bytesMax: number }) =>
      `The command to ${at.kind} \`${at.id}\` would write ${at.bytes} bytes, more than the maximum of ${at.bytesMax}`,
    remedy: "Split the command.",
  },
  unknownEvent: {
    status: "DATA_LOSS",
    retry: "never",
    help: "The journal contains an event that this release does not know. A newer release wrote it, or the machine's table lost a version. Run the release that wrote the event, or a newer one.",
    message: (at: { kind: string; id: string; type: string; version: number }) =>
      `${capitalized(at.kind)} \`${at.id}\` has the unknown event ${at.type} version ${at.version}`,
    remedy: "Run the release that wrote it, or a newer one.",
  },
  behaviourNewer: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A newer release has written to the partition in a format that this release does not read. Nothing was changed. Run that release, or a newer one. In a cluster, the partition moves to a process that reads it. The only way back to the older release is an earlier backup.",
    message: (at: AtPartition & { found: string; known: string }) =>
      `${capitalized(named(at))} was written by a newer release (${at.found}), and this release knows ${at.known}`,
    remedy: "Run the release that wrote it, or a newer one.",
  },
  gap: {
    status: "DATA_LOSS",
    retry: "never",
    help: "Events of a partition are missing between the archive and the journal. Restore from a backup. `tutti doctor` shows the present files.",
    message: (at: AtPartition & { what: string }) =>
      `The archive and the journal of ${named(at)} do not join: ${at.what}`,
    remedy: "Restore a backup, and run `tutti doctor`.",
  },
});
