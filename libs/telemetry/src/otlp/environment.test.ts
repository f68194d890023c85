import assert from "node:assert/strict";
import { it } from "node:test";
import { sdkVariables } from "./environment.ts";

const cases: readonly (readonly [Record<string, string>, string])[] = [
  [{}, ""],
  [{ PATH: "/bin" }, ""],
  [{ OTEL_SERVICE_NAME: "orders" }, "used"],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" }, "on used"],
  [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "http://collector:4318/v1/metrics" }, "on used"],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: " " }, ""],
  [{ OTEL_TRACES_EXPORTER: "console" }, "on used"],
  [{ OTEL_METRICS_EXPORTER: "prometheus" }, "on used"],
  [{ OTEL_TRACES_EXPORTER: "none" }, "used"],
  [{ OTEL_TRACES_EXPORTER: "otlp", OTEL_SDK_DISABLED: "True" }, "disabled used"],
];

it("an endpoint or an exporter enables the SDK, and OTEL_SDK_DISABLED disables it", () => {
  for (const [environment, expected] of cases) {
    const { isDisabled, isOn, isUsed } = sdkVariables(environment);
    const found = [isDisabled && "disabled", isOn && "on", isUsed && "used"].filter(Boolean).join(" ");
    assert.equal(found, expected, JSON.stringify(environment));
  }
});
