import { defineErrors, grouped, type TuttiError } from "@tutti/kernel";

/** Errors between a caller and a handler. Cancelled and late calls have the kernel's own errors. */
interface UsableInstances {
  readonly service: string;
  readonly open: number;
  readonly draining: number;
  /** The last failure of an instance with an open breaker. Empty if there is none. */
  readonly reason: string;
}

interface Unconnected {
  readonly service: string;
  readonly rpc: string;
  readonly address: string;
  readonly reason: string;
}

export const meshErrors = defineErrors("mesh", {
  invalidRequest: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The request breaks the rules of its contract. Nothing was done. The violations list each field with the expected and the actual value. Fix them and call again.",
    message: ({ rpc, first, count }: { rpc: string; first: string; count: number }) =>
      `The request of ${rpc} is invalid: ${first}${count > 1 ? ` (and ${count - 1} more)` : ""}`,
    remedy: "Correct the request and call again.",
  },
  malformed: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The bytes of a request are not a message of the contract's type. Nothing was done. Caller and service use different contracts, or the bytes were changed in transit.",
    message: ({ rpc, reason }: { rpc: string; reason: string }) =>
      `The request of ${rpc} cannot be decoded (${reason})`,
    remedy: "Compare the contracts of caller and service.",
  },
  malformedReply: {
    status: "INTERNAL",
    retry: "never",
    help: "The bytes of a reply are not a message of the contract's type. Caller and service use different contracts, or the bytes were changed in transit.",
    message: ({ rpc, reason }: { rpc: string; reason: string }) =>
      `The reply of ${rpc} cannot be decoded (${reason})`,
    remedy: "Compare the contracts of caller and service.",
  },
  messageTooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A message is larger than the limit `mesh.limits.messageBytes`. Send it in parts, put its payload into the blob store, or raise the limit on both sides.",
    message: ({
      rpc,
      part,
      size,
      limit,
    }: {
      rpc: string;
      part: "request" | "reply";
      size: number;
      limit: number;
    }) =>
      `The ${part} of ${rpc} has ${grouped(size)} bytes, more than the maximum of ${grouped(limit)} (\`mesh.limits.messageBytes\`)`,
    remedy: "Send it in parts or as a blob.",
  },
  tooLargeForPeer: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A message is larger than the limit of the peer's transport. Send it in parts, put its payload into the blob store, or raise `mesh.limits.messageBytes` on both sides.",
    message: ({ rpc, reason }: { rpc: string; reason: string }) =>
      `A message of ${rpc} exceeds \`mesh.limits.messageBytes\` of the peer (${reason})`,
    remedy: "Send it in parts or as a blob.",
  },
  noHandler: {
    status: "UNIMPLEMENTED",
    retry: "never",
    help: "The instance that was reached does not serve this rpc. It runs an older release, or the address belongs to another service.",
    message: ({ rpc }: { rpc: string }) => `The instance does not serve ${rpc}`,
    remedy: "Compare the releases of caller and service.",
  },
  unknownContract: {
    status: "NOT_FOUND",
    retry: "never",
    help: "A health check requested a contract that this process does not serve. Use the full name, such as tutti.registry.v1.RegistryService. Reflection lists the served contracts.",
    message: ({ contract }: { contract: string }) => `Contract ${contract} is not served here`,
    remedy: "List the served contracts with reflection.",
  },
  denied: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The principal may not do this. The details name the action, the resource and the namespace that a policy has to allow.",
    message: (p: {
      principal: string;
      action: string;
      resource: string;
      namespace: string;
      reason: string;
      /** The remedy, if it is not to request a right. */
      remedy?: string | undefined;
    }) =>
      `${p.principal} may not do ${p.action} on ${/^[aeiou]/.test(p.resource) ? "an" : "a"} ${p.resource} of namespace \`${p.namespace}\`${p.reason && `: ${p.reason}`}`,
    remedy: ({
      remedy,
    }: {
      principal: string;
      action: string;
      resource: string;
      namespace: string;
      reason: string;
      /** The remedy, if it is not to request a right. */
      remedy?: string | undefined;
    }) => remedy ?? "Ask an administrator for a policy that allows it.",
  },
  connectionLost: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The connection broke while the call ran, and the outcome is unknown. Retry with the same idempotency key. The mesh retries automatically if the call may be repeated.",
    message: ({ rpc, address, reason }: { rpc: string; address: string; reason: string }) =>
      `The connection to ${address} broke during ${rpc} (${reason}), and the outcome is unknown`,
    remedy: "Retry with the same idempotency key.",
  },
  noConnection: {
    status: "UNAVAILABLE",
    retry: "elsewhere",
    help: "No connection to the instance could be opened. Nothing was done. The mesh tries other instances automatically. Check that the service runs and that its address is reachable from this process.",
    message: ({ service, rpc, address, reason }: Unconnected) =>
      `No connection to the service ${service} at ${address} for ${rpc} (${reason})`,
    remedy: "Check that the service runs there.",
  },
  draining: {
    status: "UNAVAILABLE",
    retry: "elsewhere",
    help: "The instance is about to stop and accepts no new calls. Nothing was done. The mesh calls another instance automatically.",
    message: ({ rpc }: { rpc: string }) => `This instance is draining and accepts no new calls of ${rpc}`,
    remedy: "Call another instance.",
  },
  overloaded: {
    status: "RESOURCE_EXHAUSTED",
    retry: "elsewhere",
    help: "The server runs as many calls as `mesh.limits.inFlight` (calls) or `mesh.limits.streams` (streams) allow. Nothing was done. Wait for the delay in the error, or call another instance.",
    message: ({ rpc, limit, setting }: { rpc: string; limit: number; setting: string }) =>
      `All ${limit} places for ${rpc} are in use (\`${setting}\`)`,
    remedy: "Retry later, or call another instance.",
  },
  noInstance: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "No process of the service is running, or none registers with the same registry. Nothing was done. The call waited `mesh.timeouts.discoveryMs` for a first one. Start a process of the service. `tutti instances` lists those that run. If the service is not in the registry, check its addresses in `mesh.peers`.",
    // Without the time that the call waited: each failure would be another reason of a component's health.
    message: ({ service }: { service: string }) => `The service ${service} is away: no process of it found`,
    remedy:
      "Work that does not need it continues. Start it, or find the cause in its log. `tutti instances` lists the running processes.",
  },
  noUsableInstance: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "Instances of the service are known, but each of them is draining or has failed so often that its breaker is open. Check tutti_mesh_breaker_state and the logs of the service.",
    message: ({ service, open, draining, reason }: UsableInstances) =>
      `No instance of ${service} is healthy: ${open} with an open breaker${reason && ` (${reason})`}, ${draining} draining`,
    remedy: "Check the logs of the service.",
  },
  instanceAway: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The call requests a specific instance of a service. The instance is not known here, or it has failed so often that its breaker is open. List the instances with `tutti instances`.",
    message: ({ service, instance }: { service: string; instance: string }) =>
      `Instance ${instance} of ${service} not found, or its breaker is open`,
    remedy: "List the instances with `tutti instances`.",
  },
  noOwner: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The partition of the call has no known owner. Ownership moves within seconds after a process is lost. Repeat the call with the same idempotency key.",
    message: ({ place, rpc }: { place: string; rpc: string }) => `${place} has no known owner for ${rpc}`,
    remedy: "Retry with the same idempotency key.",
  },
  ownerAway: {
    status: "UNAVAILABLE",
    retry: "elsewhere",
    help: "The instance that owns the partition or pool of the call cannot be reached, and no other instance replaced it while the call waited. Nothing was done. Ownership moves within seconds after a process is lost: retry after the delay in the error.",
    message: ({ place, rpc, instance }: { place: string; rpc: string; instance: string }) =>
      instance === ""
        ? `${place} has no owner for ${rpc} yet, and nothing was done`
        : `${instance}, the owner of ${place}, cannot be reached for ${rpc}, and nothing was done`,
    remedy: "Retry in a moment.",
  },
  interrupted: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The instance stopped while the call ran, and the outcome is unknown. Retry with the same idempotency key. The mesh retries automatically if the call may be repeated.",
    message: ({ rpc }: { rpc: string }) => `The instance stopped during ${rpc}, and the outcome is unknown`,
    remedy: "Retry with the same idempotency key.",
  },
  stopped: {
    status: "UNAVAILABLE",
    retry: "never",
    help: "This process is stopping and makes no more calls.",
    message: ({ service }: { service: string }) =>
      `The mesh of this process has stopped, and ${service} was not called`,
    remedy: "Call from another process.",
  },
  portInUse: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Another process listens on the port. Stop it, or choose another address in the setting `mesh.listen`.",
    message: ({ port, host }: { port: string; host: string }) => `Port ${port} on ${host} is in use`,
    remedy: "Stop the process that listens there, or set `mesh.listen` to another address.",
  },
  cannotListen: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The address of the setting `mesh.listen` cannot be listened on: it does not belong to this machine, or the port needs more rights.",
    message: ({ address, reason }: { address: string; reason: string }) =>
      `Cannot listen on ${address} (${reason})`,
    remedy: "Set `mesh.listen` to an address of this machine.",
  },
  unprotected: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Without TLS the mesh listens on loopback addresses only, because any caller that reaches it acts as administrator. Set `mesh.tls.mode` to `mutual` with certificates (`npm run certs` creates some for development). If the network itself is trusted, set `mesh.allowUnprotected`.",
    message: ({ address }: { address: string }) =>
      `\`mesh.listen\` is ${address}, not a loopback address, and \`mesh.tls.mode\` is off`,
    remedy: "Set `mesh.tls.mode` to `mutual`, or `mesh.allowUnprotected` to true on a trusted network.",
  },
  badCertificates: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The files of `mesh.tls` cannot be read or do not belong together. Certificate, key and authority are PEM files. The key is the certificate's.",
    message: ({ files, reason }: { files: string; reason: string }) =>
      `The certificates in ${files} cannot be used: ${reason}`,
    remedy: "Correct `mesh.tls.ca`, `cert` and `key`.",
  },
});

/** Returns whether an error says that nothing was done: no instance got the request, or the instance refused it. */
export function isNothingDone(error: TuttiError): boolean {
  const { noInstance, noUsableInstance, instanceAway, noOwner } = meshErrors;
  return (
    error.retry === "elsewhere" ||
    [noInstance, noUsableInstance, instanceAway, noOwner].some((each) => each.is(error))
  );
}
