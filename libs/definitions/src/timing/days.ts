/** The two fields of a cron rule for the days of a month. */
import { dayNumber, daysInMonth, weekdayOf } from "./civil.ts";
import { addPart, type FieldForm, numberOf, unfit } from "./field.ts";

export interface Days {
  /** Days of the month: counted from the start, and days before the last. */
  readonly days: ReadonlySet<number>;
  readonly beforeLast: readonly number[];
  /** Working days nearest to a day. 0 is the last working day. */
  readonly nearest: readonly number[];
  /** Weekdays: all of them, the n-th ones and the last ones. 0 is Sunday. */
  readonly weekdays: ReadonlySet<number>;
  readonly nth: readonly { readonly weekday: number; readonly n: number }[];
  readonly last: readonly number[];
  /** Whether one of both fields is enough. */
  readonly isEither: boolean;
}

const dayForm: FieldForm = { unit: "a day of the month", min: 1, max: 31 };
const weekdayForm: FieldForm = {
  unit: "a weekday",
  min: 0,
  max: 7,
  names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};

export function readDays(day: string, weekday: string): Days | string {
  const days = new Set<number>();
  const weekdays = new Set<number>();
  const beforeLast: number[] = [];
  const nearest: number[] = [];
  const nth: { weekday: number; n: number }[] = [];
  const last: number[] = [];
  for (const part of day.split(",")) {
    const problem = addDay(part, days, beforeLast, nearest);
    if (problem !== undefined) return problem;
  }
  for (const part of weekday.split(",")) {
    const problem = addWeekday(part, weekdays, nth, last);
    if (problem !== undefined) return problem;
  }
  // 7 is another name of Sunday.
  if (weekdays.delete(7)) weekdays.add(0);
  return { days, beforeLast, nearest, weekdays, nth, last, isEither: restricts(day) && restricts(weekday) };
}

function restricts(field: string): boolean {
  return !field.startsWith("*") && !field.startsWith("?");
}

function addDay(
  part: string,
  days: Set<number>,
  beforeLast: number[],
  nearest: number[],
): string | undefined {
  const [, before] = /^L(?:-(\d{1,2}))?$/i.exec(part) ?? [];
  if (/^L$/i.test(part) || before !== undefined) {
    const count = Number(before ?? 0);
    if (count > 30) return `expected at most L-30, got ${JSON.stringify(part)}`;
    beforeLast.push(count);
    return undefined;
  }
  const [, day] = /^(L|\d{1,2})W$/i.exec(part) ?? [];
  if (day === undefined) return addPart(part, dayForm, days);
  const value = /^L$/i.test(day) ? 0 : numberOf(day, dayForm);
  if (value === undefined) return unfit(part, dayForm);
  nearest.push(value);
  return undefined;
}

function addWeekday(
  part: string,
  weekdays: Set<number>,
  nth: { weekday: number; n: number }[],
  last: number[],
): string | undefined {
  const [, name = "", kind, n] = /^([a-z]{3}|\d)(#|L)(\d?)$/i.exec(part) ?? [];
  if (kind === undefined) return addPart(part, weekdayForm, weekdays);
  const found = numberOf(name, weekdayForm);
  if (found === undefined) return unfit(part, weekdayForm);
  const weekday = found % 7;
  if (kind !== "#") {
    if (n !== "") return unfit(part, weekdayForm);
    last.push(weekday);
    return undefined;
  }
  if (!(Number(n) >= 1 && Number(n) <= 5))
    return `expected the first to the fifth weekday of a month, like ${name}#1, got ${JSON.stringify(part)}`;
  nth.push({ weekday, n: Number(n) });
  return undefined;
}

/** Returns the matching days of a month, as bits: bit 1 is the first. */
export function daysOf(rule: Days, year: number, month: number): number {
  const length = daysInMonth(year, month);
  const first = weekdayOf(dayNumber({ year, month, day: 1 }));
  const all = (2 ** (length + 1) - 2) | 0;
  const byDay = monthdays(rule, length, first);
  const byWeekday = weekdaysOf(rule, length, first);
  return (rule.isEither ? byDay | byWeekday : byDay & byWeekday) & all;
}

function monthdays({ days, beforeLast, nearest }: Days, length: number, first: number): number {
  let mask = 0;
  for (const day of days) mask |= 1 << day;
  for (const before of beforeLast) if (before < length) mask |= 1 << (length - before);
  for (const day of nearest)
    if (day <= length) mask |= 1 << workingDayNear(day === 0 ? length : day, length, first, day === 0);
  return mask;
}

/**
 * Returns the nearest working day within the month: the 1st on a Saturday gives Monday the 3rd. The last
 * working day never moves forward.
 */
function workingDayNear(day: number, length: number, first: number, isLast: boolean): number {
  const weekday = (first + day - 1) % 7;
  if (weekday === 6) return day === 1 ? 3 : day - 1;
  if (weekday !== 0) return day;
  return day === length || isLast ? day - 2 : day + 1;
}

function weekdaysOf({ weekdays, nth, last }: Days, length: number, first: number): number {
  let mask = 0;
  for (let day = 1; day <= length; day++) if (weekdays.has((first + day - 1) % 7)) mask |= 1 << day;
  for (const { weekday, n } of nth) {
    const day = firstOf(weekday, first) + 7 * (n - 1);
    if (day <= length) mask |= 1 << day;
  }
  for (const weekday of last) {
    const day = firstOf(weekday, first);
    mask |= 1 << (day + 7 * Math.floor((length - day) / 7));
  }
  return mask;
}

/** Returns the first day of a month on a weekday. */
function firstOf(weekday: number, first: number): number {
  return 1 + ((weekday - first + 7) % 7);
}
