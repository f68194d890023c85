import { counted, defineErrors } from "@tutti/kernel";

/** Errors of scalers and of the programs that they launch. */
export const scalingErrors = defineErrors("scaling", {
  scalerUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "No scaler with this id is kept for the pool. List those that are there with `tutti scaler list`.",
    message: ({ pool, scaler }: { pool: string; scaler: string }) =>
      `Scaler \`${scaler}\` of pool \`${pool}\` not found`,
    remedy: "List scalers with `tutti scaler list`.",
  },
  scalerInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Something about how a scaler is to work cannot be: bounds that contradict each other, a window whose cron rule or time zone cannot be read, a driver without what it needs.",
    message: ({ scaler, problem }: { scaler: string; problem: string }) => `scaler ${scaler}: ${problem}`,
    remedy: "Correct the scaler.",
  },
  processesRefused: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A scaler with the driver `process` runs programs on the machine of the pool's owner. By default that is possible only if no caller from outside can reach the service: it listens on a loopback address (`swarm.scaling.processes`).",
    message: ({ setting }: { setting: string }) =>
      `\`swarm.scaling.processes\` is ${setting}, so scalers may not start local processes`,
    remedy: "Set it to always, or use a webhook.",
  },
  containersRefused: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A scaler with the driver `container` runs images on the machine of the pool's owner. Operators allow sockets of Docker or Podman (`swarm.scaling.containers.sockets`, default: none) and images (`swarm.scaling.containers.images`). Containers in their own network do not reach 127.0.0.1: set `swarm.scaling.containers.network` to that of the machine, or `swarm.scaling.address` to another address.",
    message: ({ problem }: { problem: string; remedy: string }) =>
      `A scaler may not start this container: ${problem}`,
    remedy: ({ remedy }: { problem: string; remedy: string }) => remedy,
  },
  engineSilent: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "Docker or Podman does not answer at the socket that starts containers of agents. Start it (`systemctl start podman.socket`, `systemctl start docker`), let this process read and write the socket, or set another one (`swarm.scaling.containers.sockets`). The scaler retries with back-off, and running agents continue.",
    message: ({ socket, reason }: { socket: string; reason: string }) =>
      `Docker or Podman did not answer at ${socket}: ${reason}`,
    remedy: "Start it, and let this process use the socket.",
  },
  engineRefused: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "Docker or Podman refused to run a container of an agent, for the reason in its message. The scaler retries with back-off, and quarantines the agent after too many refusals in a row.",
    message: ({ socket, reason }: { socket: string; reason: string }) =>
      `The container engine at ${socket} rejected the container: ${reason}`,
    remedy: "Correct the scaler, or the engine.",
  },
  imageMissing: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The image of a scaler is not on the machine, and could not be pulled, or must not be (`swarm.scaling.containers.pull: never`). Pull it with `podman pull` or `docker pull`, which know how to sign in, or correct its name. Then `tutti agent release` lets quarantined agents start.",
    message: ({ image, reason }: { image: string; reason: string }) =>
      `Image ${image} is not available: ${reason}`,
    remedy: "Pull it to this machine, or correct its name.",
  },
  kubernetesDisabled: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Scalers set replicas in Kubernetes only where operators have said so (`swarm.scaling.kubernetes.enabled`), with a service account that may: `deploy/kubernetes/components/agents` has both.",
    message: () => "`swarm.scaling.kubernetes.enabled` is false",
    remedy: "Enable it, with a service account that may scale workloads.",
  },
  kubernetesSilent: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The API of Kubernetes gave no answer in time, or its certificate is not signed by the cluster's authority. The scaler retries with back-off, and running agents continue. A NetworkPolicy has to let swarm reach the API (`deploy/kubernetes/components/agents`). Outside of a pod, set its address with `swarm.scaling.kubernetes.server`.",
    message: ({ server, reason }: { server: string; reason: string }) =>
      `Kubernetes did not answer at ${server}: ${reason}`,
    remedy: "Allow swarm to reach it, or correct `swarm.scaling.kubernetes.server`.",
  },
  kubernetesRefused: {
    status: "FAILED_PRECONDITION",
    retry: "same-key",
    help: "Kubernetes refused a request of a scaler, for the reason in its message. The service account of swarm lacks the right, or another client sets the replicas of the same workload. The scaler retries with back-off.",
    message: ({ what, reason }: { what: string; reason: string; remedy: string }) =>
      `Kubernetes refused a request (${what}): ${reason}`,
    remedy: ({ remedy }: { what: string; reason: string; remedy: string }) => remedy,
  },
  workloadNotGiven: {
    status: "FAILED_PRECONDITION",
    retry: "same-key",
    help: "A workload of Kubernetes is scaled only by the scaler that it names itself: `tutti.dev/scaler: <namespace>/<pool>/<scaler>` among its annotations. It is tried again with back-off.",
    message: ({ workload, reason }: { workload: string; reason: string; remedy: string }) =>
      `${workload} is not assigned to this scaler: ${reason}`,
    remedy: ({ remedy }: { workload: string; reason: string; remedy: string }) => remedy,
  },
  workloadTroubled: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "A workload of Kubernetes has fewer pods that are ready than are wanted, and says why: a quota, an image that cannot be brought, no machine with room.",
    message: ({
      workload,
      ready,
      wanted,
      trouble,
    }: {
      workload: string;
      ready: number;
      wanted: number;
      trouble: string;
    }) => `${ready} of ${wanted} pods of ${workload} are ready: ${trouble}`,
    remedy: "See the events of the workload.",
  },
  referenceUnreadable: {
    status: "FAILED_PRECONDITION",
    retry: "same-key",
    help: "A value refers to a secret that cannot be read where the pool is owned: `env:NAME` is a variable of that process, `file:/path` a file on that machine. `secret:` is not served yet.",
    message: ({ reference, reason }: { reference: string; reason: string }) =>
      `The secret ${reference} cannot be read: ${reason}`,
    remedy: "Provide it on the machine of the pool owner.",
  },
  crashed: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "A program of a scaler exited by itself. The scaler restarts it with back-off, and quarantines the agent after too many exits in a row (`quarantine_after_crashes` of its pool). `tutti agent release` lets it start again.",
    message: ({ agent, how, crashes }: { agent: string; how: string; crashes: number }) =>
      `Agent \`${agent}\` stopped unexpectedly ${counted(crashes, "time")} in a row: it ${how}`,
    remedy:
      "Correct the cause. If the agent is quarantined, start it again with `tutti agent release`. `tutti scaler log` has the decisions of the scaler.",
  },
  webhookRefused: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "A webhook leads to an address that is not allowed: not https, or within a private network. `swarm.scaling.privateWebhooks` allows both.",
    message: ({ url, problem }: { url: string; problem: string }) =>
      `The webhook ${url} may not be called: ${problem}`,
    remedy: "Use a public https address, or allow private ones (`swarm.scaling.privateWebhooks`).",
  },
});
