/** A stretch of time on a stretch of pixels: zooming about a point, panning, and where to put marks. */

export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Nothing shorter is shown: the journal counts whole milliseconds. */
const shortestMs = 5;

export function xOf(ms: number, { fromMs, toMs }: Window, width: number): number {
  return ((ms - fromMs) / (toMs - fromMs)) * width;
}

export function msAt(x: number, { fromMs, toMs }: Window, width: number): number {
  return fromMs + (x / width) * (toMs - fromMs);
}

/** The visible range, with a little room at both ends. */
export function windowOf({ fromMs, toMs }: Window): Window {
  const durationMs = Math.max(shortestMs, toMs - fromMs);
  return { fromMs: fromMs - durationMs * 0.02, toMs: fromMs + durationMs * 1.02 };
}

/** A factor below 1 shows less, larger. The moment at `share` of the width stays where it is. */
export function zoom(window: Window, factor: number, share: number, full: Window): Window {
  const durationMs = window.toMs - window.fromMs;
  const fullMs = full.toMs - full.fromMs;
  const nextMs = Math.min(Math.max(shortestMs, durationMs * factor), Math.max(shortestMs, fullMs));
  const fixedMs = window.fromMs + durationMs * share;
  return within({ fromMs: fixedMs - nextMs * share, toMs: fixedMs + nextMs * (1 - share) }, full);
}

export function pan(window: Window, byMs: number, full: Window): Window {
  return within({ fromMs: window.fromMs + byMs, toMs: window.toMs + byMs }, full);
}

function within(window: Window, full: Window): Window {
  const durationMs = window.toMs - window.fromMs;
  if (durationMs >= full.toMs - full.fromMs) return full;
  const fromMs = Math.min(Math.max(window.fromMs, full.fromMs), full.toMs - durationMs);
  return { fromMs, toMs: fromMs + durationMs };
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const steps: readonly number[] = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((count) => count * second),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * minute),
  ...[1, 2, 3, 6, 12].map((count) => count * hour),
  ...[1, 2, 7, 14, 30].map((count) => count * day),
];

export interface Tick {
  readonly ms: number;
  /** With the start of the visible part as zero. */
  readonly text: string;
}

/** Marks counted from `zeroMs`, at most as many as have room. */
export function ticks({ fromMs, toMs }: Window, zeroMs: number, most: number): readonly Tick[] {
  const durationMs = toMs - fromMs;
  const stepMs = steps.find((step) => durationMs / step <= most) ?? Math.ceil(durationMs / most / day) * day;
  const marks: Tick[] = [];
  const first = Math.ceil((fromMs - zeroMs) / stepMs);
  for (let at = first; zeroMs + at * stepMs <= toMs; at++)
    if (at >= 0) marks.push({ ms: zeroMs + at * stepMs, text: since(at * stepMs, stepMs) });
  return marks;
}

/** `0`, `250 ms`, `1.5 s`, `2:30 min`, `3 h`, `2 d 6 h`, as fine as the steps are. */
function since(ms: number, stepMs: number): string {
  if (ms === 0) return "0";
  if (stepMs < second && ms < second) return `${ms} ms`;
  if (ms < minute) return `${trimmed(ms / second)} s`;
  if (ms < hour) return `${Math.floor(ms / minute)}:${two((ms % minute) / second)} min`;
  if (ms < day) return `${Math.floor(ms / hour)}:${two((ms % hour) / minute)} h`;
  const hours = Math.round((ms % day) / hour);
  return hours === 0 ? `${Math.floor(ms / day)} d` : `${Math.floor(ms / day)} d ${hours} h`;
}

function trimmed(value: number): string {
  return String(Math.round(value * 1_000) / 1_000);
}

function two(value: number): string {
  const text = trimmed(value);
  return value < 10 ? `0${text}` : text;
}
