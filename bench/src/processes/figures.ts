import { readdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";

export interface Memory {
  /** Proportional set size: private memory plus its share of shared memory. */
  readonly pssMiB: number;
  /** Private memory, which only the end of this process releases. */
  readonly privateMiB: number;
}

/** Returns the memory of a process. Linux only. */
export function memoryOf(pid: number): Memory {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const mebibytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(rollup)?.[1]) / 1_024;
  return { pssMiB: mebibytes("Pss"), privateMiB: mebibytes("Private_Dirty") };
}

/**
 * Returns the processor time of a process so far, in milliseconds. Linux only. It adds up the threads, which the
 * scheduler accounts to the nanosecond. Ended threads are only in the sum of the process, which has ticks of 10 ms.
 */
export function cpuMs(pid: number): number {
  const threads = `/proc/${pid}/task`;
  const running = readdirSync(threads).reduce((sumMs, id) => {
    const [nanoseconds] = readFileSync(`${threads}/${id}/schedstat`, "utf8").split(" ");
    return sumMs + Number(nanoseconds) / 1e6;
  }, 0);
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return Math.max(running, (Number(fields[11]) + Number(fields[12])) * 10);
}

/** Returns the processor time of all cores so far, in milliseconds: in use and in total. */
export function machineMs(): { readonly busy: number; readonly all: number } {
  let busy = 0;
  let idle = 0;
  for (const { times } of cpus()) {
    idle += times.idle;
    busy += times.user + times.nice + times.sys + times.irq;
  }
  return { busy, all: busy + idle };
}
