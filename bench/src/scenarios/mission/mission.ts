import { connect, type MissionHandle, type Participation } from "@tutti/sdk/client";
import { Latencies, median, rounded } from "../../measure/statistics.ts";
import { cpuMs } from "../../processes/figures.ts";
import { type Platform, startPlatform } from "../../processes/platform.ts";
import type { Budget, Result, Scenario } from "../../scenario.ts";

const agents = 100;
const tasksAtStart = 10_000;
/** Tasks are added in such groups as a round needs them. */
const groupSize = 5_000;
const value = "x".repeat(100);

/** One mission, its hundred agents over gRPC from another process, each with one call under way. */
export const mission: Scenario = {
  name: "mission",
  about: `claims and writes to the blackboard of one mission by ${agents} agents, each with one call under way`,
  async *run(budget) {
    await using platform = await startPlatform();
    await using tutti = await connect({ address: platform.grpc });
    const handle = await tutti.missions.start({
      ...{ id: "bench", assignment: "claimed", tasks: tasksFrom(0, tasksAtStart) },
      stop: [{ name: "never", condition: "false" }],
    });
    const crowd: Participation[] = [];
    for (let number = 0; number < agents; number++)
      crowd.push(await handle.join(`agent-${number}`, { offers: ["bench.task"] }));
    yield await claims(platform, handle, crowd, budget);
    yield await writes(platform, crowd, budget);
  },
};

function tasksFrom(first: number, count: number) {
  return Array.from({ length: count }, (_, number) => ({ id: `t${first + number}`, uses: "bench.task" }));
}

async function claims(
  platform: Platform,
  handle: MissionHandle,
  crowd: readonly Participation[],
  budget: Budget,
): Promise<Result> {
  let [left, total] = [tasksAtStart, tasksAtStart];
  let adding: Promise<void> | undefined;
  const more = () => {
    adding ??= handle.addTasks(tasksFrom(total, groupSize)).then(() => {
      total += groupSize;
      left += groupSize;
      adding = undefined;
    });
  };
  const figures = await measured(platform, crowd, budget, async (agent) => {
    const [task] = await agent.claim();
    if (task === undefined) {
      more();
      await adding;
      return false;
    }
    if (--left < groupSize / 2) more();
    await task.complete();
    return true;
  });
  await adding;
  const { perSec, ...rest } = figures;
  return { variant: "claims", agents, claimsPerSec: perSec, ...rest };
}

async function writes(platform: Platform, crowd: readonly Participation[], budget: Budget): Promise<Result> {
  let number = 0;
  const figures = await measured(platform, crowd, budget, async (agent) => {
    const { written } = await agent.board.put(`key-${++number % 1_000}`, value);
    return written;
  });
  const { perSec, ...rest } = figures;
  return { variant: "writes", agents, writesPerSec: perSec, ...rest };
}

/** What each agent does again and again; false for what does not count. Processor time is that of the whole platform. */
async function measured(
  { pid }: Platform,
  crowd: readonly Participation[],
  { rounds, seconds }: Budget,
  act: (agent: Participation) => Promise<boolean>,
) {
  const perSec: number[] = [];
  const p50: number[] = [];
  const p99: number[] = [];
  const cpu: number[] = [];
  // The first round warms up.
  for (let round = -1; round < rounds; round++) {
    const latencies = new Latencies();
    const [cpuBefore, beginMs] = [cpuMs(pid), performance.now()];
    const endMs = beginMs + seconds * 1_000;
    await Promise.all(
      crowd.map(async (agent) => {
        while (performance.now() < endMs) {
          const sinceMs = performance.now();
          if (await act(agent)) latencies.add(performance.now() - sinceMs);
        }
      }),
    );
    if (round < 0) continue;
    const { p50Ms, p99Ms } = latencies.quantiles();
    perSec.push((latencies.count / (performance.now() - beginMs)) * 1_000);
    cpu.push(((cpuMs(pid) - cpuBefore) * 1_000) / latencies.count);
    p50.push(p50Ms);
    p99.push(p99Ms);
  }
  return {
    ...{ perSec: rounded(median(perSec)), platformCpuUs: rounded(median(cpu)) },
    ...{ p50Ms: rounded(median(p50)), p99Ms: rounded(median(p99)) },
  };
}
