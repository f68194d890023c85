export type { Method, MethodOptions } from "./calls/method.ts";
export { traceOf, traceparentOf } from "./calls/traceparent.ts";
export { atOwner } from "./client/at-owner.ts";
export type { Callable, CallOptions, Client, ReplyStream } from "./client/types.ts";
export { type EnvelopeReceiver, MeshDelivery, type MeshDeliveryParts } from "./delivery/mesh-delivery.ts";
export { type ReceivingParts, receiveMessages } from "./delivery/receiving.ts";
export { Announcer, type AnnouncerOptions } from "./discovery/announcer.ts";
export type { Discovery, Instance } from "./discovery/discovery.ts";
export { InProcessNetwork } from "./discovery/in-process.ts";
export { LayeredDiscovery } from "./discovery/layered.ts";
export { RegistryDiscovery, type RegistryDiscoveryOptions } from "./discovery/registry.ts";
export { StaticDiscovery } from "./discovery/static.ts";
export { isNothingDone, meshErrors } from "./errors.ts";
export { HealthService } from "./health/health-service.ts";
export type { RequestRules } from "./interceptors/admission.ts";
export type { Binding, Hooks, Interceptor } from "./interceptors/chain.ts";
export {
  type Authorizer,
  type CallLimiter,
  type Decision,
  type Denial,
  deniedError,
  type Gate,
  type Identity,
  installationNamespace,
  localAuthorizer,
  localIdentity,
  type Rule,
} from "./interceptors/identity.ts";
export { declareWeight, heavyBytes, isHeavy, markHeavy } from "./interceptors/limits.ts";
export type { RuleChanges } from "./interceptors/open-streams.ts";
export { Mesh, type MeshOptions } from "./mesh.ts";
export {
  LeasedOwnership,
  type OwnerTable,
  partitionOf,
  partitionOfPool,
} from "./routing/leased-ownership.ts";
export { MemoryOwnership, type MemoryOwnershipOptions, soleOwnership } from "./routing/memory-ownership.ts";
export { MeshServer } from "./server/mesh-server.ts";
export { type Incoming, ServerCall } from "./server/server-call.ts";
export type { Handler, Handlers, RefusedListener } from "./server/types.ts";
export { type MeshSettings, type MeshSettingsInput, meshSection, resolveMeshSettings } from "./settings.ts";
export {
  createDevelopmentCertificates,
  type DevelopmentCertificates,
  type DevelopmentCertificatesOptions,
} from "./tls/development-ca.ts";
export { ByteBuffer } from "./transport/http/byte-buffer.ts";
export {
  HttpEndpoint,
  type HttpEndpointParts,
  type ReceivedCall,
} from "./transport/http/endpoint.ts";
export { readHeaders } from "./transport/http/wire.ts";
