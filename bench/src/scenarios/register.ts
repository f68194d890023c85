import { fileURLToPath } from "node:url";
import { median, quantile, rounded } from "../measure/statistics.ts";
import { startChild } from "../processes/child.ts";
import { startPlatform } from "../processes/platform.ts";
import { registryClient, someInstance } from "../processes/registry-client.ts";
import type { Budget, Result, Scenario } from "../scenario.ts";
import { startAgents } from "./swarm/processes.ts";

const instances = 1_000;
const leaseMs = 600_000;
const watchersProgram = fileURLToPath(new URL("../processes/watchers.ts", import.meta.url));

/** One after the other, as a starting process sees it. */
export const register: Scenario = {
  name: "register",
  about: `time to register with ${instances.toLocaleString("en")} instances there, and with 100 watchers that hear of it; and for an agent to be welcomed with as many there`,
  async *run(budget) {
    await using platform = await startPlatform();
    await using client = registryClient(platform.grpc);
    const { registry } = client;
    for (let number = 0; number < instances; number++) {
      await registry.register({ instance: someInstance(number), leaseMs });
    }
    yield await registrations(registry, budget, 0);
    const watchers = 100;
    await using _ = await startChild([watchersProgram, platform.grpc, String(watchers)], {
      until: (line) => line || undefined,
    });
    yield await registrations(registry, budget, watchers);
    yield await greetings(platform.grpc, budget);
  },
};

/** From the greeting of an agent to its welcome, on a connection that is there. */
async function greetings(address: string, { rounds, seconds }: Budget): Promise<Result> {
  await using agents = await startAgents(address, instances);
  const p50: number[] = [];
  const p99: number[] = [];
  // The first round warms up.
  for (let round = -1; round < rounds; round++) {
    const { p50Ms = 0, p99Ms = 0 } = await agents.ask({ ask: "greet", seconds });
    if (round < 0) continue;
    p50.push(p50Ms);
    p99.push(p99Ms);
  }
  const latency = { p50Ms: rounded(median(p50)), p99Ms: rounded(median(p99)) };
  return { variant: "link", kind: "agent", instances, watchers: 0, ...latency };
}

type Registry = ReturnType<typeof registryClient>["registry"];

async function registrations(
  registry: Registry,
  { rounds, seconds }: Budget,
  watchers: number,
): Promise<Result> {
  const p50: number[] = [];
  const p99: number[] = [];
  // The first round warms up.
  for (let round = -1; round < rounds; round++) {
    const taken: number[] = [];
    const endMs = performance.now() + seconds * 1_000;
    for (let number = instances; performance.now() < endMs; number++) {
      const instance = someInstance(number);
      const beginMs = performance.now();
      await registry.register({ instance, leaseMs });
      taken.push(performance.now() - beginMs);
      await registry.deregister({ instanceId: instance.id, reason: "bench" });
    }
    if (round < 0) continue;
    taken.sort((one, other) => one - other);
    p50.push(quantile(taken, 0.5));
    p99.push(quantile(taken, 0.99));
  }
  const latency = { p50Ms: rounded(median(p50)), p99Ms: rounded(median(p99)) };
  return {
    variant: watchers === 0 ? "grpc" : "grpc watched",
    kind: "service",
    instances,
    watchers,
    ...latency,
  };
}
