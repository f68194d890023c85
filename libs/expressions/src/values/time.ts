import { Special } from "./value.ts";

/**
 * Times and durations: whole seconds and nanoseconds, because milliseconds of a `Date` are too coarse for the
 * language.
 */

const nanosPerSecond = 1_000_000_000;
/** 0001-01-01T00:00:00Z. */
const timestampSecondsMin = -62_135_596_800;
/** 9999-12-31T23:59:59Z. */
const timestampSecondsMax = 253_402_300_799;
/** About 292 years: the range of 64 bits of nanoseconds. */
const durationSecondsMax = 9_223_372_036;

/** A time between the years 1 and 9999. */
export class Timestamp extends Special {
  readonly typeName = "google.protobuf.Timestamp";
  readonly seconds: number;
  /** 0 to 999,999,999, always added to the seconds. */
  readonly nanos: number;

  private constructor(seconds: number, nanos: number) {
    super();
    this.seconds = seconds;
    this.nanos = nanos;
  }

  /** Undefined if it is out of range. */
  static of(seconds: number, nanos: number): Timestamp | undefined {
    const whole = seconds + Math.floor(nanos / nanosPerSecond);
    if (!(whole >= timestampSecondsMin && whole <= timestampSecondsMax)) return undefined;
    return new Timestamp(whole, ((nanos % nanosPerSecond) + nanosPerSecond) % nanosPerSecond);
  }

  override toString(): string {
    const date = new Date(this.seconds * 1000).toISOString().slice(0, 19);
    return `${date}${fraction(this.nanos)}Z`;
  }
}

/** A positive or negative duration. */
export class Duration extends Special {
  readonly typeName = "google.protobuf.Duration";
  readonly nanos: bigint;

  private constructor(nanos: bigint) {
    super();
    this.nanos = nanos;
  }

  /** Undefined if it is out of range. */
  static of(nanos: bigint): Duration | undefined {
    const limit = BigInt(durationSecondsMax) * BigInt(nanosPerSecond) + 854_775_807n;
    return nanos < -limit || nanos > limit ? undefined : new Duration(nanos);
  }

  /** Formats it for JSON and `string()`: `-1.5s`. */
  override toString(): string {
    const positive = this.nanos < 0n ? -this.nanos : this.nanos;
    const seconds = positive / BigInt(nanosPerSecond);
    const rest = Number(positive % BigInt(nanosPerSecond));
    return `${this.nanos < 0n ? "-" : ""}${seconds}${fraction(rest)}s`;
  }
}

function fraction(nanos: number): string {
  return nanos === 0 ? "" : `.${String(nanos).padStart(9, "0").replace(/0+$/, "")}`;
}

const timestampForm = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})$/;

/** Parses RFC 3339. Undefined for any other text. */
export function parseTimestamp(text: string): Timestamp | undefined {
  const match = timestampForm.exec(text);
  if (match === null) return undefined;
  const [, date = "", time = "", part = "", zone = ""] = match;
  const ms = Date.parse(`${date}T${time}${zone.toUpperCase()}`);
  if (Number.isNaN(ms)) return undefined;
  // `Date` converts 31 February to March.
  const [year, month, day] = date.split("-").map(Number);
  if (new Date(Date.UTC(2000, (month ?? 1) - 1, 1)).getUTCMonth() !== (month ?? 0) - 1) return undefined;
  if ((day ?? 0) > daysOf(year ?? 0, month ?? 1)) return undefined;
  return Timestamp.of(ms / 1000, Number(part.padEnd(9, "0")));
}

function daysOf(year: number, month: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
}

const unitNanos: Readonly<Record<string, bigint>> = {
  h: 3_600_000_000_000n,
  m: 60_000_000_000n,
  s: 1_000_000_000n,
  ms: 1_000_000n,
  us: 1_000n,
  µs: 1_000n,
  ns: 1n,
};
const durationPart = /(\d+)(?:\.(\d*))?(h|ms|us|µs|ns|m|s)|\.(\d+)(h|ms|us|µs|ns|m|s)/y;

/** Parses `1h30m`, `-1.5s`, `200ms`. Undefined for any other text. */
export function parseDuration(text: string): Duration | undefined {
  if (text.length > 100) return undefined;
  const negative = text.startsWith("-");
  let at = negative || text.startsWith("+") ? 1 : 0;
  if (text.slice(at) === "0") return Duration.of(0n);
  let nanos = 0n;
  let parts = 0;
  while (at < text.length) {
    durationPart.lastIndex = at;
    const match = durationPart.exec(text);
    if (match === null) return undefined;
    const unit = unitNanos[match[3] ?? match[5] ?? ""] ?? 0n;
    nanos += BigInt(match[1] ?? "0") * unit;
    const decimals = (match[2] ?? match[4] ?? "").slice(0, 18);
    if (decimals !== "") nanos += (BigInt(decimals) * unit) / 10n ** BigInt(decimals.length);
    at += match[0].length;
    parts += 1;
  }
  if (parts === 0) return undefined;
  return Duration.of(negative ? -nanos : nanos);
}
