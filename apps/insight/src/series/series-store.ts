/**
 * Series on disk: 10 s for two days, a minute for 90 days.
 *
 * 1. A batch of samples becomes one row, the *piece*, in one transaction. When its hour is over, the pieces
 *    become a block per series, and the minutes go to the block of the day.
 * 2. A value is kept by its place in time. A repeated value counts once, a late value goes to its place.
 * 3. Blocks and pieces have a checksum. A damaged one is skipped and counted, the others are read.
 * 4. The number of series is bounded, see `Catalogue`.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { MetricKindName, RequestedRange, SeriesSource } from "@tutti/host/metrics";
import type { SampledSeries } from "@tutti/telemetry";
import { packed, rounded, unpacked } from "./block.ts";
import { type Bounds, Catalogue, type KnownSeries, labelsText } from "./catalogue.ts";
import { type Piece, type PieceValues, packedPiece, seriesIn, valuesIn } from "./piece.ts";
import type { RecordedMetric, RecordOutcome, SampleBatch, Statistic } from "./sample.ts";
import { openFile, sumOf } from "./schema.ts";
import {
  hourMs,
  minuteMs,
  minutesOfDay,
  minutesOfHour,
  retention,
  slotMs,
  slotOf,
  slotsOfHour,
  slotsOfMinute,
} from "./time.ts";

export interface StoreOptions extends Bounds {
  readonly file: string;
  readonly nowMs: number;
}

interface StoredPiece extends Piece {
  readonly number: number;
}

interface Rows {
  readonly addSeries: StatementSync;
  readonly touchSeries: StatementSync;
  readonly dropSeries: StatementSync;
  readonly setMetric: StatementSync;
  readonly block: StatementSync;
  readonly setBlock: StatementSync;
  readonly addPiece: StatementSync;
  readonly dropPiece: StatementSync;
}

/** Number of series packed in one transaction: enough to be fast, few enough to keep the transaction small. */
const packedTogether = 1_000;
/** Pieces of hours that are already packed wait for the next hour, up to this total number of pieces. */
const piecesMax = 600;

export class SeriesStore {
  readonly #database: DatabaseSync;
  readonly #rows: Rows;
  readonly #catalogue: Catalogue;
  readonly #metrics = new Map<string, RecordedMetric>();
  /** In the order in which they were recorded. */
  #pieces: StoredPiece[] = [];
  #packedUntil = 0;
  #damaged = 0;
  readonly #overflowing = new Set<string>();
  readonly #movedAside: { readonly file: string; readonly reason: string } | undefined;

  constructor({ file, nowMs, ...bounds }: StoreOptions) {
    const { database, movedAside } = openFile(file, nowMs);
    this.#database = database;
    this.#movedAside = movedAside;
    this.#catalogue = new Catalogue(bounds);
    this.#rows = rowsOf(database);
    this.#load();
  }

  close(): void {
    this.#database.close();
  }

