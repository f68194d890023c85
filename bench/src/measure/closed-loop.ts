import { Latencies } from "./statistics.ts";

export interface Loop {
  /** Does one thing and gives how many items were in it. Told is which of those under way it is, from 0. */
  readonly once: (runner: number) => Promise<number>;
  /** How many of it are under way at once. */
  readonly concurrency: number;
}

export interface Measured {
  readonly callsPerSec: number;
  readonly itemsPerSec: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of the calling process: steadier than its speed while others want the machine too. */
  readonly cpuPerCallUs: number;
}

/** Does a thing again and again, each one after the one before, for a time. Then counts. */
export async function closedLoop({ once, concurrency }: Loop, seconds: number): Promise<Measured> {
  const latencies = new Latencies();
  let items = 0;
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  const endMs = startMs + seconds * 1_000;
  const run = async (runner: number) => {
    for (let beginMs = startMs; beginMs < endMs; ) {
      // Not in one step: the sum would be read before the wait and written after it, over what others added.
      const done = await once(runner);
      items += done;
      const nowMs = performance.now();
      latencies.add(nowMs - beginMs);
      beginMs = nowMs;
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
