import { Latencies } from "./statistics.ts";

export interface Loop {
  /** Makes one call and returns its number of items. `runner` is the index of the concurrent loop, from 0. */
  readonly call: (runner: number) => Promise<number>;
  /** Number of concurrent calls. */
  readonly concurrency: number;
}

export interface Measured {
  readonly callsPerSec: number;
  readonly itemsPerSec: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of the calling process. It is steadier than the speed while other programs use the machine. */
  readonly cpuPerCallUs: number;
}

/** Repeats calls in concurrent loops for a time, and counts the items. */
export async function closedLoop({ call, concurrency }: Loop, seconds: number): Promise<Measured> {
  const latencies = new Latencies();
  let items = 0;
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  const endMs = startMs + seconds * 1_000;
  const run = async (runner: number) => {
    for (let startedMs = startMs; startedMs < endMs; ) {
      // Not in one statement: the sum would be read before the wait, and the write would lose the items of other loops.
      const done = await call(runner);
      items += done;
      const nowMs = performance.now();
      latencies.add(nowMs - startedMs);
      startedMs = nowMs;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, (_, runner) => run(runner)));
  const tookSec = (performance.now() - startMs) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    callsPerSec: latencies.count / tookSec,
    itemsPerSec: items / tookSec,
    ...latencies.quantiles(),
    cpuPerCallUs: (user + system) / latencies.count,
  };
}
