import { defineErrors } from "@tutti/kernel";

export const clusterErrors = defineErrors("cluster", {
  noNatsServer: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A cluster keeps everything in NATS, and its server is a program of its own: 2.10.27 or newer. Debian 13 has it as the package nats-server.",
    message: ({ tried }: { tried: string }) =>
      `expected a nats-server of 2.10.27 or newer, found none (tried ${tried}); install one, or say where it is: --nats-server PATH`,
  },
  alreadyUp: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "One directory is that of one cluster, which one process looks after.",
    message: ({ directory, pid }: { directory: string; pid: number }) =>
      `expected nobody to run the cluster in ${directory}, found process ${pid}; end it (tutti cluster down), or name another --directory`,
  },
  notUp: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "What is asked for is about a cluster that runs.",
    message: ({ directory }: { directory: string }) =>
      `expected a cluster that runs in ${directory}, found none; start it (tutti cluster up), or name its --directory`,
  },
  noSuchMember: {
    status: "NOT_FOUND",
    retry: "never",
    help: "Members are named by what they are and a number: workflow-1.",
    message: ({ name, members }: { name: string; members: string }) =>
      `expected one of ${members}, found ${name}; take one of these names`,
  },
  shapeWrong: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "How many processes there are of each service: at least 1 of each, and 1, 3 or 5 NATS servers.",
    message: ({ found, expected }: { found: string; expected: string }) =>
      `expected ${expected}, found ${found}`,
  },
  partitionsFixed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The number of partitions decides where everything lies, so it is fixed when a cluster is made.",
    message: ({ expected, found }: { expected: number; found: number }) =>
      `expected ${expected} partitions, with which this cluster was made, found ${found}; leave --partitions out, or name another --directory`,
  },
  memberFails: {
    status: "UNAVAILABLE",
    retry: "never",
    help: "A process that ends again and again will not come up by itself.",
    message: ({ name, how, log }: { name: string; how: string; log: string }) =>
      `expected ${name} to come up, found that it ${how}; its last words are in ${log}`,
  },
  neverUp: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Nothing was ever kept in this directory.",
    message: ({ directory }: { directory: string }) =>
      `expected a cluster that was up in ${directory}, found none; name its --directory`,
  },
  isUp: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "What is copied while services write is of several times, and would not fit together.",
    message: ({ directory, pid }: { directory: string; pid: number }) =>
      `expected the cluster in ${directory} to be down, found that process ${pid} runs it; end it first: tutti cluster down`,
  },
  notEmpty: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Backups, and clusters made of them, go into a directory that is empty or not there yet: nothing is overwritten.",
    message: ({ directory }: { directory: string }) =>
      `expected an empty directory, found something in ${directory}; name another one, or move it aside`,
  },
  unfinished: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A cluster that is made of something else runs only when all of it is there. What is there of this one has never run.",
    message: ({ directory, command, from }: { directory: string; command: string; from: string }) =>
      `expected a whole cluster in ${directory}, found one that was not finished when it was made of ${from}; do that again: tutti cluster ${command} ${from} --directory ${directory}`,
  },
  noBackup: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "What says what is in a backup is written last: without it there is none, or one that was not finished.",
    message: ({ directory }: { directory: string }) =>
      `expected a backup of a cluster in ${directory}, found none that is whole; name another --from`,
  },
  backupNewer: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A newer release made it.",
    message: ({ directory, format }: { directory: string; format: number }) =>
      `expected a backup of format 1 in ${directory}, found ${format}; use the release that made it`,
  },
  copyFailed: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "NATS did not give or take a stream whole. What was made so far is not a backup, or not a cluster: remove it and try again.",
    message: ({ stream, reason }: { stream: string; reason: string }) =>
      `expected the stream ${stream} to be copied whole, found: ${reason}; remove what was made, mend the reason, and try again`,
  },
  tooLong: {
    status: "DEADLINE_EXCEEDED",
    retry: "same-key",
    help: "What was asked for goes on; it takes longer than anybody waits.",
    message: ({ seconds }: { seconds: number }) =>
      `expected the cluster to be ready within ${seconds} s, found that it is not; look at it (tutti cluster status) and at its logs`,
  },
});