  /** Returns the metrics of a namespace whose names start with `prefix`, in the order of their names. */
  metrics(namespace: string, prefix: string): RecordedMetric[] {
    return [...this.#metrics.values()]
      .filter((metric) => metric.namespace === namespace && metric.name.startsWith(prefix))
      .sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  record({ nowMs, metrics, series }: SampleBatch): RecordOutcome {
    const counts = { recorded: 0, late: 0, ahead: 0, overflowed: 0 };
    const overflowing: string[] = [];
    this.#inTransaction(() => {
      for (const metric of metrics) this.#declare(metric);
      for (const [fromSlot, all] of Map.groupBy(series, ({ fromMs }) => slotOf(fromMs))) {
        const values = new Map<number, Float64Array>();
        for (const recorded of all) {
          const accepted = withinTime(recorded.values, fromSlot, nowMs, counts);
          const last = accepted.findLastIndex((value) => !Number.isNaN(value));
          if (
            last < 0 ||
            (recorded.isSparse && isZero(accepted) && this.#catalogue.known(recorded) === undefined)
          )
            continue;
          const assigned = this.#catalogue.seriesFor(recorded, fromSlot + last, (created) =>
            this.#addSeries(created),
          );
          if (assigned.isOverflow) {
            counts.overflowed += countOf(accepted);
            if (!this.#overflowing.has(recorded.metric)) overflowing.push(recorded.metric);
            this.#overflowing.add(recorded.metric);
          }
          assigned.series.lastSlot = Math.max(assigned.series.lastSlot, fromSlot + last);
          const before = values.get(assigned.series.id);
          values.set(
            assigned.series.id,
            before === undefined ? accepted : together(before, accepted, recorded.statistic),
          );
          counts.recorded += countOf(accepted);
        }
        this.#addPiece(fromSlot, values);
      }
    });
    this.#packHours(nowMs);
    return {
      ...counts,
      overflowing,
      series: this.#catalogue.size,
      bytes: this.#bytes(),
      damaged: this.#damaged,
      movedAside: this.#movedAside,
    };
  }

  /** Returns the data source for queries about a namespace. */
  source(namespace: string, nowMs: number): SeriesSource {
    return {
      kindOf: (metric) => this.#metrics.get(`${namespace}\n${metric}`)?.kind,
      names: () => this.metrics(namespace, "").map(({ name }) => name),
      series: (metric, equals, span) => this.#read(namespace, metric, equals, span, nowMs),
    };
  }

  #read(
    namespace: string,
    metric: string,
    equals: Readonly<Record<string, string>>,
    span: RequestedRange,
    nowMs: number,
  ): SampledSeries[] {
    const matching = this.#catalogue
      .of(namespace, metric)
      .filter(({ labels }) => Object.entries(equals).every(([label, value]) => labels[label] === value));
    const isCoarse = isBestInMinutes(span, nowMs);
    const stepMs = isCoarse ? minuteMs : slotMs;
    const from = Math.floor(Math.max(span.fromMs, nowMs - retention.coarseMs) / stepMs);
    const until = Math.max(from, Math.ceil(span.toMs / stepMs));
    return matching
      .filter(({ lastSlot }) => lastSlot * slotMs >= from * stepMs - minuteMs)
      .map((series) => {
        const values = isCoarse
          ? this.#minutes(series, from, until, nowMs)
          : this.#slots(series, from, until);
        const { statistic, labels } = series;
        return { name: metric, labels, statistic, stepMs, fromMs: from * stepMs, values };
      });
  }

