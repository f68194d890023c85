import { defineErrors } from "@tutti/kernel";

/** Errors of queries for metrics. */
export const metricErrors = defineErrors("metrics", {
  unknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The namespace of the request has no metric with this name. ListMetrics and `GET /v1/metrics` return the existing metrics. Metrics of processes are in the namespace `system`, and metrics of handlers in the namespace of their worker.",
    message: ({ metric, suggestion }: { metric: string; suggestion: string | undefined }) =>
      `Metric ${metric} not found${suggestion === undefined ? "" : ` (did you mean ${suggestion}?)`}`,
    remedy:
      "List the metrics with `tutti metrics list`. Metrics of handlers are in the namespace of their worker: pass `--namespace`.",
  },
  ofInstallation: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "Metrics belong to processes, which work for all namespaces. So reading them needs a right to the whole installation. Grant it with a role in the namespace `system`.",
    message: ({ namespace }: { namespace: string }) =>
      `Metrics are only available in namespace \`system\`, and the request is for \`${namespace}\``,
    remedy: "Send the request in `system`, with a role there.",
  },
  notAnswerable: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The requested statistic does not fit the kind of the metric. Gauges have values. Counters have rates and increases. Histograms have rates, increases and the quantiles 0.5 and 0.99.",
    message: ({ metric, expected, found }: { metric: string; expected: string; found: string }) =>
      `Metric ${metric} cannot answer this: expected ${expected}, got ${found}`,
    remedy: "Correct the query.",
  },
  tooManyValues: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The answer would exceed the maximum number of values. Request fewer series, a shorter period or larger steps.",
    message: ({ most }: { most: number }) => `The answer would have more than the maximum of ${most} values`,
    remedy: "Request fewer series, a shorter period or larger steps.",
  },
  parameterWrong: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A parameter of the query is invalid. The message names the expected value.",
    message: ({ parameter, expected, found }: { parameter: string; expected: string; found: string }) =>
      `\`${parameter}\`: expected ${expected}, got ${found}`,
    remedy: "Correct the parameter.",
  },
});
