import { median, rounded } from "../../measure/statistics.ts";
import type { Budget, Result, Scenario } from "../../scenario.ts";
import { Offering } from "./offering.ts";
import { startAgents, startHost } from "./processes.ts";

const agentCounts = [10, 100, 1_000, 5_000];

/** Agents of one slot in few processes, over real streams. They return tasks of 100 bytes immediately. */
export const swarm: Scenario = {
  name: "swarm",
  about: "tasks through a pool by number of agents, 10 to 5,000, compared with ten agents",
  goals: [1_000, 5_000].map((agents) => ({
    line: { agents },
    figure: "overFewest",
    atLeast: 0.8,
    beside: ["tasksPerSec", "fewestTasksPerSec"],
    known: { issue: 28, worst: 0.1 },
  })),
  brief: { rounds: 1, seconds: 2 },
  async *run(budget) {
    let fewest: number | undefined;
    for (const agents of agentCounts) {
      const { tasksPerSec, ...others } = await busy(agents, budget);
      fewest ??= tasksPerSec;
      const comparison = { fewestTasksPerSec: fewest, overFewest: rounded(tasksPerSec / fewest) };
      yield { ...others, tasksPerSec, ...comparison };
    }
  },
};

/** Measures the rate with all agents busy, and then the wait of each task at half of that rate. */
export async function busy(
  agents: number,
  { rounds, seconds }: Budget,
): Promise<Result & { readonly tasksPerSec: number }> {
  await using host = await startHost();
  await using crowd = await startAgents(host.greeting.address, agents);
  await crowd.request({ ask: "begin" });
  using offering = new Offering(host.greeting.address);
  const perSec: number[] = [];
  const p50: number[] = [];
  const p99: number[] = [];
  const cpu: number[] = [];
  // The first round warms up.
  for (let round = -1; round < rounds; round++) {
    offering.setOutstanding(Math.max(1_024, 2 * agents));
    const { cpuUs: cpuBefore } = await host.request({ ask: "time" });
    const [before, sinceMs] = [offering.results, performance.now()];
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    const tasks = offering.results - before;
    const rate = (tasks / (performance.now() - sinceMs)) * 1_000;
    const { cpuUs } = await host.request({ ask: "time" });
    await offering.done();
    await crowd.request({ ask: "forget" });
    await offering.spread(rate / 2, seconds);
    await offering.done();
    const waits = await crowd.request({ ask: "latencies" });
    if (round < 0) continue;
    perSec.push(rate);
    cpu.push((cpuUs - cpuBefore) / tasks);
    p50.push(waits.p50Ms ?? 0);
    p99.push(waits.p99Ms ?? 0);
  }
  return {
    variant: "busy",
    agents,
    tasksPerSec: rounded(median(perSec)),
    mainUsPerTask: rounded(median(cpu)),
    queueToStartP50Ms: rounded(median(p50)),
    queueToStartP99Ms: rounded(median(p99)),
  };
}
