/** Metrics of the host and of this process for heartbeats. Outside of Linux, network is 0. */
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, freemem, totalmem } from "node:os";
import type { HostFigures } from "@tutti/contracts/types/v1";
import type { Clock } from "@tutti/kernel";

interface Counters {
  readonly atMs: number;
  /** CPU time of this process. */
  readonly ownMs: number;
  readonly busyMs: number;
  readonly totalMs: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  /** Time in which the event loop did not wait, and its turns. */
  readonly loopMs: number;
  readonly turns: number;
}

export class HostGauge {
  readonly #clock: Clock;
  #before: Counters;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#before = this.#count();
  }

  /** Returns the metrics since the last read. */
  read(): HostFigures {
    const before = this.#before;
    const now = this.#count();
    this.#before = now;
    const seconds = Math.max(0.001, (now.atMs - before.atMs) / 1_000);
    const totalMs = now.totalMs - before.totalMs;
    return {
      cpu: share(now.ownMs - before.ownMs, seconds * 1_000 * availableParallelism()),
      hostCpu: share(now.busyMs - before.busyMs, totalMs),
      memoryBytes: process.memoryUsage.rss(),
      // The machine's memory if the process is not limited.
      memoryLimitBytes: Math.min(totalmem(), process.constrainedMemory() || totalmem()),
      networkInBytesPerSec: Math.max(0, now.receivedBytes - before.receivedBytes) / seconds,
      networkOutBytesPerSec: Math.max(0, now.sentBytes - before.sentBytes) / seconds,
      cores: availableParallelism(),
      hostMemoryBytes: totalmem() - freemem(),
      eventLoopDelayMs: Math.max(0, now.loopMs - before.loopMs) / Math.max(1, now.turns - before.turns),
    };
  }

  #count(): Counters {
    let busyMs = 0;
    let totalMs = 0;
    for (const { times } of cpus()) {
      const busy = times.user + times.nice + times.sys + times.irq;
      busyMs += busy;
      totalMs += busy + times.idle;
    }
    const { user, system } = process.cpuUsage();
    const ownMs = (user + system) / 1_000;
    const { active: loopMs } = performance.eventLoopUtilization();
    const { loopCount: turns } = performance.nodeTiming.uvMetricsInfo;
    return { atMs: this.#clock.monotonic(), ownMs, busyMs, totalMs, ...networkBytes(), loopMs, turns };
  }
}

function share(part: number, total: number): number {
  return total > 0 ? Math.min(1, Math.max(0, part / total)) : 0;
}

function networkBytes(): { readonly receivedBytes: number; readonly sentBytes: number } {
  let receivedBytes = 0;
  let sentBytes = 0;
  try {
    // Two header lines, then `name: received … sent …`, eight numbers each.
    for (const line of readFileSync("/proc/net/dev", "utf8").split("\n").slice(2)) {
      const [name = "", numbers = ""] = line.split(":");
      if (name.trim() === "" || name.trim() === "lo") continue;
      const fields = numbers.trim().split(/\s+/).map(Number);
      receivedBytes += fields[0] ?? 0;
      sentBytes += fields[8] ?? 0;
    }
  } catch {
    // Not Linux.
  }
  return { receivedBytes, sentBytes };
}

/** Clock ticks per second in `/proc`, the same on every Linux. */
const ticksPerSec = 100;

/** Returns CPU time and memory of this process, and CPU time of its ended child processes. Undefined outside of Linux. */
export function processUse():
  | { readonly cpuMs: number; readonly memoryBytes: number; readonly childMs: number }
  | undefined {
  let stat: string;
  try {
    stat = readFileSync("/proc/self/stat", "latin1");
  } catch {
    return undefined;
  }
  // After the name, which may contain spaces: state is the third field, times are fields 14 to 17.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ms = (place: number) => (Number(fields[place - 3] ?? 0) * 1_000) / ticksPerSec;
  const childMs = ms(16) + ms(17);
  const { user, system } = process.cpuUsage();
  return { cpuMs: (user + system) / 1_000 + childMs, memoryBytes: process.memoryUsage.rss(), childMs };
}
