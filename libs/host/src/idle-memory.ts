/**
 * Returns memory to the system after a start or a burst of work. Importing some four hundred modules creates so much
 * garbage that V8 gives its young generation 16 MiB. It keeps them as long as the process lives.
 */
import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Timer, Timers } from "@tutti/kernel";

let collector: unknown;

/** Returns some 15 MiB to the system, or hundreds after a burst. It blocks the process for some 40 ms, so call it when idle. */
export function releaseMemory(): void {
  collect("last-resort");
}

/** A regular collection takes a third of a millisecond for each MiB of live objects, and keeps its pages. */
function collect(flavor: "regular" | "last-resort"): void {
  // The function exists only in contexts that are created while the flag is set.
  if (collector === undefined) {
    setFlagsFromString("--expose-gc");
    collector = runInNewContext("globalThis.gc");
    setFlagsFromString("--no-expose-gc");
  }
  if (typeof collector === "function") collector({ type: "major", flavor });
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
  /** Time for which it has been idle. */
  readonly idleMs: number;
  /** Whether its live objects were counted since it was busy. */
  readonly isCounted: boolean;
}

/** Maximum CPU use of an idle process. */
const idleShareMax = 0.05;
/** Memory of a larger heap is not returned: it would take so long that callers would notice. */
const heapMiBMax = 160;
/** A burst leaves hundreds of MiB of garbage, which V8 collects only with the next burst. */
const idleBeforeCountMs = 30_000;
/** Less is not worth it, except after a start, which leaves garbage in the old generation as well. */
const youngMiBMin = 3;

/** The young generation of an idle process grows again, and returning it costs as much as a minute of idling. */
const restMs = { busy: 60_000, idle: 1_800_000 };

/**
 * Returns the next step to return memory without a noticeable delay. A large heap may be mostly garbage: a count of its
 * live objects, by a regular collection, shows whether its memory can be returned.
 */
export function nextStep(stats: IdleStats): "none" | "count" | "release" {
  const { share, heapMiB, youngMiB, restedMs, wasBusy, idleMs, isCounted } = stats;
  if (share > idleShareMax) return "none";
  if (heapMiB > heapMiBMax) return !isCounted && idleMs >= idleBeforeCountMs ? "count" : "none";
  if (restedMs === Number.POSITIVE_INFINITY || (isCounted && wasBusy)) return "release";
  return youngMiB >= youngMiBMin && restedMs >= (wasBusy ? restMs.busy : restMs.idle) ? "release" : "none";
}

const checkIntervalMs = 5_000;
const mebibyte = 2 ** 20;

/** Returns memory after the start and every burst of work, as soon as the process is idle. */
export function releaseMemoryWhenIdle(timers: Timers): Timer {
  let before = process.cpuUsage();
  let restedMs = Number.POSITIVE_INFINITY;
  let wasBusy = false;
  let idleMs = 0;
  let isCounted = false;
  return timers.every(checkIntervalMs, () => {
    const { user, system } = process.cpuUsage(before);
    before = process.cpuUsage();
    const share = (user + system) / 1_000 / checkIntervalMs;
    restedMs += checkIntervalMs;
    idleMs += checkIntervalMs;
    if (share > idleShareMax) {
      wasBusy = true;
      idleMs = 0;
      isCounted = false;
    }
    const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space");
    const heapMiB = getHeapStatistics().used_heap_size / mebibyte;
    const youngMiB = (young?.physical_space_size ?? 0) / mebibyte;
    const step = nextStep({ share, heapMiB, youngMiB, restedMs, wasBusy, idleMs, isCounted });
    if (step === "none") return;
    if (step === "count") {
      collect("regular");
      isCounted = true;
    } else {
      releaseMemory();
      restedMs = 0;
      wasBusy = false;
    }
    // The collection itself is no work.
    before = process.cpuUsage();
  });
}
