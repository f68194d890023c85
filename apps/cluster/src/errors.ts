import { defineErrors } from "@tutti/kernel";

export const clusterErrors = defineErrors("cluster", {
  systemUnfit: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A cluster on one machine needs signals, which Windows does not deliver.",
    message: ({ system }: { system: string }) => `A cluster on one machine does not run on ${system}`,
    remedy: "Use Linux, macOS or WSL, or deploy the containers.",
  },
  noNatsServer: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A cluster stores everything in NATS, and needs the separate program nats-server, 2.10.27 or newer. Debian 13 has it as the package nats-server.",
    message: ({ tried }: { tried: string }) => `No nats-server of 2.10.27 or newer found (tried ${tried})`,
    remedy: "Install nats-server, or set its path with --nats-server PATH.",
  },
  alreadyUp: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A directory belongs to one cluster, and one process runs this cluster.",
    message: ({ directory, pid }: { directory: string; pid: number }) =>
      `Process ${pid} already runs the cluster in ${directory}`,
    remedy: "Stop it with `tutti cluster down`, or use another --directory.",
  },
  notUp: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The command needs a running cluster.",
    message: ({ directory }: { directory: string }) => `No cluster runs in ${directory}`,
    remedy: "Start it with `tutti cluster up`, or set its --directory.",
  },
  portInUse: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A port of a cluster process is in use by another process. The cluster does not start, because clients would reach the other process.",
    message: ({ name, port }: { name: string; port: number; free: number }) =>
      `Port ${port} of ${name} is in use by another process`,
    remedy: ({ name, free }: { name: string; free: number }) =>
      name === "gateway-1"
        ? `Stop that process, or use another port: tutti cluster up --port ${free}`
        : "Stop that process, then start the cluster again.",
  },
  noSuchMember: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The cluster has no member with this name. The name of a member is its kind and a number: workflow-1.",
    message: ({ name, members }: { name: string; members: string }) =>
      `Member \`${name}\` not found. The members are ${members}`,
    remedy: "Use one of the listed names.",
  },
  noneNamed: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A restart needs the names of members, or --all.",
    message: ({ members }: { members: string }) => `No member is named. The members are ${members}`,
    remedy: "Name at least one member, or use --all.",
  },
  shapeWrong: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Each service except insight needs at least 1 process. A cluster has 1, 3 or 5 NATS servers.",
    message: ({ found, expected }: { found: string; expected: string }) =>
      `Expected ${expected}, got \`${found}\``,
    remedy: "Correct the number of processes.",
  },
  partitionsFixed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The number of partitions determines where data is stored. It is fixed when a cluster is created.",
    message: ({ expected, found }: { expected: number; found: number }) =>
      `The cluster was created with ${expected} partitions, and ${found} were requested`,
    remedy: "Omit --partitions, or use another --directory.",
  },
  memberFails: {
    status: "UNAVAILABLE",
    retry: "never",
    help: "The process exited repeatedly during its start. It does not recover without a fix.",
    message: ({ name, ending }: { name: string; ending: string; log: string }) =>
      `Process ${name} did not start: it ${ending}`,
    remedy: ({ log }: { name: string; ending: string; log: string }) => `See its log: ${log}.`,
  },
  neverUp: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "No cluster has stored data in this directory.",
    message: ({ directory }: { directory: string }) => `No cluster was ever started in ${directory}`,
    remedy: "Set its --directory.",
  },
  isUp: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A backup needs a stopped cluster. A copy made while services write would mix data of different times.",
    message: ({ directory, pid }: { directory: string; pid: number }) =>
      `Process ${pid} runs the cluster in ${directory}`,
    remedy: "Stop it with `tutti cluster down` first.",
  },
  notEmpty: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Backups, and clusters that are created from them, need an empty or new directory. Nothing is overwritten.",
    message: ({ directory }: { directory: string }) => `Directory ${directory} is not empty`,
    remedy: "Use an empty directory, or move its content away.",
  },
  unfinished: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A restored or imported cluster starts only when it is complete. This one is incomplete and has never run.",
    message: ({ directory, from }: { directory: string; command: string; from: string }) =>
      `The cluster in ${directory} was not completely created from ${from}`,
    remedy: ({ directory, command, from }: { directory: string; command: string; from: string }) =>
      `Repeat it: tutti cluster ${command} ${from} --directory ${directory}`,
  },
  noBackup: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A backup is complete once its list of content is written. This list is missing.",
    message: ({ directory }: { directory: string }) =>
      `Directory ${directory} has no complete backup of a cluster`,
    remedy: "Set another --from.",
  },
  backupNewer: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A newer release created the backup.",
    message: ({ directory, format }: { directory: string; format: number }) =>
      `The backup in ${directory} has format ${format}, and this release reads format 1`,
    remedy: "Use the release that created the backup.",
  },
  copyFailed: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "NATS did not export or import a stream completely. The incomplete copy is not a usable backup or cluster.",
    message: ({ stream, reason }: { stream: string; reason: string }) =>
      `Stream ${stream} could not be copied: ${reason}`,
    remedy: "Remove the incomplete copy, fix the cause, and try again.",
  },
  tooLong: {
    status: "DEADLINE_EXCEEDED",
    retry: "same-key",
    help: "The operation continues in the background. It takes longer than the command waits.",
    message: ({ seconds }: { seconds: number }) => `The cluster was not ready within ${seconds} s`,
    remedy: "See `tutti cluster status` and its logs.",
  },
});
