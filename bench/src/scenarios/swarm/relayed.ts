/** What it costs that agents are linked to another process than the one that owns their pool. */
import { natsServerProgram, startNatsServer } from "@tutti/nats/testing";
import { median, rounded } from "../../measure/statistics.ts";
import type { Budget, Result } from "../../scenario.ts";
import { Offering } from "./offering.ts";
import { type Host, startAgents, startHost } from "./processes.ts";

const agents = 100;
const outstanding = 1_024;

export async function* relayed(budget: Budget): AsyncIterable<Result> {
  if ((await natsServerProgram()).skip !== false) return;
  await using nats = await startNatsServer({
    jetstream: "sync_interval: always",
    configuration: "max_payload: 8MB",
  });
  const flags = [
    ...["--ownership.kind=leased", "--ownership.partitions=1", `--nats.servers=["${nats.address}"]`],
    "--mesh.timeouts.discoveryMs=1",
  ];
  await using owner = await startHost("swarm", ...flags);
  await using other = await startHost("swarm", ...flags);
  using offering = new Offering(owner.greeting.address);
  for (const host of [owner, other]) yield await through(host, { owner, offering, budget });
}

async function through(
  host: Host,
  { owner, offering, budget }: { owner: Host; offering: Offering; budget: Budget },
): Promise<Result> {
  const isRelayed = host !== owner;
  // Each time others, and all of them the only ones.
  await using crowd = await startAgents(host.greeting.address, agents, isRelayed ? agents : 0);
  await crowd.ask({ ask: "begin" });
  const perSec: number[] = [];
  const ownerUs: number[] = [];
  const hostUs: number[] = [];
  const alone: number[] = [];
  for (let round = -1; round < budget.rounds; round++) {
    offering.keep(outstanding);
    const [before, hostBefore] = [await owner.ask({ ask: "time" }), await host.ask({ ask: "time" })];
    const [resultsBefore, sinceMs] = [offering.results, performance.now()];
    await new Promise((resolve) => setTimeout(resolve, budget.seconds * 1_000));
    const tasks = offering.results - resultsBefore;
    const rate = (tasks / (performance.now() - sinceMs)) * 1_000;
    const [after, hostAfter] = [await owner.ask({ ask: "time" }), await host.ask({ ask: "time" })];
    await offering.done();
    await crowd.ask({ ask: "forget" });
    await offering.spread(200, budget.seconds);
    await offering.done();
    const { p50Ms = 0 } = await crowd.ask({ ask: "latencies" });
    if (round < 0) continue;
    perSec.push(rate);
    ownerUs.push((after.cpuUs - before.cpuUs) / tasks);
    hostUs.push(isRelayed ? (hostAfter.cpuUs - hostBefore.cpuUs) / tasks : 0);
    alone.push(p50Ms);
  }
  return {
    ...{ variant: isRelayed ? "relayed" : "direct", agents, queued: 0, tasksPerSec: rounded(median(perSec)) },
    ...{ mainUsPerTask: rounded(median(ownerUs)), hostUsPerTask: rounded(median(hostUs)) },
    queueToStartP50Ms: rounded(median(alone)),
  };
}
