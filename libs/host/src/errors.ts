import { defineErrors } from "@tutti/kernel";

export const hostErrors = defineErrors("host", {
  serviceNotMade: {
    status: "INTERNAL",
    retry: "never",
    help: "The code that makes a service threw before anything was started. The message has what it threw, and where.",
    message: ({ service, problem }: { service: string; problem: string }) =>
      `expected the service ${service} to be made, found: ${problem}; mend what it stumbled over there`,
  },
  natsAskedLate: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A service asked for the connection to NATS after its process had been put together without one. Ask while the service is made.",
    message: () =>
      "expected to be asked for NATS while the services are made, found the first question after that; call host.nats() in create()",
  },
  dataDirectoryLocked: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A data directory belongs to one process at a time. Stop the other process, or give this one another directory.",
    message: (at: { directory: string; pid: string; since: string; setting: string }) =>
      `expected the data directory ${at.directory} to be free, found it locked by the process ${at.pid} since ${at.since}; stop that process, or set ${at.setting} to another directory`,
  },
  dataDirectoryUnusable: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The process has to be able to make and write the data directory. Mend its permissions, or choose another one.",
    message: ({ directory, reason, setting }: { directory: string; reason: string; setting: string }) =>
      `expected to be able to write the data directory ${directory}, found: ${reason}; mend that, or set ${setting} to another directory`,
  },
  dataUnreadable: {
    status: "DATA_LOSS",
    retry: "never",
    help: "The file that says what a data directory was made as is not what was written. Everything else may be sound: the doctor says so. Restore that file from a backup.",
    message: ({ file }: { file: string }) =>
      `expected ${file} to say how the data directory was made, found something else; restore that file from a backup, it never changes`,
  },
  dataNewer: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The data directory was made by a newer release. An older one does not touch what it cannot read.",
    message: (at: { directory: string; format: number; known: number; release: string }) =>
      `expected the data directory ${at.directory} to have format ${at.known}, found ${at.format}, made by release ${at.release}; use that release or a newer one`,
  },
  dataIncomplete: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "There is a journal and nothing that says how many partitions it was made with, as in a copy that was not finished. Whoever began anew here would lose sight of what is there.",
    message: ({ directory }: { directory: string }) =>
      `expected the data directory ${directory} to be whole, found a journal without data.json; it is a copy that was not finished, make it again`,
  },
  partitionsDiffer: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The number of partitions is fixed when a data directory is made, because it decides where each machine lives. Set ownership.partitions to the number it was made with, or begin with an empty directory.",
    message: (at: { directory: string; made: number; asked: number }) =>
      `expected ${at.made} partitions, with which the data directory ${at.directory} was made, found ${at.asked} in the configuration; set ownership.partitions to ${at.made}`,
  },
  noDataDirectory: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A service names machines, and its process was put together without a directory to keep them in. Give the host a dataDirectory.",
    message: ({ service }: { service: string }) =>
      `expected a data directory for the machines of ${service}, found a process without one; give its host a dataDirectory`,
  },
  copyRefused: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A copy of a data directory goes to a directory that is empty or not there yet, outside of the one that is copied.",
    message: ({ target, found }: { target: string; found: string }) =>
      `expected an empty directory outside of the one that is copied, found ${target} ${found}; name another one`,
  },
  copyFailed: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The copy could not be made. What there is of it is not a data directory, and no process takes it for one. Mend the reason, remove it, and make the copy again.",
    message: ({ target, reason }: { target: string; reason: string }) =>
      `expected to copy everything to ${target}, found: ${reason}; what is there is not whole, remove it and try again`,
  },
  notAnswering: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "A process has the data directory, and it did not answer when it was asked for a copy. It may be starting or stopping, or it hosts no machines.",
    message: ({ directory, pid }: { directory: string; pid: string }) =>
      `expected the process ${pid}, which has ${directory}, to answer, found nobody at its door; wait until it is ready, or stop it and try again`,
  },
  noSuchPartition: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Partitions are numbered from 0. ListPartitions says how many a service has.",
    message: (at: { service: string; partition: number; partitions: number }) =>
      `expected a partition of ${at.service} from 0 to ${at.partitions - 1}, found ${at.partition}`,
  },
  neverPaused: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Only services whose machines do work are paused and released.",
    message: ({ service, known }: { service: string; known: string }) =>
      `expected a service that can be paused (${known}), found ${service}`,
  },
  keyUnreadable: {
    status: "DATA_LOSS",
    retry: "never",
    help: "A file with a key of the installation is not what was written. Restore it from where it is kept; without it a new installation has to be trusted by everybody anew.",
    message: ({ file, problem }: { file: string; problem: string }) =>
      `expected ${file} to hold a key of the installation, found: ${problem}; restore the file`,
  },
  journalMissing: {
    status: "DATA_LOSS",
    retry: "never",
    help: "The data directory has had a journal, and it is not there any more. The journal is what counts: no other one is made in its place. Restore a backup.",
    message: ({ directory }: { directory: string }) =>
      `The journal ${directory} is missing, and the data directory has had one. Restore a backup.`,
  },
  keyMissing: {
    status: "DATA_LOSS",
    retry: "never",
    help: "A key that the installation made is not there any more. Without it secrets cannot be opened, and what was signed with it cannot be gone on with; so none is made in its place. Restore the file from where it is kept, or restore a backup.",
    message: ({ file }: { file: string }) =>
      `The key ${file} is missing, and the installation made one. Restore the file, or restore a backup.`,
  },
  keysSealed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The directory is a copy whose keys are sealed under a passphrase. A restore opens them and puts them in place.",
    message: ({ directory }: { directory: string }) =>
      `The keys of ${directory} are sealed under a passphrase. Run npm run restore -- --from ${directory} --data DIR --passphrase-file FILE.`,
  },
  restoreRefused: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A copy is restored to an empty directory, with the passphrase of its keys or with the keys that it names. Nothing was changed.",
    message: ({ found }: { found: string }) => `The copy cannot be restored: found ${found}.`,
  },
  handedOver: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "What was in the data directory lives on in a cluster. Whoever went on here too would do everything twice. Use the cluster; where it is gone and never ran, remove the file that the message names, and the directory is as it was.",
    message: (at: { directory: string; file: string; to: string; time: string }) =>
      `expected the data directory ${at.directory} to be its own, found that the cluster in ${at.to} has taken it over at ${at.time}; use that cluster (tutti cluster up --directory ${at.to}), or, where it never ran and never will, remove ${at.file}`,
  },
  inUse: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A cluster is made of a data directory that nobody has: what is written meanwhile would be missing.",
    message: (at: { directory: string; pid: string; since: string }) =>
      `expected nobody to have the data directory ${at.directory}, found the process ${at.pid}, since ${at.since}; stop it (Ctrl-C, or kill ${at.pid}), and try again`,
  },
  importDamaged: {
    status: "DATA_LOSS",
    retry: "never",
    help: "A cluster is made only of a data directory that is sound as a whole.",
    message: ({ directory, found }: { directory: string; found: string }) =>
      `expected the data directory ${directory} to be sound, found: ${found}; ask the doctor (npm run doctor -- --data ${directory}), restore a backup of it, and take that`,
  },
  blobAbsent: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A request refers to a blob that does not exist in its namespace: it was never put, or has been removed because nothing referred to it. Put the blob, then send the request.",
    message: ({ field, blob, namespace }: { field: string; blob: string; namespace: string }) =>
      `\`${field}\` refers to the blob ${blob}, which does not exist in namespace ${namespace}. Put the blob first.`,
  },
  nothingToCopy: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Where nothing says how a data directory was made, there is none, or what is left of a copy that was not finished.",
    message: ({ directory }: { directory: string }) =>
      `expected a data directory in ${directory}, found none; name the right one`,
  },
});
