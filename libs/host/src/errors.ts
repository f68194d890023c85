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
    help: "The events of machines that store credentials and secrets contain their hashes and sealed values. No key and no token of any role may read them. Lists and the audit log contain each change.",
    message: ({ kind }: { kind: string }) => `The events of machines of kind \`${kind}\` are confidential`,
    remedy: "Read the audit log, or the lists of keys and secrets.",
  },
  serviceNotMade: {
    status: "INTERNAL",
    retry: "never",
    help: "The code that creates a service threw before anything was started. The message contains the error and its location.",
    message: ({ service, problem }: { service: string; problem: string }) =>
      `Service ${service} could not be created: ${problem}`,
    remedy: "Correct the code at that place.",
  },
  natsAskedLate: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A service requested the NATS connection after its process was created without one. Request the connection while the service is created.",
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
    remedy: ({ pid, url, setting }: Locked) =>
      url === ""
        ? `Stop that process, or set ${setting} to another directory.`
        : `Commands in its folder use it. To stop it, run kill ${pid}. Or set ${setting} to another directory.`,
  },
  dataDirectoryUnusable: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The process must be able to create and write the data directory. Fix its permissions, or choose another directory.",
    message: ({ directory, reason }: { directory: string; reason: string; setting: string }) =>
      `The data directory ${directory} cannot be written: ${reason}`,
    remedy: ({ setting }: { directory: string; reason: string; setting: string }) =>
      `Correct its permissions, or set ${setting} to another directory.`,
  },
  dataUnreadable: {
    status: "DATA_LOSS",
    retry: "never",
    help: "The file that describes the data directory is damaged. The other files may be sound: `tutti doctor` checks them. Restore the file from a backup.",
    message: ({ file }: { file: string }) => `${file} is damaged`,
    remedy: "Restore it from a backup of this directory by the same release.",
  },
  dataNewer: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The data directory was created by a newer release. An older release does not touch data that it cannot read.",
    message: (at: { directory: string; format: number; known: number; release: string }) =>
      `The data directory ${at.directory} has format ${at.format} of release ${at.release}, and this release reads format ${at.known}`,
    remedy: "Use that release or a newer one.",
  },
  dataIncomplete: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The directory has a journal but no record of its number of partitions, as in an unfinished copy. A process with another number of partitions could not find the existing data.",
    message: ({ directory }: { directory: string }) =>
      `The data directory ${directory} is incomplete: it has a journal but no data.json`,
    remedy:
      "If it is a copy, create it again. Otherwise restore data.json from a backup by the same release.",
  },
  partitionsDiffer: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The number of partitions is fixed when a data directory is created, because it decides the partition of each machine. Set ownership.partitions to the original number, or start with an empty directory.",
    message: (at: { directory: string; existing: number; configured: number }) =>
      `The data directory ${at.directory} has ${at.existing} partitions, and the configuration has ${at.configured}`,
    remedy: "Set `ownership.partitions` to the number of the data directory.",
  },
  noDataDirectory: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A service has machines, and its process was created without a directory to store them in. Give the host a dataDirectory.",
    message: ({ service }: { service: string }) =>
      `Service ${service} needs a data directory, and its process has none`,
    remedy: "Give the host a dataDirectory.",
  },
  copyRefused: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The target of a copy must be empty or absent, and outside of the data directory.",
    message: ({ target, found }: { target: string; found: string }) =>
      `The copy cannot be made: ${target} is ${found}`,
    remedy: "Use an empty directory outside of the data directory.",
  },
  copyFailed: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The copy failed. No process accepts the incomplete copy as a data directory. Fix the cause, remove the copy, and create it again.",
    message: ({ target, reason }: { target: string; reason: string }) =>
      `The copy to ${target} failed: ${reason}`,
    remedy: "Remove the incomplete copy and try again.",
  },
  notAnswering: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "A process uses the data directory, and it did not answer the request for a copy. It may be starting or stopping, or it hosts no machines.",
    message: ({ directory, pid }: { directory: string; pid: string }) =>
      `Process ${pid}, which uses ${directory}, does not answer`,
    remedy: "Wait until it is ready, or stop it and try again.",
  },
  noSuchPartition: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Partitions are numbered from 0. ListPartitions returns the number of partitions of a service.",
    message: (at: { service: string; partition: number; partitions: number }) =>
      `Service ${at.service} has no partition ${at.partition}. It has 0 to ${at.partitions - 1}`,
    remedy: "Choose one of these partitions.",
  },
  neverPaused: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Only services whose machines do work can be paused and released.",
    message: ({ service }: { service: string; known: string }) => `Service ${service} cannot be paused`,
    remedy: ({ known }: { service: string; known: string }) => `Choose one of ${known}.`,
  },
  keyUnreadable: {
    status: "DATA_LOSS",
    retry: "never",
    help: "A file with a key of the installation is damaged. Restore it from your key store or a backup. Without it, all clients must be configured to trust a new installation.",
    message: ({ file, problem }: { file: string; problem: string }) =>
      `The key file ${file} is damaged: ${problem}`,
    remedy: "Restore the file.",
  },
  journalMissing: {
    status: "DATA_LOSS",
    retry: "never",
    help: "The data directory had a journal, and the journal is missing. The journal is the source of truth, so no new journal replaces it. Restore a backup.",
    message: ({ directory }: { directory: string }) =>
      `The journal ${directory} is missing, and the data directory has had one`,
    remedy: "Restore a backup.",
  },
  keyMissing: {
    status: "DATA_LOSS",
    retry: "never",
    help: "A key of the installation is missing. Without it secrets cannot be opened, and new content cannot be signed by this installation. No new key replaces it. Restore the file from your key store, or restore a backup.",
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
    help: "A cluster has imported the data directory. A process that continued here would repeat its work. Use the cluster. If the cluster was removed and never ran, remove the file in the message. The directory is then usable again.",
    message: (at: { directory: string; file: string; to: string; time: string }) =>
      `The data directory ${at.directory} was imported into the cluster in ${at.to} at ${at.time}`,
    remedy: (at: { directory: string; file: string; to: string; time: string }) =>
      `Use that cluster (tutti cluster up --directory ${at.to}), or remove ${at.file} if it never ran and never will.`,
  },
  inUse: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A cluster imports only a data directory that no process uses. Later writes would be missing in the cluster.",
    message: (at: { directory: string; pid: string; since: string }) =>
      `Process ${at.pid} uses the data directory ${at.directory} since ${at.since}`,
    remedy: "Stop that process and try again.",
  },
  importDamaged: {
    status: "DATA_LOSS",
    retry: "never",
    help: "A cluster imports only a data directory without damage.",
    message: ({ directory, found }: { directory: string; found: string }) =>
      `The data directory ${directory} is damaged: ${found}`,
    remedy: ({ directory }: { directory: string; found: string }) =>
      `Run tutti doctor --data-directory ${directory}, then restore a backup.`,
  },
  blobAbsent: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A request refers to a blob that does not exist in its namespace. It was never stored, or it was removed because nothing referred to it. Put the blob, then send the request.",
    message: ({ field, blob, namespace }: { field: string; blob: string; namespace: string }) =>
      `\`${field}\` refers to the blob ${blob}, which does not exist in namespace \`${namespace}\``,
    remedy: "Put the blob first.",
  },
  nothingToCopy: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A directory without the file that describes it is not a data directory, or it is an unfinished copy.",
    message: ({ directory }: { directory: string }) => `${directory} is not a data directory`,
    remedy: "Set the right directory.",
  },
});
