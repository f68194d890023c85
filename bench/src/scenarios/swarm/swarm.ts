import { median, rounded } from "../../measure/statistics.ts";
import type { Budget, Result, Scenario } from "../../scenario.ts";
import { Offering } from "./offering.ts";
import { startAgents, startHost } from "./processes.ts";
import { relayed } from "./relayed.ts";

const agentCounts = [10, 100, 1_000, 5_000];
const queuedCount = 1_000_000;
/** A sender has at most a hundred thousand outstanding. */
const senders = 10;
const warmUpTasks = 10_000;
const urgentPriority = 100;
const urgentPerSec = 100;

/** Agents of one slot in few processes, over real streams; tasks of 100 bytes that are given back at once. */
export const swarm: Scenario = {
  name: "swarm",
  about:
    "tasks through a pool with many agents, with many queued, and what an idle agent and a queued task take",
  async *run(budget) {
    for (const agents of agentCounts) yield await busy(agents, budget);
    yield* relayed(budget);
    yield* queued(budget);
    yield await idle();
  },
};

/** As many tasks outstanding as keep all busy; then half of that rate, with how long each waits to be begun. */
async function busy(agents: number, { rounds, seconds }: Budget): Promise<Result> {
  await using host = await startHost("swarm");
  await using crowd = await startAgents(host.greeting.address, agents);
  await crowd.ask({ ask: "begin" });
  using offering = new Offering(host.greeting.address);
  const perSec: number[] = [];
  const p50: number[] = [];
  const p99: number[] = [];
  const cpu: number[] = [];
  // The first round warms up.
  for (let round = -1; round < rounds; round++) {
    offering.keep(Math.max(1_024, 2 * agents));
    const { cpuUs: cpuBefore } = await host.ask({ ask: "time" });
    const [before, sinceMs] = [offering.results, performance.now()];
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    const tasks = offering.results - before;
    const rate = (tasks / (performance.now() - sinceMs)) * 1_000;
    const { cpuUs } = await host.ask({ ask: "time" });
    await offering.done();
    await crowd.ask({ ask: "forget" });
    await offering.spread(rate / 2, seconds);
    await offering.done();
    const waits = await crowd.ask({ ask: "latencies" });
    if (round < 0) continue;
    perSec.push(rate);
    cpu.push((cpuUs - cpuBefore) / tasks);
    p50.push(waits.p50Ms ?? 0);
    p99.push(waits.p99Ms ?? 0);
  }
  return {
    ...{ variant: "busy", agents, queued: 0, tasksPerSec: rounded(median(perSec)) },
    mainUsPerTask: rounded(median(cpu)),
    ...{ queueToStartP50Ms: rounded(median(p50)), queueToStartP99Ms: rounded(median(p99)) },
  };
}

/** A million that nobody can do yet; then a hundred agents come. */
async function* queued({ seconds }: Budget): AsyncIterable<Result> {
  await using host = await startHost("swarm");
  const offerings = Array.from({ length: senders }, (_, index) => new Offering(host.greeting.address, index));
  const resultsOf = () => offerings.reduce((sum, { results }) => sum + results, 0);
  const { usedBytes: before } = await host.ask({ ask: "memory" });
  for (const offering of offerings) await offering.heap(queuedCount / senders);
  // Everything has been taken in when it answers what comes after.
  let { usedBytes } = await host.ask({ ask: "memory" });
  for (let last = 0; usedBytes > last * 1.01; ) {
    last = usedBytes;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    ({ usedBytes } = await host.ask({ ask: "memory" }));
  }
  const agents = 100;
  await using crowd = await startAgents(host.greeting.address, agents);
  await crowd.ask({ ask: "begin" });
  // Each that waits is looked at once when the first agent comes, and the collector has a gigabyte more to walk through.
  while (resultsOf() < warmUpTasks) await new Promise((resolve) => setTimeout(resolve, 10));
  const { cpuUs: cpuBefore } = await host.ask({ ask: "time" });
  const [done, sinceMs] = [resultsOf(), performance.now()];
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  const tasks = resultsOf() - done;
  const perSec = (tasks / (performance.now() - sinceMs)) * 1_000;
  const { cpuUs } = await host.ask({ ask: "time" });
  // What is urgent goes before all that waits.
  using urgent = new Offering(host.greeting.address, senders, urgentPriority);
  await urgent.spread(urgentPerSec, seconds);
  await urgent.done();
  const { p50Ms = 0, p99Ms = 0 } = await crowd.ask({ ask: "latencies" });
  yield {
    ...{ variant: "queued", agents, queued: queuedCount, tasksPerSec: rounded(perSec) },
    mainUsPerTask: rounded((cpuUs - cpuBefore) / Math.max(1, tasks)),
    ...{ queueToStartP50Ms: rounded(p50Ms), queueToStartP99Ms: rounded(p99Ms) },
    bytesPerQueuedTask: Math.round((usedBytes - before) / queuedCount),
  };
  for (const offering of offerings) offering[Symbol.dispose]();
}

/** What a process has in use per agent that does nothing, beside bare streams. */
async function idle(): Promise<Result> {
  const agents = 1_000;
  const bytesOf = async (kind: "swarm" | "bare"): Promise<number> => {
    await using host = await startHost(kind);
    // Once through everything, so that what is made once is not counted.
    const some = await startAgents(host.greeting.address, 10, 1_000_000);
    await some[Symbol.asyncDispose]();
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { usedBytes: before } = await host.ask({ ask: "memory" });
    await using _ = await startAgents(host.greeting.address, agents);
    const { usedBytes } = await host.ask({ ask: "memory" });
    return (usedBytes - before) / agents;
  };
  const ours = await bytesOf("swarm");
  const bare = await bytesOf("bare");
  return {
    ...{ variant: "idle", agents, bytesPerAgent: Math.round(ours), bareBytesPerAgent: Math.round(bare) },
    bytesAboveBare: Math.round(ours - bare),
  };
}
