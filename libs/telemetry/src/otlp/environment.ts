/**
 * The variables of OpenTelemetry that decide whether its SDK is loaded. The SDK reads all others.
 *
 * A name or resource attributes alone enable nothing. They are set for all programs of a machine, and the SDK would send
 * to `localhost:4318` by default.
 */
const endpoints = ["ENDPOINT", "TRACES_ENDPOINT", "METRICS_ENDPOINT"].map(
  (name) => `OTEL_EXPORTER_OTLP_${name}`,
);
const exporters = ["OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER"];

type Environment = Readonly<Record<string, string | undefined>>;

export interface SdkVariables {
  /** `OTEL_SDK_DISABLED=true`: sends nothing, even if a collector is configured. */
  readonly isDisabled: boolean;
  /** True if the variables request an exporter. */
  readonly isOn: boolean;
  /** True if any variable is set, so that the SDK must read it. */
  readonly isUsed: boolean;
}

export function sdkVariables(environment: Environment): SdkVariables {
  const textOf = (name: string) => environment[name]?.trim() ?? "";
  const requestsExporter = (name: string) => textOf(name) !== "" && textOf(name) !== "none";
  const isDisabled = textOf("OTEL_SDK_DISABLED").toLowerCase() === "true";
  return {
    isDisabled,
    isOn: !isDisabled && (endpoints.some((name) => textOf(name) !== "") || exporters.some(requestsExporter)),
    isUsed: Object.keys(environment).some((name) => name.startsWith("OTEL_") && textOf(name) !== ""),
  };
}