  /** Returns values at 10 s, from one slot to another. */
  #slots({ id }: KnownSeries, from: number, until: number): Float64Array {
    const values = new Float64Array(until - from).fill(Number.NaN);
    for (let hour = Math.floor(from / slotsOfHour); hour * slotsOfHour < until; hour++) {
      const block = this.#block(id, false, hour);
      if (block !== undefined) overlay(values, from, block, hour * slotsOfHour);
    }
    for (const piece of this.#pieces) {
      if (piece.toSlot <= from || piece.fromSlot >= until) continue;
      const found = valuesIn(piece, id);
      if (found !== undefined) overlay(values, from, found, piece.fromSlot);
    }
    return values;
  }

  /** Returns values per minute. Minutes of hours that are not packed yet are computed from the slots. */
  #minutes(series: KnownSeries, from: number, until: number, nowMs: number): Float64Array {
    const values = new Float64Array(until - from).fill(Number.NaN);
    for (let day = Math.floor(from / minutesOfDay); day * minutesOfDay < until; day++) {
      const block = this.#block(series.id, true, day);
      if (block !== undefined) overlay(values, from, block, day * minutesOfDay);
    }
    const own = this.#pieces.filter((piece) => seriesHas(piece, series.id));
    if (own.length === 0) return values;
    const first = Math.floor(Math.min(...own.map(({ fromSlot }) => fromSlot)) / slotsOfMinute);
    const last = Math.ceil(Math.max(...own.map(({ toSlot }) => toSlot)) / slotsOfMinute);
    const [start, end] = [Math.max(from, first), Math.min(until, last)];
    if (start >= end) return values;
    const slots = this.#slots(series, start * slotsOfMinute, end * slotsOfMinute);
    const overSlots = slotOf(nowMs) - start * slotsOfMinute;
    overlay(values, from, minutesOf(slots, series.statistic, overSlots), start);
    return values;
  }

  #block(series: number, isCoarse: boolean, place: number): Float64Array | undefined {
    const row = this.#rows.block.get(series, Number(isCoarse), place);
    if (row === undefined) return undefined;
    // The cast: the column is a blob.
    return this.#sound(row["bytes"] as Uint8Array, Number(row["sum"]), unpacked);
  }

  #sound<T>(bytes: Uint8Array, sum: number, read: (bytes: Uint8Array) => T): T | undefined {
    if (sumOf(bytes) === sum) return read(bytes);
    this.#damaged++;
    return undefined;
  }

  /** Makes blocks of the hours that are over. */
  #packHours(nowMs: number): void {
    const until = Math.floor((nowMs - retention.graceMs) / hourMs) * slotsOfHour;
    const due = this.#pieces.filter(({ fromSlot }) => fromSlot < until);
    if (due.length === 0 || (until <= this.#packedUntil && this.#pieces.length < piecesMax)) return;
    const ids = [...new Set(due.flatMap(seriesIn))].sort((one, other) => one - other);
    for (let at = 0; at < ids.length; at += packedTogether)
      this.#inTransaction(() => {
        for (const id of ids.slice(at, at + packedTogether)) this.#packSeries(id, due, until);
      });
    this.#inTransaction(() => {
      for (const { number } of due.filter(({ toSlot }) => toSlot <= until)) this.#rows.dropPiece.run(number);
      this.#dropOld(nowMs);
    });
    this.#pieces = this.#pieces.filter(({ toSlot }) => toSlot > until);
    this.#packedUntil = until;
    this.#database.exec("PRAGMA incremental_vacuum(256)");
  }

  #packSeries(id: number, pieces: readonly StoredPiece[], until: number): void {
    const hours = new Map<number, Float64Array>();
    for (const piece of pieces) {
      const values = valuesIn(piece, id);
      if (values === undefined) continue;
      for (const [at, value] of values.entries()) {
        const slot = piece.fromSlot + at;
        if (Number.isNaN(value) || slot >= until) continue;
        const hour = Math.floor(slot / slotsOfHour);
        let block = hours.get(hour);
        if (block === undefined) {
          block = this.#block(id, false, hour) ?? new Float64Array(slotsOfHour).fill(Number.NaN);
          hours.set(hour, block);
        }
        block[slot % slotsOfHour] = value;
      }
    }
    const series = this.#byId(id);
    if (series === undefined) return;
    const days = new Map<number, Float64Array>();
    for (const [hour, values] of hours) {
      this.#setBlock(id, false, hour, values);
      const first = hour * minutesOfHour;
      const day = Math.floor(first / minutesOfDay);
      const minutes =
        days.get(day) ?? this.#block(id, true, day) ?? new Float64Array(minutesOfDay).fill(Number.NaN);
      overlay(minutes, day * minutesOfDay, minutesOf(values, series.statistic), first);
      days.set(day, minutes);
    }
    for (const [day, minutes] of days) this.#setBlock(id, true, day, minutes);
    this.#rows.touchSeries.run(series.lastSlot, id);
  }

  #setBlock(series: number, isCoarse: boolean, place: number, values: Float64Array): void {
    const bytes = packed(values);
    this.#rows.setBlock.run(series, Number(isCoarse), place, sumOf(bytes), bytes);
  }

  #dropOld(nowMs: number): void {
    const drop = this.#database.prepare("DELETE FROM block WHERE series = ? AND is_coarse = ? AND place < ?");
    const [hour, day] = [
      Math.floor((nowMs - retention.fineMs) / hourMs),
      Math.floor((nowMs - retention.coarseMs) / (24 * hourMs)),
    ];
    for (const series of [...this.#catalogue.all()]) {
      drop.run(series.id, 0, hour);
      if (series.lastSlot * slotMs >= nowMs - retention.coarseMs) {
        drop.run(series.id, 1, day);
        continue;
      }
      drop.run(series.id, 1, Number.MAX_SAFE_INTEGER);
      this.#rows.dropSeries.run(series.id);
      this.#byNumber.delete(series.id);
      this.#catalogue.remove(series);
    }
  }

  readonly #byNumber = new Map<number, KnownSeries>();

  #byId(id: number): KnownSeries | undefined {
    return this.#byNumber.get(id);
  }

  #addSeries(series: KnownSeries): void {
    this.#byNumber.set(series.id, series);
    const { id, namespace, metric, statistic, labels, lastSlot } = series;
    this.#rows.addSeries.run(id, namespace, metric, statistic, labelsText(labels), lastSlot);
  }

  #addPiece(fromSlot: number, values: ReadonlyMap<number, Float64Array>): void {
    if (values.size === 0) return;
    const all: PieceValues[] = [...values]
      .sort(([one], [other]) => one - other)
      .map(([series, own]) => ({ series, values: own }));
    const toSlot = fromSlot + Math.max(...all.map((each) => each.values.length));
    const bytes = packedPiece(all);
    const { lastInsertRowid } = this.#rows.addPiece.run(fromSlot, toSlot, sumOf(bytes), bytes);
    this.#pieces.push({ number: Number(lastInsertRowid), fromSlot, toSlot, bytes });
  }

  #declare(metric: RecordedMetric): void {
    const key = `${metric.namespace}\n${metric.name}`;
    const known = this.#metrics.get(key);
    if (known !== undefined && JSON.stringify(known) === JSON.stringify(metric)) return;
    const { namespace, name, kind, help, unit, labels } = metric;
    this.#metrics.set(key, { namespace, name, kind, help, unit, labels });
    this.#rows.setMetric.run(namespace, name, kind, help, unit, JSON.stringify(labels));
  }

  #load(): void {
    for (const row of this.#database.prepare("SELECT * FROM metric").all()) {
      const metric: RecordedMetric = {
        namespace: String(row["namespace"]),
        name: String(row["name"]),
        // The cast: only declared kinds are written to the column.
        kind: String(row["kind"]) as MetricKindName,
        help: String(row["help"]),
        unit: String(row["unit"]),
        labels: JSON.parse(String(row["labels"])),
      };
      this.#metrics.set(`${metric.namespace}\n${metric.name}`, metric);
    }
    for (const row of this.#database.prepare("SELECT * FROM series").all()) {
      const series: KnownSeries = {
        id: Number(row["id"]),
        namespace: String(row["namespace"]),
        metric: String(row["metric"]),
        // The cast: only recorded statistics are written to the column.
        statistic: String(row["statistic"]) as Statistic,
        labels: JSON.parse(String(row["labels"])),
        lastSlot: Number(row["last_slot"]),
      };
      this.#byNumber.set(series.id, series);
      this.#catalogue.add(series);
    }
    for (const row of this.#database.prepare("SELECT * FROM piece ORDER BY number").all()) {
      // The cast: the column is a blob.
      const bytes = this.#sound(row["bytes"] as Uint8Array, Number(row["sum"]), (sound) => sound);
      const [number, fromSlot, toSlot] = [row["number"], row["from_slot"], row["to_slot"]].map(Number) as [
        number,
        number,
        number,
      ];
      if (bytes === undefined) this.#rows.dropPiece.run(number);
      else this.#pieces.push({ number, fromSlot, toSlot, bytes });
    }
    for (const piece of this.#pieces)
      for (const id of seriesIn(piece)) {
        const series = this.#byNumber.get(id);
        if (series !== undefined) series.lastSlot = Math.max(series.lastSlot, piece.toSlot - 1);
      }
  }

  #bytes(): number {
    const numberOf = (pragma: string) =>
      Number(Object.values(this.#database.prepare(pragma).get() ?? {})[0] ?? 0);
    return (numberOf("PRAGMA page_count") - numberOf("PRAGMA freelist_count")) * numberOf("PRAGMA page_size");
  }

  #inTransaction(work: () => void): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      work();
      this.#database.exec("COMMIT");
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
  }
}

