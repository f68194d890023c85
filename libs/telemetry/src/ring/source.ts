/** A series as the ring sees it before it tracks it. */
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
  /** Since when it is known. */
  readonly since: Steps;
  /** Returns whether there is anything to keep yet. */
  moved(): boolean;
  /** @param isNew whether no other series had its key before. */
  track(now: Steps, isNew: boolean): Track;
}

/**
 * A counter that did not exist had no increase. Without these zeros, the rate of a longer step would be that of the seconds
 * since it appeared, and the sum over the step more than what was counted.
 */
const beginning: Steps = { fine: 0, coarse: 0 };

/** The past of a gauge that has always been zero takes no memory. */
export function zerosOf({ since }: Source): Past {
  return { statistic: "value", at: (resolution, step) => (step > since[resolution] ? 0 : Number.NaN) };
}

/** @param old whether the series was there when the ring started: its earlier counts are not the ring's. */
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
            const begun = Math.max(now.coarse * fineInCoarse, since.fine);
            return new GaugeTrack(cell, lane, now.fine - begun);
          },
        });
      }
      break;
    case "counter":
      for (const series of family.series()) {
        const { cell } = series;
        // Who counts elsewhere started before the first request: the processor's time, for one.
        const isCountedBefore = old || cell instanceof ObservedCounter;
        const from = isCountedBefore ? cell.read() : 0;
        add(series, {
          moved: () => cell.read() !== from,
          track(now, isNew) {
            const track = new CounterTrack(cell, from);
            track.lanes[0].zero(isCountedBefore || !isNew ? since : beginning, now);
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
            track.lanes[0].zero(old || !isNew ? since : beginning, now);
            return track;
          },
        });
      }
      break;
  }
  return sources;
}
