/** Requests and replies of the thread of series. */
import type { QuerySeriesRequest, Series } from "@tutti/contracts/insight/v1";
import type { RecordedMetric, RecordOutcome, SampleBatch } from "../sample.ts";

export interface SeriesThreadData {
  readonly file: string;
  readonly seriesMax: number;
  readonly seriesOfMetricMax: number;
}

export interface SeriesCalls {
  readonly record: { readonly request: SampleBatch; readonly answer: RecordOutcome };
  readonly metrics: {
    readonly request: { readonly namespace: string; readonly prefix: string };
    readonly answer: readonly RecordedMetric[];
  };
  readonly query: {
    readonly request: Pick<QuerySeriesRequest, "namespace" | "queries" | "span" | "stepMs"> & {
      readonly nowMs: number;
    };
    readonly answer: Series[];
  };
}

export type SeriesCall = keyof SeriesCalls;

export type ToSeriesThread = {
  [Call in SeriesCall]: {
    readonly id: number;
    readonly call: Call;
    readonly nowMs: number;
    readonly request: SeriesCalls[Call]["request"];
  };
}[SeriesCall];
