import { defineErrors } from "@tutti/kernel";

interface Locked {
  readonly directory: string;
  readonly pid: string;
  readonly since: string;
  /** Address of the process. Empty if unknown. */
  readonly url: string;
  readonly setting: string;
}

export const hostErrors = defineErrors("host", {
  historyConfidential: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The events of machines that keep credentials and secrets have their hashes and sealed values. No key and no token of any role may read them. Lists and the audit log have each change.",
    message: ({ kind }: { kind: string }) => `The events of machines of kind \`${kind}\` are confidential`,
    remedy: "Read the audit log, or the lists of keys and secrets.",
  },
  serviceNotMade: {
    status: "INTERNAL",
    retry: "never",
    help: "The code that makes a service threw before anything was started. The message has what it threw, and where.",
    message: ({ service, problem }: { service: string; problem: string }) =>
      `Service ${service} could not be created: ${problem}`,
    remedy: "Correct the code at that place.",
  },
  natsAskedLate: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A service asked for the connection to NATS after its process had been put together without one. Ask while the service is made.",
    message: () => "The connection to NATS was first requested after the services were created",
    remedy: "Call `host.nats()` in `create()`.",
  },
  dataDirectoryLocked: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A data directory belongs to one process at a time. Stop the other process, or give this one another directory.",
    message: ({ directory, pid, since, url }: Locked) =>
      url === ""
        ? `Process ${pid} has locked the data directory ${directory} since ${since}`
        : `Tutti already runs at ${url}: process ${pid} uses the data directory ${directory} since ${since}`,
    remedy: ({ url, setting }: Locked) =>
      url === ""
        ? `Stop that process, or set ${setting} to another directory.`
        : `Use it: export TUTTI_URL=${url}. Or stop it, or set ${setting} to another directory.`,
  },
  dataDirectoryUnusable: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The process has to be able to make and write the data directory. Fix its permissions, or choose another one.",
    message: ({ directory, reason }: { directory: string; reason: string; setting: string }) =>
      `The data directory ${directory} cannot be written: ${reason}`,
    remedy: ({ setting }: { directory: string; reason: string; setting: string }) =>
      `Correct its permissions, or set ${setting} to another directory.`,
  },
  dataUnreadable: {
    status: "DATA_LOSS",
    retry: "never",
    help: "The file that says what a data directory was made as is not what was written. Everything else may be sound: the doctor says so. Restore that file from a backup.",
    message: ({ file }: { file: string }) => `${file} is damaged`,
    remedy: "Restore it from a backup of this directory by the same release.",
  },
  dataNewer: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The data directory was made by a newer release. An older one does not touch what it cannot read.",
    message: (at: { directory: string; format: number; known: number; release: string }) =>
      `The data directory ${at.directory} has format ${at.format} of release ${at.release}, and this release reads format ${at.known}`,
    remedy: "Use that release or a newer one.",
  },
  dataIncomplete: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "There is a journal and nothing that says how many partitions it was made with, as in a copy that was not finished. A process that started here with a new number would lose sight of the existing data.",
    message: ({ directory }: { directory: string }) =>
      `The data directory ${directory} is incomplete: it has a journal but no data.json`,
    remedy: "If it is a copy, make it again. Otherwise put data.json of a backup by the same release in it.",
  },
  partitionsDiffer: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The number of partitions is fixed when a data directory is made, because it decides where each machine lives. Set ownership.partitions to the number it was made with, or start with an empty directory.",
    message: (at: { directory: string; made: number; configured: number }) =>
      `The data directory ${at.directory} has ${at.made} partitions, and the configuration has ${at.configured}`,
    remedy: "Set `ownership.partitions` to the number of the data directory.",
  },
  noDataDirectory: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A service names machines, and its process was put together without a directory to keep them in. Give the host a dataDirectory.",
    message: ({ service }: { service: string }) =>
      `Service ${service} needs a data directory, and its process has none`,
    remedy: "Give the host a dataDirectory.",
  },
  copyRefused: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A copy of a data directory goes to a directory that is empty or not there yet, outside of the one that is copied.",
    message: ({ target, found }: { target: string; found: string }) =>
      `The copy cannot be made: ${target} is ${found}`,
    remedy: "Use an empty directory outside of the data directory.",
  },
  copyFailed: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The copy could not be made. The incomplete copy is not a data directory, and no process takes it for one. Fix the reason, remove the copy, and make it again.",
    message: ({ target, reason }: { target: string; reason: string }) =>
      `The copy to ${target} failed: ${reason}`,
    remedy: "Remove the incomplete copy and try again.",
  },
  notAnswering: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "A process has the data directory, and it did not answer when it was asked for a copy. It may be starting or stopping, or it hosts no machines.",
    message: ({ directory, pid }: { directory: string; pid: string }) =>
      `Process ${pid}, which uses ${directory}, does not answer`,
    remedy: "Wait until it is ready, or stop it and try again.",
  },
  noSuchPartition: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Partitions are numbered from 0. ListPartitions says how many a service has.",
    message: (at: { service: string; partition: number; partitions: number }) =>
      `Service ${at.service} has no partition ${at.partition}. It has 0 to ${at.partitions - 1}`,
    remedy: "Choose one of these partitions.",
  },
  neverPaused: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Only services whose machines do work are paused and released.",
    message: ({ service }: { service: string; known: string }) => `Service ${service} cannot be paused`,
    remedy: ({ known }: { service: string; known: string }) => `Choose one of ${known}.`,
  },
  keyUnreadable: {
    status: "DATA_LOSS",
    retry: "never",
    help: "A file with a key of the installation is not what was written. Restore it from where it is kept. Without it, all clients must be set up to trust a new installation.",
    message: ({ file, problem }: { file: string; problem: string }) =>
      `The key file ${file} is damaged: ${problem}`,
    remedy: "Restore the file.",
  },
  journalMissing: {
    status: "DATA_LOSS",
    retry: "never",
    help: "The data directory has had a journal, and it is not there any more. The journal is what counts: no other one is made in its place. Restore a backup.",
    message: ({ directory }: { directory: string }) =>
      `The journal ${directory} is missing, and the data directory has had one`,
    remedy: "Restore a backup.",
  },
  keyMissing: {
    status: "DATA_LOSS",
    retry: "never",
    help: "A key that the installation made is missing. Without it secrets cannot be opened, and no new content can be signed in the same name. So no replacement is made. Restore the file from where it is kept, or restore a backup.",
    message: ({ file }: { file: string }) => `The key ${file} is missing`,
    remedy: "Restore the file, or restore a backup.",
  },
  keysSealed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The directory is a copy whose keys are sealed under a passphrase. A restore opens them and puts them in place.",
    message: ({ directory }: { directory: string }) =>
      `The keys of ${directory} are sealed under a passphrase`,
    remedy: ({ directory }: { directory: string }) =>
      `Run tutti data restore --copy ${directory} --data-directory DIR --passphrase-file FILE.`,
  },
  restoreRefused: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A copy is restored to an empty directory, with the passphrase of its keys or with the keys that it names. Nothing was changed.",
    message: ({ found }: { found: string }) => `The copy cannot be restored: ${found}`,
    remedy: "Use an empty directory and the keys of the copy, then restore again.",
  },
  restoreIntoUsed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A copy is restored to an empty directory, or to one that does not exist. Nothing was changed.",
    message: ({ directory }: { directory: string }) =>
      `The copy cannot be restored: ${directory} is not empty. Nothing in it was changed`,
    remedy: "Choose another directory with --data-directory.",
  },
  handedOver: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A cluster has taken over the work of the data directory. A process that continued here too would do everything twice. Use the cluster. If it is gone and never ran, remove the file that the message names, and the directory is as it was.",
    message: (at: { directory: string; file: string; to: string; time: string }) =>
      `The data directory ${at.directory} was imported into the cluster in ${at.to} at ${at.time}`,
    remedy: (at: { directory: string; file: string; to: string; time: string }) =>
      `Use that cluster (tutti cluster up --directory ${at.to}), or remove ${at.file} if it never ran and never will.`,
  },
  inUse: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A cluster is made of a data directory that no process has, because later writes would be missing.",
    message: (at: { directory: string; pid: string; since: string }) =>
      `Process ${at.pid} uses the data directory ${at.directory} since ${at.since}`,
    remedy: "Stop that process and try again.",
  },
  importDamaged: {
    status: "DATA_LOSS",
    retry: "never",
    help: "A cluster is made only of a data directory that is sound as a whole.",
    message: ({ directory, found }: { directory: string; found: string }) =>
      `The data directory ${directory} is damaged: ${found}`,
    remedy: ({ directory }: { directory: string; found: string }) =>
      `Run tutti doctor --data-directory ${directory}, then restore a backup.`,
  },
  blobAbsent: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A request refers to a blob that does not exist in its namespace: it was never put, or has been removed because nothing referred to it. Put the blob, then send the request.",
    message: ({ field, blob, namespace }: { field: string; blob: string; namespace: string }) =>
      `\`${field}\` refers to the blob ${blob}, which does not exist in namespace \`${namespace}\``,
    remedy: "Put the blob first.",
  },
  nothingToCopy: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Without the file that says how it was made, a folder is no data directory, or it is an unfinished copy.",
    message: ({ directory }: { directory: string }) => `${directory} is not a data directory`,
    remedy: "Set the right directory.",
  },
});
