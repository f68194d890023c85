import { defineErrors } from "@tutti/kernel";

/** Errors of queries for metrics. */
export const metricErrors = defineErrors("metrics", {
  unknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "There is no metric of this name in the namespace of the request. ListMetrics, or `GET /v1/metrics`, has those that exist. Metrics of processes are in the namespace `system`, those of handlers in the namespace of their worker.",
    message: ({ metric, near }: { metric: string; near: string | undefined }) =>
      `Metric ${metric} not found${near === undefined ? "" : ` (did you mean ${near}?)`}`,
    remedy:
      "List the metrics with `tutti metrics list`. Those of handlers are in the namespace of their worker: pass `--namespace`.",
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
    help: "The requested statistic does not fit the kind of the metric: gauges have values, counters rates and increases, histograms rates, increases and the quantiles 0.5 and 0.99.",
    message: ({ metric, expected, found }: { metric: string; expected: string; found: string }) =>
      `Metric ${metric} cannot answer this: expected ${expected}, got ${found}`,
    remedy: "Correct the query.",
  },
  tooManyValues: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The answer would have more values than one may have. Ask for fewer series, a shorter span, or greater steps.",
    message: ({ most }: { most: number }) => `The answer would have more than the maximum of ${most} values`,
    remedy: "Request fewer series, a shorter period or larger steps.",
  },
  parameterWrong: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A parameter of the query cannot be read. The message says what is expected.",
    message: ({ parameter, expected, found }: { parameter: string; expected: string; found: string }) =>
      `\`${parameter}\`: expected ${expected}, got ${found}`,
    remedy: "Correct the parameter.",
  },
});
