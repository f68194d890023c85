import { Fault } from "../problem.ts";
import { types } from "../types/type.ts";
import { Duration, Timestamp } from "../values/time.ts";
import type { Value } from "../values/value.ts";
import { type FunctionDeclaration, overload } from "./declaration.ts";

const { duration, int, string, timestamp } = types;

/** Fields of a time in a zone, by default in UTC, and of a duration in whole units. */

const msPerDay = 86_400_000;

function part(
  name: string,
  ofDate: (local: Date) => number,
  ofDuration?: (nanos: bigint) => bigint,
): FunctionDeclaration {
  const overloads = [overload([timestamp], int), overload([timestamp, string], int)];
  if (ofDuration !== undefined) overloads.push(overload([duration], int));
  return {
    name,
    style: "method",
    overloads,
    apply: ([value = null, zone], frame, at) => {
      if (value instanceof Duration && zone === undefined) return ofDuration?.(value.nanos);
      if (!(value instanceof Timestamp) || !isZone(zone)) return undefined;
      // Zones use `Intl`, which costs much more than all other functions here.
      if (zone !== undefined) frame.charge(formats.has(zone) ? 500 : 5_000, at);
      return BigInt(ofDate(localDate(value, zone, at)));
    },
  };
}

function isZone(zone: Value | undefined): zone is string | undefined {
  return zone === undefined || typeof zone === "string";
}

export const times: readonly FunctionDeclaration[] = [
  part("getFullYear", (local) => local.getUTCFullYear()),
  part("getMonth", (local) => local.getUTCMonth()),
  part("getDate", (local) => local.getUTCDate()),
  part("getDayOfMonth", (local) => local.getUTCDate() - 1),
  part("getDayOfWeek", (local) => local.getUTCDay()),
  part("getDayOfYear", (local) => {
    const start = new Date(0);
    start.setUTCFullYear(local.getUTCFullYear());
    return Math.floor((local.getTime() - start.getTime()) / msPerDay);
  }),
  part(
    "getHours",
    (local) => local.getUTCHours(),
    (nanos) => nanos / 3_600_000_000_000n,
  ),
  part(
    "getMinutes",
    (local) => local.getUTCMinutes(),
    (nanos) => nanos / 60_000_000_000n,
  ),
  part(
    "getSeconds",
    (local) => local.getUTCSeconds(),
    (nanos) => nanos / 1_000_000_000n,
  ),
  part(
    "getMilliseconds",
    (local) => local.getUTCMilliseconds(),
    (nanos) => (nanos / 1_000_000n) % 1000n,
  ),
];

/** Returns a date whose UTC fields are the fields of the time in the zone. */
function localDate(moment: Timestamp, zone: string | undefined, at: number): Date {
  const ms = moment.seconds * 1000 + Math.floor(moment.nanos / 1_000_000);
  if (zone === undefined || zone === "UTC" || zone === "") return new Date(ms);
  const fixed = /^([+-]?)(\d{2}):(\d{2})$/.exec(zone);
  if (fixed !== null) {
    const minutes = Number(fixed[2]) * 60 + Number(fixed[3]);
    return new Date(ms + (fixed[1] === "-" ? -minutes : minutes) * 60_000);
  }
  return new Date(ms + offsetMs(zone, ms, at));
}

const formats = new Map<string, Intl.DateTimeFormat>();
const formatsMax = 100;

function offsetMs(zone: string, ms: number, at: number): number {
  const fields = new Map(
    formatOf(zone, at)
      .formatToParts(ms)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const field = (name: Intl.DateTimeFormatPartTypes): number => fields.get(name) ?? 0;
  const local = new Date(0);
  local.setUTCFullYear(field("year"), field("month") - 1, field("day"));
  local.setUTCHours(field("hour"), field("minute"), field("second"), ((ms % 1000) + 1000) % 1000);
  return local.getTime() - ms;
}

function formatOf(zone: string, at: number): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  let format: Intl.DateTimeFormat;
  try {
    const two = "2-digit";
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      calendar: "iso8601",
      hourCycle: "h23",
      year: "numeric",
      month: two,
      day: two,
      hour: two,
      minute: two,
      second: two,
    });
  } catch {
    throw new Fault(
      "invalid_argument",
      at,
      `expected a time zone such as Europe/Berlin, got ${JSON.stringify(zone)}`,
    );
  }
  if (formats.size < formatsMax) formats.set(zone, format);
  return format;
}
