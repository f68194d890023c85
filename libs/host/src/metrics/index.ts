/** Answers queries of series, without the rest of a host, for threads that need nothing else. */
export { answerSeries, type RequestedRange, type SeriesSource } from "./answer.ts";
export { metricErrors } from "./errors.ts";
export {
  aggregationName,
  figureOf,
  type MetricKindName,
  reducerOf,
} from "./figure.ts";
export { type Steps, stepsOf } from "./steps.ts";
