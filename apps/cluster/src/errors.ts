import { defineErrors } from "@tutti/kernel";

export const clusterErrors = defineErrors("cluster", {
  systemUnfit: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A cluster on one machine is steered by signals, which Windows does not deliver.",
    message: ({ system }: { system: string }) => `A cluster on one machine does not run on ${system}`,
    remedy: "Use Linux, macOS or WSL, or deploy the containers.",
  },
  noNatsServer: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A cluster keeps everything in NATS, and its server is a program of its own: 2.10.27 or newer. Debian 13 has it as the package nats-server.",
    message: ({ tried }: { tried: string }) => `No nats-server of 2.10.27 or newer found (tried ${tried})`,
    remedy: "Install one, or set its path with --nats-server PATH.",
  },
  alreadyUp: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "One directory is that of one cluster, which one process looks after.",
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
    help: "A process of the cluster needs a port that another process has. The cluster does not start: clients would reach the other process.",
    message: ({ name, port }: { name: string; port: number }) =>
      `Port ${port} of ${name} is in use by another process`,
    remedy: ({ name, port }: { name: string; port: number }) =>
      name === "gateway-1"
        ? `Stop that process, or use another port: tutti cluster up --port ${port + 10}`
        : "Stop that process, then start the cluster again.",
  },
  noSuchMember: {
    status: "NOT_FOUND",
    retry: "never",
    help: "Members are named by what they are and a number: workflow-1.",
    message: ({ name, members }: { name: string; members: string }) =>
      `Member \`${name}\` not found. The members are ${members}`,
    remedy: "Use one of these names.",
  },
  noneNamed: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A restart needs the names of members, or --all.",
    message: ({ members }: { members: string }) => `No member is named. The members are ${members}`,
    remedy: "Name at least one of them, or use --all.",
  },
  shapeWrong: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "How many processes there are of each service: at least 1 of each, and 1, 3 or 5 NATS servers.",
    message: ({ found, expected }: { found: string; expected: string }) =>
      `Expected ${expected}, got \`${found}\``,
    remedy: "Correct the number of processes.",
  },
  partitionsFixed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The number of partitions decides where everything lies, so it is fixed when a cluster is made.",
    message: ({ expected, found }: { expected: number; found: number }) =>
      `The cluster was created with ${expected} partitions, and ${found} were requested`,
    remedy: "Omit --partitions, or use another --directory.",
  },
  memberFails: {
    status: "UNAVAILABLE",
    retry: "never",
    help: "A process that ends again and again will not come up by itself.",
    message: ({ name, how }: { name: string; how: string; log: string }) =>
      `Process ${name} did not start: it ${how}`,
    remedy: ({ log }: { name: string; how: string; log: string }) => `See its log: ${log}.`,
  },
  neverUp: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Nothing was ever kept in this directory.",
    message: ({ directory }: { directory: string }) => `No cluster was ever started in ${directory}`,
    remedy: "Set its --directory.",
  },
  isUp: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "What is copied while services write is of several times, and would not fit together.",
    message: ({ directory, pid }: { directory: string; pid: number }) =>
      `Process ${pid} runs the cluster in ${directory}`,
    remedy: "Stop it with `tutti cluster down` first.",
  },
  notEmpty: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Backups, and clusters made of them, go into a directory that is empty or not there yet: nothing is overwritten.",
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
    help: "What says what is in a backup is written last: without it there is none, or one that was not finished.",
    message: ({ directory }: { directory: string }) =>
      `Directory ${directory} has no complete backup of a cluster`,
    remedy: "Set another --from.",
  },
  backupNewer: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A newer release made it.",
    message: ({ directory, format }: { directory: string; format: number }) =>
      `The backup in ${directory} has format ${format}, and this release reads format 1`,
    remedy: "Use the release that created the backup.",
  },
  copyFailed: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "NATS did not give or take a stream whole. What was made so far is not a backup, or not a cluster: remove it and try again.",
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
