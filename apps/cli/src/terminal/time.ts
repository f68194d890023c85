/** Prints and parses durations and times for people, with at most two units. */
import { durationText } from "@tutti/rest/text";

export { durationText as printDurationMs };

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** Returns an age: `12 s ago`, `in 5 min`, `just now`. */
export function printAge(momentMs: number, nowMs: number): string {
  const ageMs = nowMs - momentMs;
  if (Math.abs(ageMs) < second) return "just now";
  return ageMs > 0 ? `${coarse(ageMs, Math.floor)} ago` : `in ${coarse(-ageMs, Math.round)}`;
}

/**
 * Returns a coarse duration. Past times are in whole units. Future times are rounded to the nearest unit: a time in two
 * days less a second is in two days.
 */
function coarse(ms: number, round: (units: number) => number): string {
  if (round(ms / second) < 60) return `${round(ms / second)} s`;
  if (round(ms / minute) < 60) return `${round(ms / minute)} min`;
  if (round(ms / hour) < 24) return `${round(ms / hour)} h`;
  return `${round(ms / day)} d`;
}

/** Returns `14:03:07.120` on the same day, otherwise with the date. In the time zone of this machine. */
export function printMoment(momentMs: number, nowMs: number): string {
  const moment = new Date(momentMs);
  const now = new Date(nowMs);
  const time = `${two0(moment.getHours())}:${two0(moment.getMinutes())}:${two0(moment.getSeconds())}`;
  const isToday = moment.toDateString() === now.toDateString();
  if (isToday) return time;
  return `${moment.getFullYear()}-${two0(moment.getMonth() + 1)}-${two0(moment.getDate())} ${time}`;
}

/** Returns a time of day with milliseconds, to distinguish events within one second. */
export function printClock(momentMs: number): string {
  const moment = new Date(momentMs);
  const ms = String(moment.getMilliseconds()).padStart(3, "0");
  return `${two0(moment.getHours())}:${two0(moment.getMinutes())}:${two0(moment.getSeconds())}.${ms}`;
}

const two0 = (number: number): string => String(number).padStart(2, "0");

/**
 * Parses a time: `2h` for two hours ago, `2026-03-01`, `2026-03-01T14:00Z`, or milliseconds since the epoch. Undefined
 * for anything else.
 */
export function readMomentMs(text: string, nowMs: number): number | undefined {
  const ago = readDurationMs(text);
  if (ago !== undefined) return nowMs - ago;
  if (/^\d{12,}$/.test(text)) return Number(text);
  const moment = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(moment) ? undefined : moment;
}

const units: Readonly<Record<string, number>> = { ms: 1, s: second, m: minute, h: hour, d: day, w: 7 * day };

/** Parses `500ms`, `30s` or `1h30m`, as in definitions. Undefined for anything else. */
export function readDurationMs(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d|w))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount = "", unit = ""] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g))
    total += Number(amount) * (units[unit] ?? 0);
  return total;
}
