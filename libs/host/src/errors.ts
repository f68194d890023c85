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
    message: ({ directory, pid, since }: { directory: string; pid: string; since: string }) =>
      `expected the data directory ${directory} to be free, found it locked by the process ${pid} since ${since}; stop that process, or set platform.dataDirectory to another directory`,
  },
  dataDirectoryUnusable: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The process has to be able to make and write the data directory. Mend its permissions, or choose another one.",
    message: ({ directory, reason }: { directory: string; reason: string }) =>
      `expected to be able to write the data directory ${directory}, found: ${reason}; mend that, or set platform.dataDirectory to another directory`,
  },
});
