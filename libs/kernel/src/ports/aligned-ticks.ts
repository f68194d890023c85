/**
 * Periods of a process on one timer: those that are due in the same moment cost one wake-up. An idle process has a
 * dozen of them, most of a second, and a wake-up costs more than the work.
 *
 * 1. Calls come at multiples of their period, counted from the start of the process. Processes start at different moments,
 *    so those of a machine do not wake up together.
 * 2. The first call comes after half a period to one and a half. Missed calls are not repeated.
 */
interface Tick {
  readonly periodMs: number;
  readonly callback: () => void;
  dueMs: number;
}

/** Node counts in whole milliseconds, and may be early by one. */
const graceMs = 2;

const ticks = new Set<Tick>();
let handle: ReturnType<typeof setTimeout> | undefined;
let armedMs = Number.POSITIVE_INFINITY;

/** Returns a function that ends the calls. */
export function everyAligned(periodMs: number, callback: () => void): () => void {
  const tick = { periodMs, callback, dueMs: dueAfter(performance.now(), periodMs) };
  ticks.add(tick);
  arm();
  return () => {
    ticks.delete(tick);
    if (ticks.size > 0) return;
    clearTimeout(handle);
    armedMs = Number.POSITIVE_INFINITY;
  };
}

/** Returns the multiple of the period that is nearest to one period later. */
export function dueAfter(nowMs: number, periodMs: number): number {
  return Math.round(nowMs / periodMs + 1) * periodMs;
}

function arm(): void {
  let nextMs = Number.POSITIVE_INFINITY;
  for (const { dueMs } of ticks) nextMs = Math.min(nextMs, dueMs);
  if (nextMs >= armedMs || nextMs === Number.POSITIVE_INFINITY) return;
  clearTimeout(handle);
  armedMs = nextMs;
  handle = setTimeout(turn, Math.max(1, Math.ceil(nextMs - performance.now()))).unref();
}

function turn(): void {
  armedMs = Number.POSITIVE_INFINITY;
  const nowMs = performance.now();
  const due = [...ticks].filter(({ dueMs }) => dueMs <= nowMs + graceMs);
  for (const tick of due) tick.dueMs = dueAfter(nowMs, tick.periodMs);
  // The next turn first: a callback that throws must not end the others.
  arm();
  for (const tick of due) {
    if (!ticks.has(tick)) continue;
    try {
      tick.callback();
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
