/** How moments, spans, shares and sizes are written. Everything takes numbers, and the present as a number too. */
export { bytesText as bytes, durationText as span } from "@tutti/rest/text";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** When a run, a mission or a session was created, and when it ended. The end is 0 or undefined before. */
export interface Lifetime {
  readonly createTimeMs?: number | undefined;
  readonly endTimeMs?: number | undefined;
}

/** Its duration: from its creation to its end, or until now. Retries and waits are included, in every list and heading. */
export function durationMs({ createTimeMs = 0, endTimeMs = 0 }: Lifetime, nowMs: number): number {
  return createTimeMs === 0 ? 0 : Math.max(0, (endTimeMs || nowMs) - createTimeMs);
}

/** How far a moment is from the present: `just now`, `4 min ago`, `in 2 h`. */
export function distance(momentMs: number, nowMs: number): string {
  const gap = momentMs - nowMs;
  const amount = largest(Math.abs(gap));
  if (amount === undefined) return "just now";
  return gap < 0 ? `${amount} ago` : `in ${amount}`;
}

function largest(ms: number): string | undefined {
  if (ms < 2 * second) return undefined;
  if (ms < minute) return `${Math.floor(ms / second)} s`;
  if (ms < hour) return `${Math.floor(ms / minute)} min`;
  if (ms < day) return `${Math.floor(ms / hour)} h`;
  return `${Math.floor(ms / day)} d`;
}

const clockFormat = clockFormatOf();

/** Returns a full date and time in the user's time zone. */
export function clock(momentMs: number): string {
  return clockFormat.format(momentMs);
}

const integerFormat = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** A count: `1,204`, `98,214`, `4.1 M`. */
export function count(value: number): string {
  if (Math.abs(value) < 1_000_000) return integerFormat.format(value);
  return `${(value / 1_000_000).toFixed(1)} M`;
}

/** A rate or another figure that may be small: three digits that count. */
export function figure(value: number): string {
  if (value === 0) return "0";
  if (Math.abs(value) >= 10_000) return count(value);
  if (Math.abs(value) >= 100) return integerFormat.format(value);
  return String(Number(value.toPrecision(2)));
}

/** A share of 1: `37 %`, rounded as in the CLI. */
export function percent(share: number): string {
  if (share > 0 && share < 0.01) return "< 1 %";
  const rounded = Math.round(share * 100);
  // Only all of it is 100.
  return `${rounded === 100 && share < 1 ? 99 : rounded} %`;
}

/** `1 run`, `3 runs`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

function clockFormatOf(): Intl.DateTimeFormat {
  const style = { dateStyle: "medium", timeStyle: "medium" } as const;
  try {
    return new Intl.DateTimeFormat(undefined, style);
  } catch {
    // The language of the browser may be none that it knows, such as en-US@posix.
    return new Intl.DateTimeFormat("en", style);
  }
}
