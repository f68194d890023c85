export { busSection, hostSections } from "./configuration.ts";
export { DataDirectory } from "./data-directory.ts";
export { hostErrors } from "./errors.ts";
export { type RunHostOptions, runHost } from "./run-host.ts";
export { admit } from "./runtime/admission.ts";
export { hostRuntime } from "./runtime/host-runtime.ts";
export { type HostOptions, ServiceHost } from "./service-host.ts";
export type { HostContext, ServiceModule } from "./service-module.ts";
export { softwareVersion } from "./version.ts";
