/** Answers queries of series, without the rest of a host: a thread that has them needs no more. */
export { answerSeries, type RequestedSpan, type SeriesSource } from "./answer.ts";
export { metricErrors } from "./errors.ts";
export { figureOf, type MetricWord, reducerOf, wordOf } from "./figure.ts";
export { type Steps, stepsOf } from "./steps.ts";
