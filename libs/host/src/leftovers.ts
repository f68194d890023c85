/**
 * What putting a process together, and every burst of work, leaves behind. Importing some four hundred modules makes so
 * much garbage that V8 gives its young generation 16 MiB, and it keeps them for as long as the process lives.
 */
import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Timer, Timers } from "@tutti/kernel";

let collect: unknown;

/** Gives the memory back to the system: some 15 MiB for some 40 ms, in which nothing else happens. So call it when idle. */
export function giveBackLeftovers(): void {
  // The function is there in contexts that are made while the flag is set.
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("globalThis.gc");
    setFlagsFromString("--no-expose-gc");
  }
  if (typeof collect === "function") collect({ type: "major", flavor: "last-resort" });
}

/** What a process looks like over a while. */
export interface Stretch {
  /** Of a core. */
  readonly share: number;
  /** Live and dead objects, of all generations. */
  readonly heapMiB: number;
  readonly youngMiB: number;
  /** Since the last time that something was given back. Infinity if nothing was since the process is ready. */
  readonly restedMs: number;
  /** Whether it had more to do since then. */
  readonly wasBusy: boolean;
}

/** So little is what a process does that has nothing to do. */
const idleShareMax = 0.05;
/** A larger heap takes so long to look through that the caller that calls meanwhile would notice. */
const heapMiBMax = 96;
/** Less is not worth it, but after a start: what that left is in the old generation as well. */
const youngMiBMin = 3;

/** The young generation of an idle process grows again, and giving it back costs as much as a minute of being idle. */
const restMs = { busy: 60_000, idle: 1_800_000 };

/** Returns whether there is something to give back, and no caller would notice. */
export function isWorthGivingBack({ share, heapMiB, youngMiB, restedMs, wasBusy }: Stretch): boolean {
  if (share > idleShareMax || heapMiB > heapMiBMax) return false;
  if (restedMs === Number.POSITIVE_INFINITY) return true;
  return youngMiB >= youngMiBMin && restedMs >= (wasBusy ? restMs.busy : restMs.idle);
}

const lookEveryMs = 5_000;
const mebibyte = 2 ** 20;

/** Gives back what the start and every burst of work left, as soon as the process has nothing to do. */
export function giveBackWhenIdle(timers: Timers): Timer {
  let before = process.cpuUsage();
  let restedMs = Number.POSITIVE_INFINITY;
  let wasBusy = false;
  return timers.every(lookEveryMs, () => {
    const { user, system } = process.cpuUsage(before);
    before = process.cpuUsage();
    const share = (user + system) / 1_000 / lookEveryMs;
    restedMs += lookEveryMs;
    wasBusy ||= share > idleShareMax;
    const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space");
    const heapMiB = getHeapStatistics().used_heap_size / mebibyte;
    const youngMiB = (young?.physical_space_size ?? 0) / mebibyte;
    if (!isWorthGivingBack({ share, heapMiB, youngMiB, restedMs, wasBusy })) return;
    restedMs = 0;
    wasBusy = false;
    giveBackLeftovers();
  });
}
