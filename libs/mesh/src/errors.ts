import { defineErrors } from "@tutti/kernel";

/** 4194304 as 4,194,304. Intl does the same and loads 7 MiB of locales into every process for it. */
function grouped(bytes: number): string {
  return String(bytes).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

/** What can go wrong between a caller and a handler. Cancelled and late calls carry the kernel's own errors. */
export const meshErrors = defineErrors("mesh", {
  invalidRequest: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The request breaks the rules of its contract; nothing was done. The violations name each field with what was expected and found. Mend them and call again.",
    message: ({ rpc, first, count }: { rpc: string; first: string; count: number }) =>
      `the request of ${rpc} is not valid: ${first}${count > 1 ? ` (and ${count - 1} more)` : ""}; mend it and call again`,
  },
  malformed: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The bytes of a request are not a message of the contract's type; nothing was done. Caller and service use different contracts, or something on the way changed the bytes.",
    message: ({ rpc, reason }: { rpc: string; reason: string }) =>
      `expected a request of ${rpc}, found bytes that are none (${reason}); compare the contracts of caller and service`,
  },
  malformedReply: {
    status: "INTERNAL",
    retry: "never",
    help: "The bytes of a reply are not a message of the contract's type. Caller and service use different contracts, or something on the way changed the bytes.",
    message: ({ rpc, reason }: { rpc: string; reason: string }) =>
      `expected a reply of ${rpc}, found bytes that are none (${reason}); compare the contracts of caller and service`,
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
      `expected a ${part} of ${rpc} of at most ${grouped(limit)} bytes (mesh.limits.messageBytes), found ${grouped(size)}; send it in parts or as a blob`,
  },
  tooLargeForPeer: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A message is larger than the limit of the other side's transport. Send it in parts, put its payload into the blob store, or raise `mesh.limits.messageBytes` on both sides.",
    message: ({ rpc, reason }: { rpc: string; reason: string }) =>
      `a message of ${rpc} exceeds mesh.limits.messageBytes (${reason}); send it in parts or as a blob`,
  },
  noHandler: {
    status: "UNIMPLEMENTED",
    retry: "never",
    help: "The instance that was reached does not serve this rpc. It runs an older release, or the address belongs to another service.",
    message: ({ rpc }: { rpc: string }) =>
      `expected an instance that serves ${rpc}, found one that does not; compare the releases of caller and service`,
  },
  unknownContract: {
    status: "NOT_FOUND",
    retry: "never",
    help: "Health was asked for a contract that this process does not serve. The name is the full one, such as tutti.registry.v1.RegistryService; reflection lists those that are served.",
    message: ({ contract }: { contract: string }) =>
      `expected the full name of a contract that is served here, found ${contract}; ask reflection for a list`,
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
      /** What to do about it, where that is not to ask for a right. */
      remedy?: string | undefined;
    }) =>
      `${p.principal} may not do ${p.action} on a ${p.resource} of namespace ${p.namespace}${p.reason && `: ${p.reason}`}; ${p.remedy ?? "ask an administrator for a policy that allows it"}`,
  },
  connectionLost: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The connection broke while the call ran; whether it took effect is unknown. Repeat it with the same idempotency key; the mesh does so by itself for calls that may be repeated.",
    message: ({ rpc, address, reason }: { rpc: string; address: string; reason: string }) =>
      `the connection to ${address} broke during ${rpc} (${reason}); whether it took effect is unknown, repeat it with the same idempotency key`,
  },
  noConnection: {
    status: "UNAVAILABLE",
    retry: "elsewhere",
    help: "No connection to the instance could be made; nothing was done. The mesh tries other instances by itself. Check that the service runs and that its address can be reached from here.",
    message: ({ rpc, address, reason }: { rpc: string; address: string; reason: string }) =>
      `expected an instance at ${address} for ${rpc}, found no connection (${reason}); check that the service runs there`,
  },
  draining: {
    status: "UNAVAILABLE",
    retry: "elsewhere",
    help: "The instance is about to stop and takes no new calls; nothing was done. The mesh calls another instance by itself.",
    message: ({ rpc }: { rpc: string }) =>
      `this instance is draining and takes no new calls of ${rpc}; call another one`,
  },
  overloaded: {
    status: "RESOURCE_EXHAUSTED",
    retry: "elsewhere",
    help: "The server has as many calls in work as `mesh.limits.inFlight` (calls) or `mesh.limits.streams` (streams) allow; nothing was done. Wait as long as the error says, or call another instance.",
    message: ({ rpc, limit, setting }: { rpc: string; limit: number; setting: string }) =>
      `expected room for ${rpc}, found all ${limit} places taken (${setting}); repeat it later or at another instance`,
  },
  noInstance: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "No instance of the service is known. Start one, or check that it announces itself to the same registry.",
    message: ({ service, waitedMs }: { service: string; waitedMs: number }) =>
      `expected an instance of ${service}, found none within ${waitedMs} ms; start one that registers, or name its address in mesh.peers`,
  },
  noUsableInstance: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "Instances of the service are known, but each of them is draining or has failed so often that its breaker is open. Look at tutti_mesh_breaker_state and at the logs of the service.",
    message: ({ service, open, draining }: { service: string; open: number; draining: number }) =>
      `expected a healthy instance of ${service}, found ${open} with an open breaker and ${draining} draining; look at the service's logs`,
  },
  noOwner: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "Nobody is known to own what the call is about. Ownership moves within seconds after a process is lost; repeat the call with the same idempotency key.",
    message: ({ place, rpc }: { place: string; rpc: string }) =>
      `expected an owner of ${place} for ${rpc}, found none before the deadline; repeat it with the same idempotency key`,
  },
  ownerAway: {
    status: "UNAVAILABLE",
    retry: "elsewhere",
    help: "The instance that owns what the call is about cannot be reached, and nobody took its place in the time that a call waits for that; nothing was done. Ownership moves within seconds after a process is lost: repeat the call after the time that is said.",
    message: ({ place, rpc, instance }: { place: string; rpc: string; instance: string }) =>
      instance === ""
        ? `expected an owner of ${place} for ${rpc}, found none in time; nothing was done, repeat it in a moment`
        : `expected ${instance}, which owns ${place}, to be reached for ${rpc}, or another owner to take its place in time; nothing was done, repeat it in a moment`,
  },
  interrupted: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The instance stopped while the call ran; whether it took effect is unknown. Repeat it with the same idempotency key; the mesh does so by itself for calls that may be repeated.",
    message: ({ rpc }: { rpc: string }) =>
      `the instance stopped during ${rpc}; whether it took effect is unknown, repeat it with the same idempotency key`,
  },
  stopped: {
    status: "UNAVAILABLE",
    retry: "never",
    help: "This process is stopping and makes no more calls.",
    message: ({ service }: { service: string }) =>
      `the mesh of this process has stopped; ${service} was not called`,
  },
  portInUse: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Another process listens on the port. Stop it, or choose another address in the setting `mesh.listen`.",
    message: ({ port, host }: { port: string; host: string }) =>
      `port ${port} on ${host} is in use; stop what listens there, or set mesh.listen to another address`,
  },
  cannotListen: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The address of the setting `mesh.listen` cannot be listened on: it does not belong to this machine, or the port needs more rights.",
    message: ({ address, reason }: { address: string; reason: string }) =>
      `cannot listen on ${address} (${reason}); set mesh.listen to an address of this machine`,
  },
  unprotected: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Without TLS the mesh listens on loopback addresses only, since whoever reaches it acts as administrator. Set `mesh.tls.mode` to `mutual` with certificates (`npm run certs` makes some for development), or `mesh.allowUnprotected` where the network itself is trusted.",
    message: ({ address }: { address: string }) =>
      `expected a loopback address in mesh.listen as long as mesh.tls.mode is off, found ${address}; set mesh.tls.mode to mutual, or mesh.allowUnprotected to true on a trusted network`,
  },
  badCertificates: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The files of `mesh.tls` cannot be read or do not belong together. Certificate, key and authority are PEM files; the key is the certificate's.",
    message: ({ files, reason }: { files: string; reason: string }) =>
      `expected a certificate, its key and an authority in ${files}, found: ${reason}; correct mesh.tls.ca, cert and key`,
  },
});
