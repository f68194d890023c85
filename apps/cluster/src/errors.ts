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
  tooLong: {
    status: "DEADLINE_EXCEEDED",
    retry: "same-key",
    help: "What was asked for goes on; it takes longer than anybody waits.",
    message: ({ seconds }: { seconds: number }) =>
      `expected the cluster to be ready within ${seconds} s, found that it is not; look at it (tutti cluster status) and at its logs`,
  },
});
