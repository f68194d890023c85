import { silentLogger } from "@tutti/kernel";
import { Worker } from "@tutti/sdk";
import { connect, type Tutti } from "@tutti/sdk/client";
import { median, quantile, rounded } from "../../measure/statistics.ts";
import { startPlatform } from "../../processes/platform.ts";
import type { Result, Scenario } from "../../scenario.ts";

const chainLength = 20;
const bagSizes = [
  { slots: 1, tasks: 100 },
  { slots: 32, tasks: 500 },
] as const;
const engines = ["workflow", "swarm", "intelligence"] as const;
const warmUp = 2;

/** What engines take besides the work, where tasks take no time: what predictions of modes add to it rests on these. */
export const hops: Scenario = {
  name: "hops",
  about: "sessions of tasks that take no time, in each mode: what begins when after what",
  async *run({ rounds }) {
    await using platform = await startPlatform();
    await using tutti = await connect({ address: platform.grpc });
    const begins: number[] = [];
    const withWorker = async (slots: number, act: () => Promise<Result[]>) => {
      const worker = new Worker(
        { address: platform.grpc, slots, handleSignals: false },
        { logger: silentLogger },
      );
      worker.handle("bench.nothing", async () => {
        begins.push(performance.now());
        return true;
      });
      await worker.start();
      const results = await act();
      await worker.stop();
      return results;
    };
    const chain = Array.from({ length: chainLength }, (_, at) => taskOf(at, at === 0 ? [] : [`t${at - 1}`]));
    yield* await withWorker(1, () => each(tutti, "chain", chain, begins, rounds));
    for (const { slots, tasks } of bagSizes) {
      const bag = Array.from({ length: tasks }, (_, at) => taskOf(at, []));
      yield* await withWorker(slots, () => each(tutti, `bag on ${slots} slots`, bag, begins, rounds));
    }
  },
};

function taskOf(number: number, needs: readonly string[]) {
  return { id: `t${number}`, uses: "bench.nothing", needs: [...needs] };
}

async function each(
  tutti: Tutti,
  name: string,
  tasks: readonly ReturnType<typeof taskOf>[],
  begins: number[],
  rounds: number,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const mode of engines) {
    const starts: number[] = [];
    const gaps: number[] = [];
    const spans: number[] = [];
    const ends: number[] = [];
    for (let round = -warmUp; round < rounds; round++) {
      begins.length = 0;
      const sinceMs = performance.now();
      const session = await tutti.execute({ tasks, mode });
      await session.result();
      const endMs = performance.now();
      if (round < 0) continue;
      const first = begins[0] ?? Number.NaN;
      const last = begins.at(-1) ?? Number.NaN;
      starts.push(first - sinceMs);
      gaps.push(...begins.slice(1).map((ms, at) => ms - (begins[at] ?? 0)));
      spans.push((last - first) / (begins.length - 1));
      ends.push(endMs - last);
    }
    const sorted = gaps.toSorted((one, other) => one - other);
    results.push({
      ...{ variant: name, mode, tasks: tasks.length },
      startMs: rounded(median(starts)),
      startLeastMs: rounded(Math.min(...starts)),
      gapMs: rounded(median(gaps)),
      gapLowMs: rounded(quantile(sorted, 0.1)),
      perTaskMs: rounded(median(spans)),
      perTaskLeastMs: rounded(Math.min(...spans)),
      endMs: rounded(median(ends)),
      endLeastMs: rounded(Math.min(...ends)),
    });
  }
  return results;
}
