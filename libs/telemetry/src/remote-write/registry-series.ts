/** The registry as series of remote write, with the names and labels that a scrape of `/metrics` gives. */
import { spellBound } from "../metrics/exposition.ts";
import type { MetricFamily } from "../metrics/registry.ts";
import type { WrittenSeries } from "./write-request.ts";

/** @param hasEnded whether these are the last values of the process */
export function registrySeries(
  families: readonly MetricFamily[],
  timeMs: number,
  hasEnded = false,
): WrittenSeries[] {
  const series: WrittenSeries[] = [];
  const add = (name: string, labels: Readonly<Record<string, string>>, value: number): void => {
    if (Number.isNaN(value)) return;
    series.push({ name, labels, samples: [{ timeMs, value: hasEnded ? Number.NaN : value }] });
  };
  for (const family of families) {
    const { name } = family;
    const labelsOf = (values: readonly string[]) =>
      Object.fromEntries(family.labels.map((label, index) => [label, values[index] ?? ""]));
    if (family.kind !== "histogram") {
      for (const { values, cell } of family.series()) add(name, labelsOf(values), cell.read());
      continue;
    }
    for (const { values, cell } of family.series()) {
      const labels = labelsOf(values);
      let cumulative = 0;
      for (const [bucket, count] of cell.counts.entries()) {
        cumulative += count;
        const le = spellBound(cell.bounds[bucket] ?? Number.POSITIVE_INFINITY);
        add(`${name}_bucket`, { ...labels, le }, cumulative);
      }
      add(`${name}_sum`, labels, cell.sum);
      add(`${name}_count`, labels, cumulative);
    }
  }
  return series;
}
