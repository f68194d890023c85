/** Answers queries of series, without the rest of a host, for threads that need nothing else. */
export { answerSeries, type RequestedSpan, type SeriesSource } from "./answer.ts";
export { metricErrors } from "./errors.ts";
export { figureOf, type MetricWord, reducerOf, wordOf } from "./figure.ts";
export { type Steps, stepsOf } from "./steps.ts";
