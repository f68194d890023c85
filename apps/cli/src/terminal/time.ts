/** Durations and moments as people read them: two units at most, always as wide as a column expects. */
import { durationText } from "@tutti/rest/text";

export { durationText as printDurationMs };

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** Returns a duration as the user wrote it, `2 s` and not `2.0 s`. */
export function printSpanMs(spanMs: number): string {
  return spanMs < 10 * second && spanMs % second === 0 ? `${spanMs / second} s` : durationText(spanMs);
}

/** `12 s ago`, `in 5 min`, `just now`. */
export function printAge(momentMs: number, nowMs: number): string {
  const apart = nowMs - momentMs;
  if (Math.abs(apart) < second) return "just now";
  return apart > 0 ? `${coarse(apart, Math.floor)} ago` : `in ${coarse(-apart, Math.round)}`;
}

/**
 * Past times are in whole units. Future ones are rounded to the nearest: a time in two days less a second is in two
 * days.
 */
function coarse(ms: number, whole: (units: number) => number): string {
  if (whole(ms / second) < 60) return `${whole(ms / second)} s`;
  if (whole(ms / minute) < 60) return `${whole(ms / minute)} min`;
  if (whole(ms / hour) < 24) return `${whole(ms / hour)} h`;
  return `${whole(ms / day)} d`;
}

/** `14:03:07.120` of the same day, else with the date. In the zone of this machine. */
export function printMoment(momentMs: number, nowMs: number): string {
  const moment = new Date(momentMs);
  const now = new Date(nowMs);
  const time = `${two0(moment.getHours())}:${two0(moment.getMinutes())}:${two0(moment.getSeconds())}`;
  const isToday = moment.toDateString() === now.toDateString();
  if (isToday) return time;
  return `${moment.getFullYear()}-${two0(moment.getMonth() + 1)}-${two0(moment.getDate())} ${time}`;
}

/** With milliseconds, where what happened within one second is distinguished. */
export function printClock(momentMs: number): string {
  const moment = new Date(momentMs);
  const ms = String(moment.getMilliseconds()).padStart(3, "0");
  return `${two0(moment.getHours())}:${two0(moment.getMinutes())}:${two0(moment.getSeconds())}.${ms}`;
}

const two0 = (number: number): string => String(number).padStart(2, "0");

/**
 * A moment that the user wrote: `2h` and the like are so long ago, `2026-03-01`, `2026-03-01T14:00Z`, milliseconds
 * since the epoch. Undefined for anything else.
 */
export function readMomentMs(text: string, nowMs: number): number | undefined {
  const ago = readDurationMs(text);
  if (ago !== undefined) return nowMs - ago;
  if (/^\d{12,}$/.test(text)) return Number(text);
  const moment = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(moment) ? undefined : moment;
}

const units: Readonly<Record<string, number>> = { ms: 1, s: second, m: minute, h: hour, d: day, w: 7 * day };

/** `500ms`, `30s`, `1h30m`, as the definitions have them. Undefined for anything else. */
export function readDurationMs(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d|w))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount = "", unit = ""] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g))
    total += Number(amount) * (units[unit] ?? 0);
  return total;
}
