export {
  busSection,
  hostSections,
  loadConfiguration,
  partitionsIn,
  servicesSections,
} from "./configuration.ts";
export { DataDirectory, type Holder, lastHolder } from "./data-directory.ts";
export { hostErrors } from "./errors.ts";
export type { MissingRights } from "./guard/authorizer.ts";
export type { VerifiedCredential as ShownBefore } from "./guard/credentials.ts";
export { edgeActions } from "./guard/edge-actions.ts";
export type { Admitted } from "./guard/edge-limits.ts";
export { accessErrors } from "./guard/errors.ts";
export type { Guard } from "./guard/guard.ts";
export type { IssuerSite } from "./guard/issuer-site.ts";
export type { Recorded } from "./guard/reports.ts";
export { requireRight } from "./guard/rights.ts";
export { actorKinds } from "./guard/visitor.ts";
export type { HostOperations } from "./host-operations.ts";
export { instanceHealthOf } from "./instance-health.ts";
export {
  type InstallationKeys,
  keysDirectoryIn,
  openInstallationKeys,
  openKeysOf,
  trustedKeyOf,
} from "./keys/installation-keys.ts";
export { SealingKeys } from "./keys/sealing-keys.ts";
export { AllProcesses, type MetricProcess, metricsOf, seriesOfAll } from "./metrics/all-processes.ts";
export { metricErrors } from "./metrics/errors.ts";
export { metricHandlers, metricServiceOf, servedMetricService } from "./metrics/metric-handlers.ts";
export { type RunHostOptions, runHost } from "./run-host.ts";
export { type Hosting, whenOwned } from "./runtime/admission.ts";
export { causeOf } from "./runtime/cause.ts";
export { hostRuntime } from "./runtime/host-runtime.ts";
export { waitForEvent } from "./runtime/machines/dependencies.ts";
export { conditionsOf, spanOf } from "./runtime/machines/list.ts";
export { type HostOptions, ServiceHost } from "./service-host.ts";
export type { HostContext, ServiceModule } from "./service-module.ts";
export { registerFile, textIn, withSum } from "./storage/file-list.ts";
export { type Finding, notice, problem, sound } from "./storage/inspection/finding.ts";
export type { InspectedData } from "./storage/inspection/inspected-data.ts";
export type { ServiceStorage } from "./storage/service-storage.ts";
export { durableSection } from "./storage/settings.ts";
export { softwareVersion } from "./version.ts";
