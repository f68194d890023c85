import { defineErrors } from "@tutti/kernel";

/** What can go wrong when numbers are asked for. */
export const metricErrors = defineErrors("metrics", {
  unknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "This process declares no metric of this name. ListMetrics, or `GET /v1/metrics`, has those that it declares.",
    message: ({ metric, near }: { metric: string; near: string | undefined }) =>
      `expected a metric of this platform, found none with the name ${metric}${near === undefined ? "" : `; did you mean ${near}?`}`,
  },
  ofInstallation: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "Figures are of processes, which work for all namespaces: they are for who may see the whole installation. A role in the namespace `system` lets somebody.",
    message: ({ namespace }: { namespace: string }) =>
      `expected the namespace system, found ${namespace}: figures count what is done for all namespaces; ask for them in system, where a role is needed`,
  },
  notAnswerable: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "What is asked of a metric does not fit its kind: gauges have values, counters rates and increases, histograms rates, increases and the quantiles 0.5 and 0.99.",
    message: ({ metric, expected, found }: { metric: string; expected: string; found: string }) =>
      `expected ${expected} of ${metric}, found ${found}`,
  },
  tooManyValues: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The answer would have more values than one may have. Ask for fewer series, a shorter span, or greater steps.",
    message: ({ most }: { most: number }) =>
      `expected an answer of at most ${most} values, found more; ask for fewer series, a shorter span or greater steps`,
  },
  parameterWrong: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A parameter of the query cannot be read. The message says what is expected.",
    message: ({ parameter, expected, found }: { parameter: string; expected: string; found: string }) =>
      `expected ${expected} as the parameter ${parameter}, found ${found}`,
  },
});
