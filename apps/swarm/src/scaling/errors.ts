import { counted, defineErrors } from "@tutti/kernel";

/** Errors of scalers and of the programs that they launch. */
export const scalingErrors = defineErrors("scaling", {
  scalerUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The pool has no scaler with this id. List scalers with `tutti scaler list`.",
    message: ({ pool, scaler }: { pool: string; scaler: string }) =>
      `Scaler \`${scaler}\` of pool \`${pool}\` not found`,
    remedy: "List scalers with `tutti scaler list`.",
  },
  scalerInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The settings of the scaler are invalid: contradictory bounds, a window with an invalid cron rule or time zone, or an incomplete driver.",
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
    help: "Docker or Podman does not answer at the socket for agent containers. Start it (`systemctl start podman.socket`, `systemctl start docker`), give this process access to the socket, or set another socket (`swarm.scaling.containers.sockets`). The scaler retries with back-off, and running agents continue.",
    message: ({ socket, reason }: { socket: string; reason: string }) =>
      `Docker or Podman did not answer at ${socket}: ${reason}`,
    remedy: "Start Docker or Podman, and give this process access to the socket.",
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
    help: "The image of a scaler is not on the machine, and could not be pulled, or pulling is disabled (`swarm.scaling.containers.pull: never`). Pull it with `podman pull` or `docker pull`, which have credentials, or correct its name. Then start quarantined agents with `tutti agent release`.",
    message: ({ image, reason }: { image: string; reason: string }) =>
      `Image ${image} is not available: ${reason}`,
    remedy: "Pull it to this machine, or correct its name.",
  },
  kubernetesDisabled: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Scalers set replicas in Kubernetes only if `swarm.scaling.kubernetes.enabled` is true and the service account has the rights. `deploy/kubernetes/components/agents` contains both.",
    message: () => "`swarm.scaling.kubernetes.enabled` is false",
    remedy: "Enable it, with a service account that may scale workloads.",
  },
  kubernetesSilent: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The Kubernetes API did not answer in time, or its certificate is not signed by the cluster's authority. The scaler retries with back-off, and running agents continue. A NetworkPolicy must allow swarm to reach the API (`deploy/kubernetes/components/agents`). Outside a pod, set its address with `swarm.scaling.kubernetes.server`.",
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
    help: "Only the scaler in the annotation `tutti.dev/scaler: <namespace>/<pool>/<scaler>` of a Kubernetes workload can scale it. The scaler retries with back-off.",
    message: ({ workload, reason }: { workload: string; reason: string; remedy: string }) =>
      `${workload} is not assigned to this scaler: ${reason}`,
    remedy: ({ remedy }: { workload: string; reason: string; remedy: string }) => remedy,
  },
  workloadTroubled: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "A Kubernetes workload has fewer ready pods than requested, and reports the reason: a quota, an image that cannot be pulled, or no node with free capacity.",
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
    help: "A value refers to a secret that the owner of the pool cannot read. `env:NAME` is a variable of its process, and `file:/path` is a file on its machine. `secret:` is not supported yet.",
    message: ({ reference, reason }: { reference: string; reason: string }) =>
      `The secret ${reference} cannot be read: ${reason}`,
    remedy: "Provide it on the machine of the pool owner.",
  },
  crashed: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "A program of a scaler exited unexpectedly. The scaler restarts it with back-off, and quarantines the agent after too many exits in a row (`quarantine_after_crashes` of its pool). Start a quarantined agent with `tutti agent release`.",
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
    remedy: "Use a public https address, or allow private addresses (`swarm.scaling.privateWebhooks`).",
  },
});
