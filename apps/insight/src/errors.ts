import { defineErrors } from "@tutti/kernel";

/** What can go wrong in insight. */
export const insightErrors = defineErrors("insight", {
  threadGone: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The thread of insight that has the store ended while it was asked. The next request starts another one.",
    message: ({ reason }: { reason: string }) => `The store of insight is not available: ${reason}`,
    remedy: "Repeat the request.",
  },
  seriesDamaged: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The file of series in the data directory is damaged. The next request moves it aside and starts a new one.",
    message: ({ reason }: { reason: string }) => `The store of series is damaged: ${reason}`,
    remedy: "Repeat the request.",
  },
  strategyUnknown: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A replay was requested with a strategy that pools do not have.",
    message: ({ strategy, known }: { strategy: string; known: string }) =>
      `\`strategy\`: expected one of ${known}, found \`${strategy}\``,
    remedy: "Choose a strategy of the list.",
  },
  prometheusFailed: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The Prometheus of `insight.prometheus.url` did not answer. Metrics are read from the store of insight meanwhile.",
    message: ({ reason }: { reason: string }) => `Prometheus does not answer: ${reason}`,
    remedy: "Check `insight.prometheus.url`, and its server.",
  },
  messageRejected: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A receiver of alerts does not take the message, and would not take it later. The message is a dead letter: correct the receiver, then send it again.",
    message: ({ reason }: { reason: string }) => `The message cannot be delivered: ${reason}`,
    remedy: "Correct the receiver in the configuration, then run `tutti alert retry`.",
  },
  receiverFailed: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "A receiver of alerts did not take the message. It is sent again under the same identity.",
    message: ({ reason }: { reason: string }) => `The receiver did not take the message: ${reason}`,
    remedy: "Check the receiver.",
  },
  ruleInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The alert rule has a mistake. The violations name the fields.",
    message: ({ problem }: { problem: string }) => `The alert rule is not correct: ${problem}`,
    remedy: "Correct the rule.",
  },
  onCallInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The rotation or escalation policy has a mistake. The violations name the fields.",
    message: ({ problem }: { problem: string }) => `The request is not correct: ${problem}`,
    remedy: "Correct the request.",
  },
  trialTooLong: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A rule is tried on at most 7 days of the past.",
    message: () => "`span`: expected at most 7 days, with `from` before `to`",
    remedy: "Choose a shorter span.",
  },
  measuresRefused: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Values of metrics are recorded in whole steps of 10 s, in the namespace of the work. Metrics have names such as `orders_total`.",
    message: ({ expected, found }: { expected: string; found: string }) =>
      `The values cannot be recorded: expected ${expected}, got ${found}`,
    remedy: "Correct the request.",
  },
  measuresTooMany: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "Values wait in memory until they are recorded, once a minute. Too many are waiting.",
    message: ({ most }: { most: number }) => `${most} values wait to be recorded already`,
    remedy: "Repeat the request later, with fewer series.",
  },
  queryRefused: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The statement cannot be prepared, or does more than read facts. Only SELECT is allowed, on the tables that `GET /v1/facts` lists.",
    message: ({ reason }: { reason: string }) => `The query cannot be answered: ${reason}`,
    remedy: "Correct the statement. List tables and columns with `tutti facts`.",
  },
  queryTooLong: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A query is ended after its time limit, so that it does not take the processor from the work.",
    message: ({ limitMs }: { limitMs: number }) => `The query took longer than ${limitMs} ms and was ended`,
    remedy: "Query a shorter period, or fewer tables at once.",
  },
  queryTooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "No value of a query may have more than 4 MB, on the way to the answer as well.",
    message: () => "A value of the query has more than 4 MB",
    remedy: "Join or concatenate fewer rows.",
  },
  queriesTooMany: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "Queries about facts are answered one after the other. Too many are waiting.",
    message: ({ most }: { most: number }) => `${most} queries are waiting already`,
    remedy: "Repeat the request later.",
  },
  spanEmpty: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A span starts before it ends.",
    message: () => "The span to analyse is empty",
    remedy: "Set `from` to a time before `to`.",
  },
});
