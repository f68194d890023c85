/**
 * Returns memory to the system after a start or a burst of work. Importing some four hundred modules creates so much
 * garbage that V8 gives its young generation 16 MiB, and it keeps them as long as the process lives.
 */
import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Timer, Timers } from "@tutti/kernel";

let collect: unknown;

/** Returns some 15 MiB to the system. It blocks the process for some 40 ms, so call it when idle. */
export function releaseMemory(): void {
  // The function exists only in contexts that are created while the flag is set.
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("globalThis.gc");
    setFlagsFromString("--no-expose-gc");
  }
  if (typeof collect === "function") collect({ type: "major", flavor: "last-resort" });
}

/** Activity of a process over a period. */
export interface IdleStats {
  /** CPU use as a share of a core. */
  readonly share: number;
  /** Live and dead objects, of all generations. */
  readonly heapMiB: number;
  readonly youngMiB: number;
  /** Time since memory was last returned. Infinity if it was not returned since the process is ready. */
  readonly restedMs: number;
  /** Whether it was busier since then. */
  readonly wasBusy: boolean;
}

/** Maximum CPU use of an idle process. */
const idleShareMax = 0.05;
/** A collection of a larger heap would take so long that callers would notice. */
const heapMiBMax = 96;
/** Less is not worth it, except after a start, which leaves garbage in the old generation as well. */
const youngMiBMin = 3;

/** The young generation of an idle process grows again, and returning it costs as much as a minute of idling. */
const restMs = { busy: 60_000, idle: 1_800_000 };

/** Returns whether memory can be returned without a noticeable delay. */
export function isWorthReleasing({ share, heapMiB, youngMiB, restedMs, wasBusy }: IdleStats): boolean {
  if (share > idleShareMax || heapMiB > heapMiBMax) return false;
  if (restedMs === Number.POSITIVE_INFINITY) return true;
  return youngMiB >= youngMiBMin && restedMs >= (wasBusy ? restMs.busy : restMs.idle);
}

const checkIntervalMs = 5_000;
const mebibyte = 2 ** 20;

/** Returns memory after the start and every burst of work, as soon as the process is idle. */
export function releaseMemoryWhenIdle(timers: Timers): Timer {
  let before = process.cpuUsage();
  let restedMs = Number.POSITIVE_INFINITY;
  let wasBusy = false;
  return timers.every(checkIntervalMs, () => {
    const { user, system } = process.cpuUsage(before);
    before = process.cpuUsage();
    const share = (user + system) / 1_000 / checkIntervalMs;
    restedMs += checkIntervalMs;
    wasBusy ||= share > idleShareMax;
    const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space");
    const heapMiB = getHeapStatistics().used_heap_size / mebibyte;
    const youngMiB = (young?.physical_space_size ?? 0) / mebibyte;
    if (!isWorthReleasing({ share, heapMiB, youngMiB, restedMs, wasBusy })) return;
    restedMs = 0;
    wasBusy = false;
    releaseMemory();
  });
}
