export {
  logSection,
  metricsSection,
  operationsSection,
  remoteWriteSection,
  tracingSection,
} from "./configuration.ts";
export type { LogStream } from "./logging/log-root.ts";
export { contentTypes, type ExpositionFormat, expose, formatFor } from "./metrics/exposition.ts";
export { MetricsRegistry, type MetricsRegistryOptions } from "./metrics/registry.ts";
export { extendBodyTimeout } from "./operations/body-time.ts";
export { clientAddressOf } from "./operations/client-address.ts";
export { operationsErrors } from "./operations/errors.ts";
export {
  type GuessWatch,
  type OperationsAccess,
  type OperationsAccessSettings,
  operationsAccess,
} from "./operations/operations-access.ts";
export {
  type HttpHandler,
  type ListenAddress,
  OperationsServer,
  type OperationsServerOptions,
} from "./operations/operations-server.ts";
export { endWithAnswer } from "./operations/raw-answers.ts";
export {
  type OperationsRequest,
  type OperationsResponse,
  type OperationsRoutes,
  type OperationsSubject,
  operationsRoutes,
} from "./operations/routes.ts";
export type { Sample, WrittenSeries } from "./remote-write/write-request.ts";
export { type SampledSeries, SampleRing, type SampleRingOptions } from "./ring/sample-ring.ts";
export { openTelemetry, Telemetry, type TelemetryOptions } from "./telemetry.ts";
