/** The store of series, for those who measure it. */
export type { RecordedMetric, RecordedSeries } from "./sample.ts";
export { SeriesStore } from "./series-store.ts";
