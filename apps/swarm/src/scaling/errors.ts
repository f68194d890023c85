import { defineErrors } from "@tutti/kernel";

/** What can go wrong with scalers and what they launch. */
export const scalingErrors = defineErrors("scaling", {
  scalerUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "No scaler with this id is kept for the pool. List those that are there with `tutti scaler list`.",
    message: ({ pool, scaler }: { pool: string; scaler: string }) =>
      `expected a scaler of pool ${pool}, found none with the id ${scaler}; list those that are there`,
  },
  scalerInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Something about how a scaler is to work cannot be: bounds that contradict each other, a window whose cron rule or time zone cannot be read, a driver without what it needs.",
    message: ({ scaler, problem }: { scaler: string; problem: string }) =>
      `scaler ${scaler}: ${problem}; correct it`,
  },
  driverUnserved: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "This release starts and stops agents as local processes (`process`), or tells somebody else by HTTP how many are wanted (`webhook`). Let what a webhook reaches start containers or set replicas.",
    message: ({ driver }: { driver: string }) =>
      `expected the driver process or webhook, found ${driver}, which is not served yet; use one of those`,
  },
  processesRefused: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Whoever makes a scaler with the driver `process` runs programs on the machine of the pool's owner. By default that is possible only where nobody from outside can call: where the service listens on a loopback address (`swarm.scaling.processes`).",
    message: ({ setting }: { setting: string }) =>
      `expected local processes to be allowed, found swarm.scaling.processes: ${setting}; set it to always, or use a webhook`,
  },
  referenceUnreadable: {
    status: "FAILED_PRECONDITION",
    retry: "same-key",
    help: "A value refers to a secret that cannot be read where the pool is owned: `env:NAME` is a variable of that process, `file:/path` a file on that machine. `secret:` is not served yet.",
    message: ({ reference, reason }: { reference: string; reason: string }) =>
      `expected a secret at ${reference}, found ${reason}; provide it where the pool is owned`,
  },
  launchFailed: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "A program of a scaler could not be started. It is tried again with back-off, and put aside after too many times.",
    message: ({ command, reason }: { command: string; reason: string }) =>
      `expected ${command} to start, found ${reason}; check the scaler's command and directory`,
  },
  crashed: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "A program of a scaler ended by itself. It is started again with back-off, and put aside after too many times in a row (`quarantine_after_crashes` of its pool); `tutti agent release` lets it be started again.",
    message: ({ agent, how, crashes }: { agent: string; how: string; crashes: number }) =>
      `expected agent ${agent} to run until it is told to end, it ${how}, for the ${crashes}. time; look into the log`,
  },
  webhookRefused: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "A webhook leads to an address that is not allowed: not https, or within a private network. `swarm.scaling.privateWebhooks` allows both.",
    message: ({ url, problem }: { url: string; problem: string }) =>
      `expected a webhook that may be called, found ${url}: ${problem}; use a public https address, or allow private ones (swarm.scaling.privateWebhooks)`,
  },
});