function rowsOf(database: DatabaseSync): Rows {
  const prepared = (text: string) => database.prepare(text);
  return {
    addSeries: prepared("INSERT INTO series VALUES (?, ?, ?, ?, ?, ?)"),
    touchSeries: prepared("UPDATE series SET last_slot = ? WHERE id = ?"),
    dropSeries: prepared("DELETE FROM series WHERE id = ?"),
    setMetric: prepared("INSERT OR REPLACE INTO metric VALUES (?, ?, ?, ?, ?, ?)"),
    block: prepared("SELECT sum, bytes FROM block WHERE series = ? AND is_coarse = ? AND place = ?"),
    setBlock: prepared("INSERT OR REPLACE INTO block VALUES (?, ?, ?, ?, ?)"),
    addPiece: prepared("INSERT INTO piece (from_slot, to_slot, sum, bytes) VALUES (?, ?, ?, ?)"),
    dropPiece: prepared("DELETE FROM piece WHERE number = ?"),
  };
}

/** True if minutes suffice for a chart, or if the span starts more than two days ago. */
function isBestInMinutes({ fromMs, toMs, stepMs }: RequestedRange, nowMs: number): boolean {
  const suitable = stepMs > 0 ? stepMs : (toMs - fromMs) / 360;
  return suitable >= minuteMs || fromMs < nowMs - retention.fineMs;
}

