/**
 * A metric and its cells by label values. The number of cells is limited.
 *
 * 1. The same label values always give the same cell while the series exists.
 * 2. There are at most `labelSetsMax` series, and one more whose labels are all `other`. Label sets beyond the limit are
 *    counted there, so that sums stay correct while memory stays bounded.
 */
import type { MetricKind } from "./names.ts";

/** One line (or one histogram) of the metric. */
export interface Series<C> {
  readonly values: readonly string[];
  /** The labels in the format of the exposition, `method="get",status="ok"`, created once. */
  readonly text: string;
  readonly cell: C;
}

interface FamilyOptions<K extends MetricKind, C> {
  readonly kind: K;
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets. Empty for other kinds. */
  readonly bounds: Float64Array;
  readonly labelSetsMax: number;
  readonly createCell: () => C;
  /** Called when a series was added or removed. */
  readonly changed: () => void;
  /** Called when the limit rejected a label set. */
  readonly refused: (name: string) => void;
}

const valueLengthMax = 256;

export class Family<K extends MetricKind, C> {
  readonly kind: K;
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly bounds: Float64Array;
  readonly #options: FamilyOptions<K, C>;
  readonly #series = new Map<string, Series<C>>();
  #other: Series<C> | undefined;

  constructor(options: FamilyOptions<K, C>) {
    this.kind = options.kind;
    this.name = options.name;
    this.help = options.help;
    this.labels = options.labels;
    this.bounds = options.bounds;
    this.#options = options;
  }

  /** Returns the cell of these label values. Bind it before the hot path. */
  with(labels: Readonly<Record<string, string>>): C {
    const values = this.#valuesOf(labels);
    const key = keyOf(values);
    const known = this.#series.get(key);
    if (known !== undefined) return known.cell;
    if (this.#full()) return this.#otherSeries().cell;
    return this.#addSeries(key, values, this.#options.createCell()).cell;
  }

  /** Adds a series with an existing cell. Returns undefined if the limit rejects it. */
  place(labels: Readonly<Record<string, string>>, cell: C): C | undefined {
    const values = this.#valuesOf(labels);
    const key = keyOf(values);
    const known = this.#series.get(key);
    if (known !== undefined) return known.cell;
    return this.#full() ? undefined : this.#addSeries(key, values, cell).cell;
  }

  /** Removes the series if it still has this cell. */
  remove(labels: Readonly<Record<string, string>>, cell: C): void {
    const key = keyOf(this.#valuesOf(labels));
    if (this.#series.get(key)?.cell !== cell) return;
    this.#series.delete(key);
    this.#options.changed();
  }

  *series(): Generator<Series<C>, void, undefined> {
    yield* this.#series.values();
    if (this.#other !== undefined) yield this.#other;
  }

  #addSeries(key: string, values: readonly string[], cell: C): Series<C> {
    const series = { values, text: labelText(this.labels, values), cell };
    this.#series.set(key, series);
    this.#options.changed();
    return series;
  }

  #full(): boolean {
    if (this.#series.size < this.#options.labelSetsMax) return false;
    this.#options.refused(this.name);
    return true;
  }

  #otherSeries(): Series<C> {
    if (this.#other === undefined) {
      const values = this.labels.map(() => "other");
      this.#other = { values, text: labelText(this.labels, values), cell: this.#options.createCell() };
      this.#options.changed();
    }
    return this.#other;
  }

  #valuesOf(labels: Readonly<Record<string, string>>): readonly string[] {
    return this.labels.map((label) =>
      String(labels[label] ?? "")
        .slice(0, valueLengthMax)
        .toWellFormed(),
    );
  }
}

/** Includes the lengths, which distinguish `["a", "b:c"]` from `["a:b", "c"]`. */
function keyOf(values: readonly string[]): string {
  if (values.length === 1) return values[0] as string;
  let key = "";
  for (const value of values) key += `${value.length}:${value}`;
  return key;
}

function labelText(labels: readonly string[], values: readonly string[]): string {
  return labels.map((label, index) => `${label}="${escapeLabelValue(values[index] as string)}"`).join(",");
}

function escapeLabelValue(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
