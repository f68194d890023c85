/**
 * Time zones: offsets by time. `Intl` computes the offset once for each day of a needed year. The results are cached as
 * spans of one offset, so that a conversion costs a search in a short list.
 *
 * 1. A span has one offset. Between two spans, clocks change, or a calendar year ends without a change.
 * 2. No two changes are within a day of each other. None ever were.
 * 3. Data of zones changes with the release of ICU. So no fold may depend on it: events contain the results.
 */
import { dayMs, dayNumber } from "./civil.ts";

/** A period without a clock change. */
export interface ZonePeriod {
  readonly fromMs: number;
  /** First moment after it. */
  readonly toMs: number;
  /** Difference of local clocks from UTC. */
  readonly offsetMs: number;
  /** Offset directly before and after it. */
  readonly beforeMs: number;
  readonly afterMs: number;
}

export interface Zone {
  periodAt(ms: number): ZonePeriod;
}

/** Returns the zone with a name of the IANA. Undefined if there is none. Empty means UTC. */
export function zoneOf(name: string): Zone | undefined {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const zone = isFixed(name) ? utc : namedZone(name);
  if (zone === undefined) return undefined;
  if (zones.size >= zonesMax) zones.clear();
  zones.set(name, zone);
  return zone;
}

export function zoneProblem(name: string): string | undefined {
  if (zoneOf(name) !== undefined) return undefined;
  return `expected a time zone as the IANA names it, like Europe/Berlin, got ${JSON.stringify(name)}`;
}

const zones = new Map<string, Zone>();
const zonesMax = 64;
const yearsMax = 64;
/** A change this near to the end of a year's list is in the list of the next one too. */
const marginMs = 2 * dayMs;

const utc: Zone = {
  periodAt: () => ({
    fromMs: Number.NEGATIVE_INFINITY,
    toMs: Number.POSITIVE_INFINITY,
    offsetMs: 0,
    beforeMs: 0,
    afterMs: 0,
  }),
};

function isFixed(name: string): boolean {
  return name === "" || name === "UTC" || name === "Etc/UTC" || name === "GMT";
}

function namedZone(name: string): Zone | undefined {
  // `+01:00` is a valid zone only in some releases of Node.
  if (!/^[A-Za-z]/.test(name)) return undefined;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", { timeZone: name, timeZoneName: "longOffset" });
  } catch {
    return undefined;
  }
  return new NamedZone((ms) => offsetIn(format.format(ms)));
}

const offsetForm = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/;

/** Parses `10/25/2026, GMT+05:45`. */
function offsetIn(text: string): number {
  const [, sign, hours = "0", minutes = "0", seconds = "0"] = offsetForm.exec(text) ?? [];
  const total = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
  return (sign === "-" ? -total : total) * 1_000;
}

class NamedZone implements Zone {
  readonly #offsetAt: (ms: number) => number;
  readonly #years = new Map<number, readonly ZonePeriod[]>();

  constructor(offsetAt: (ms: number) => number) {
    this.#offsetAt = offsetAt;
  }

  periodAt(ms: number): ZonePeriod {
    const year = new Date(ms).getUTCFullYear();
    const periods = this.#years.get(year) ?? this.#read(year);
    let index = periods.length - 1;
    while (index > 0 && (periods[index] as ZonePeriod).fromMs > ms) index--;
    return periods[index] as ZonePeriod;
  }

  #read(year: number): readonly ZonePeriod[] {
    const firstMs = dayNumber({ year, month: 1, day: 1 }) * dayMs - marginMs;
    const lastMs = dayNumber({ year: year + 1, month: 1, day: 1 }) * dayMs + marginMs;
    const periods: ZonePeriod[] = [];
    let offsetMs = this.#offsetAt(firstMs);
    let period = { fromMs: firstMs, beforeMs: offsetMs };
    for (let ms = firstMs; ms < lastMs; ms += dayMs) {
      const afterMs = this.#offsetAt(ms + dayMs);
      if (afterMs === offsetMs) continue;
      const toMs = this.#changeBetween(ms, ms + dayMs, offsetMs);
      periods.push({ ...period, toMs, offsetMs, afterMs });
      period = { fromMs: toMs, beforeMs: offsetMs };
      offsetMs = afterMs;
    }
    periods.push({ ...period, toMs: lastMs, offsetMs, afterMs: offsetMs });
    if (this.#years.size >= yearsMax) this.#years.clear();
    this.#years.set(year, periods);
    return periods;
  }

  /** Returns the first second with another offset than at the start. */
  #changeBetween(fromMs: number, toMs: number, offsetMs: number): number {
    let [before, after] = [fromMs / 1_000, toMs / 1_000];
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (this.#offsetAt(middle * 1_000) === offsetMs) before = middle;
      else after = middle;
    }
    return after * 1_000;
  }
}