function seriesHas(piece: Piece, id: number): boolean {
  return valuesIn(piece, id) !== undefined;
}

/** Rounds values within the accepted time to four digits. Other values become gaps and are counted. */
function withinTime(
  values: Float64Array,
  fromSlot: number,
  nowMs: number,
  counts: { late: number; ahead: number },
): Float64Array {
  const [first, end] = [slotOf(nowMs - retention.fineMs), slotOf(nowMs + retention.aheadMs)];
  return values.map((value, at) => {
    if (Number.isNaN(value)) return value;
    const slot = fromSlot + at;
    if (slot >= first && slot <= end) return rounded(value);
    if (slot < first) counts.late++;
    else counts.ahead++;
    return Number.NaN;
  });
}

const isZero = (values: Float64Array): boolean => values.every((value) => value === 0 || Number.isNaN(value));

function countOf(values: Float64Array): number {
  return values.reduce((count, value) => (Number.isNaN(value) ? count : count + 1), 0);
}

/** Combines series that share a place: the maximum of quantiles, the sum of others. */
function together(one: Float64Array, other: Float64Array, statistic: Statistic): Float64Array {
  const isQuantile = statistic === "p50" || statistic === "p99";
  const values = new Float64Array(Math.max(one.length, other.length));
  for (const at of values.keys()) {
    const [a = Number.NaN, b = Number.NaN] = [one[at], other[at]];
    if (Number.isNaN(a) || Number.isNaN(b)) values[at] = Number.isNaN(a) ? b : a;
    else values[at] = isQuantile ? Math.max(a, b) : rounded(a + b);
  }
  return values;
}

/**
 * Returns the mean of each minute, and for quantiles the maximum, which hides nothing. A slot without a rate had no
 * increase, because workers send only rates that they measured. `overSlots` of the slots have ended.
 */
function minutesOf(slots: Float64Array, statistic: Statistic, overSlots = slots.length): Float64Array {
  const isQuantile = statistic === "p50" || statistic === "p99";
  const minutes = new Float64Array(Math.ceil(slots.length / slotsOfMinute)).fill(Number.NaN);
  for (const minute of minutes.keys()) {
    const all = slots
      .subarray(minute * slotsOfMinute, (minute + 1) * slotsOfMinute)
      .filter((value) => !Number.isNaN(value));
    if (all.length === 0) continue;
    const over = Math.min(slotsOfMinute, overSlots - minute * slotsOfMinute);
    const count = statistic === "rate" ? Math.max(all.length, over) : all.length;
    minutes[minute] = isQuantile
      ? Math.max(...all)
      : rounded(all.reduce((sum, value) => sum + value, 0) / count);
  }
  return minutes;
}

/** Writes values over others, each at its own place. Gaps overwrite nothing. */
function overlay(values: Float64Array, from: number, others: Float64Array, othersFrom: number): void {
  const start = Math.max(from, othersFrom);
  const end = Math.min(from + values.length, othersFrom + others.length);
  for (let place = start; place < end; place++) {
    const value = others[place - othersFrom] as number;
    if (!Number.isNaN(value)) values[place - from] = value;
  }
}
