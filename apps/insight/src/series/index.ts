/** The store of series, for code that measures it. */
export type { RecordedMetric, RecordedSeries } from "./sample.ts";
export { SeriesStore } from "./series-store.ts";
