/** A series as the ring sees it before tracking starts. */
import { ObservedCounter } from "../metrics/cells.ts";
import type { MetricFamily } from "../metrics/registry.ts";
import { fineInCoarse, Lane, type Past, type Steps } from "./lane.ts";
import { CounterTrack, GaugeTrack, HistogramTrack, type Track } from "./track.ts";

export interface Source {
  /** Unique among all series: name and labels. */
  readonly key: string;
  readonly family: MetricFamily;
  readonly labelValues: readonly string[];
  readonly cell: object;
  /** Steps at which the ring discovered the series. */
  readonly since: Steps;
  /** Returns true if there is a value to keep. */
  moved(): boolean;
  /** @param isNew true if no earlier series had the same key. */
  track(now: Steps, isNew: boolean): Track;
}

/**
 * A counter had no increase before it existed. Without these zeros, the rate of a longer step would only cover the
 * seconds since the counter appeared. The sum over the step would exceed the counted value.
 */
const origin: Steps = { fine: 0, coarse: 0 };

/** Returns the past of a gauge that has always been zero. It takes no memory. */
export function zerosOf({ since }: Source): Past {
  return { statistic: "value", at: (resolution, step) => (step > since[resolution] ? 0 : Number.NaN) };
}

/** @param old true if the series existed when the ring started. Its earlier counts do not belong to the ring. */
export function sourcesOf(family: MetricFamily, old: boolean, since: Steps): Source[] {
  const sources: Source[] = [];
  const add = (
    series: { readonly cell: object; readonly text: string; readonly values: readonly string[] },
    behaviour: Pick<Source, "moved" | "track">,
  ): void => {
    const { cell, text, values } = series;
    sources.push({ key: `${family.name}{${text}}`, family, labelValues: values, cell, since, ...behaviour });
  };
  switch (family.kind) {
    case "gauge":
      for (const series of family.series()) {
        const { cell } = series;
        add(series, {
          moved: () => cell.read() !== 0,
          track(now) {
            const lane = new Lane("value");
            lane.zero(since, now);
            const start = Math.max(now.coarse * fineInCoarse, since.fine);
            return new GaugeTrack(cell, lane, now.fine - start);
          },
        });
      }
      break;
    case "counter":
      for (const series of family.series()) {
        const { cell } = series;
        // An observed counter may have started before the first request, for example the time of the processor.
        const isCountedBefore = old || cell instanceof ObservedCounter;
        const from = isCountedBefore ? cell.read() : 0;
        add(series, {
          moved: () => cell.read() !== from,
          track(now, isNew) {
            const track = new CounterTrack(cell, from);
            track.lanes[0].zero(isCountedBefore || !isNew ? since : origin, now);
            return track;
          },
        });
      }
      break;
    case "histogram":
      for (const series of family.series()) {
        const { cell } = series;
        const from = old ? cell.counts.slice() : new Float64Array(cell.counts.length);
        add(series, {
          moved: () => cell.counts.some((count, bucket) => count !== from[bucket]),
          track(now, isNew) {
            const track = new HistogramTrack(cell, from);
            track.lanes[0].zero(old || !isNew ? since : origin, now);
            return track;
          },
        });
      }
      break;
  }
  return sources;
}
