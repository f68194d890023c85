/**
 * Cron rules: five fields (minute, hour, day of the month, month, weekday), or six with seconds first. A field is a
 * list of values, ranges and steps. Months and weekdays have names. For days there are also `L` the last one, `L-2` two
 * before it, `15W` the working day nearest to the 15th, `LW` the last working day. `5#2` the second Friday, `5L` the
 * last one.
 *
 * 1. If both the day of the month and the weekday are restricted, either is enough, as in every cron. A field that
 *    starts with `*` does not restrict.
 * 2. A rule is parsed once. Its result depends only on the given local time.
 */

import { civilDay, dayMs, dayNumber, daysInMonth } from "./civil.ts";
import { type Days, daysOf, readDays } from "./days.ts";
import { type Field, type FieldForm, readField } from "./field.ts";

/** A parsed rule. */
export interface Cron {
  readonly seconds: Field;
  readonly minutes: Field;
  readonly hours: Field;
  readonly months: Field;
  readonly days: Days;
  /** Whether it follows elapsed time instead of the hour of the day: every hour matches. */
  readonly isEveryHour: boolean;
}

/** Parses a rule. Returns the problem in words if it is invalid. */
export function readCron(text: string): Cron | string {
  const known = read.get(text);
  if (known !== undefined) return known;
  const parsed = parse(text.trim());
  if (read.size >= readMax) read.clear();
  read.set(text, parsed);
  return parsed;
}

const read = new Map<string, Cron | string>();
const readMax = 1_000;

const names: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

const sixty: FieldForm = { unit: "a minute", min: 0, max: 59 };
const forms = {
  second: { ...sixty, unit: "a second" },
  minute: sixty,
  hour: { unit: "an hour", min: 0, max: 23 },
  month: {
    unit: "a month",
    min: 1,
    max: 12,
    names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
  },
} satisfies Record<string, FieldForm>;

function parse(text: string): Cron | string {
  const written = text.startsWith("@") ? names[text.toLowerCase()] : text;
  if (written === undefined)
    return `expected one of ${Object.keys(names).join(", ")}, got ${JSON.stringify(text)}`;
  const fields = written.split(/\s+/);
  if (fields.length !== 5 && fields.length !== 6)
    return `expected five fields (minute, hour, day, month, weekday), or six with seconds first, got ${text === "" ? 0 : fields.length} in ${JSON.stringify(text)}`;
  const [second = "", minute = "", hour = "", day = "", month = "", weekday = ""] =
    fields.length === 6 ? fields : ["0", ...fields];
  const seconds = readField(second, forms.second);
  const minutes = readField(minute, forms.minute);
  const hours = readField(hour, forms.hour);
  const months = readField(month, forms.month);
  const days = readDays(day, weekday);
  if (typeof seconds === "string") return seconds;
  if (typeof minutes === "string") return minutes;
  if (typeof hours === "string") return hours;
  if (typeof months === "string") return months;
  if (typeof days === "string") return days;
  return { seconds, minutes, hours, months, days, isEveryHour: hours.count === 24 };
}

/** The rarest rule fires on 29 February, which is missing for eight years around 2100. */
const yearsInSight = 12;

/**
 * Returns the first matching local time from one on, both as if in UTC. Undefined if none is within the
 * horizon.
 */
export function nextLocal(cron: Cron, fromMs: number): number | undefined {
  const first = Math.floor(fromMs / dayMs);
  const time = timeFrom(cron, Math.ceil((fromMs - first * dayMs) / 1_000));
  let { year, month, day } = civilDay(first);
  const lastYear = year + yearsInSight;
  if (time !== undefined && isDay(cron, year, month, day)) return first * dayMs + time;
  const start = timeFrom(cron, 0);
  if (start === undefined) return undefined;
  day++;
  while (year <= lastYear) {
    if (cron.months.has(month)) {
      const mask = daysOf(cron.days, year, month);
      const length = daysInMonth(year, month);
      for (; day <= length; day++)
        if ((mask & (1 << day)) !== 0) return dayNumber({ year, month, day }) * dayMs + start;
    }
    day = 1;
    month = month === 12 ? 1 : month + 1;
    if (month === 1) year++;
  }
  return undefined;
}

function isDay({ months, days }: Cron, year: number, month: number, day: number): boolean {
  return months.has(month) && (daysOf(days, year, month) & (1 << day)) !== 0;
}

/** Returns the first time of a day from a second on, in milliseconds from midnight. */
function timeFrom({ seconds, minutes, hours }: Cron, second: number): number | undefined {
  if (second >= 86_400) return undefined;
  const [hour, minute] = [Math.floor(second / 3_600), Math.floor(second / 60) % 60];
  const inMinute = hours.has(hour) && minutes.has(minute) ? seconds.from(second % 60) : undefined;
  if (inMinute !== undefined) return at(hour, minute, inMinute);
  const laterMinute = hours.has(hour) ? minutes.from(minute + 1) : undefined;
  if (laterMinute !== undefined) return at(hour, laterMinute, seconds.first);
  const laterHour = hours.from(hour + 1);
  return laterHour === undefined ? undefined : at(laterHour, minutes.first, seconds.first);
}

function at(hour: number, minute: number, second: number): number {
  return ((hour * 60 + minute) * 60 + second) * 1_000;
}

/**
 * 2000-03-01, the first day of the longest cycle of leap days, as start of the search for any matching time.
 */
const anyMomentMs = 951_868_800_000;

/** Returns the problem of a cron expression. Undefined if it is valid and some time matches it. */
export function cronProblem(text: string): string | undefined {
  const read = readCron(text);
  if (typeof read === "string") return read;
  if (nextLocal(read, anyMomentMs) !== undefined) return undefined;
  return `expected a time that comes, got ${JSON.stringify(text)}, which never does`;
}
