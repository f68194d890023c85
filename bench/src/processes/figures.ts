import { readdirSync, readFileSync } from "node:fs";

/** Memory that a process has of its own, with its share of what it shares: proportional set size, in MiB. Linux only. */
export function pssMiB(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1]) / 1_024;
}

/**
 * Processor time that the threads of a process have used so far, in milliseconds. Linux only. From the scheduler's own
 * count: the one in `stat` is sampled at every tick, and wrong for a process that wakes often for a moment.
 */
export function cpuMs(pid: number): number {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
  }
  return nanoseconds / 1e6;
}
