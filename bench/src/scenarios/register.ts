import { median, quantile, rounded } from "../measure/statistics.ts";
import { startPlatform } from "../processes/platform.ts";
import { registryClient, someInstance } from "../processes/registry-client.ts";
import type { Scenario } from "../scenario.ts";

const instances = 1_000;
const watchers = 100;
const leaseMs = 600_000;

/** One after the other, as a starting process sees it; the watchers hear of each. */
export const register: Scenario = {
  name: "register",
  about: `time to register with ${instances.toLocaleString("en")} instances and ${watchers} watchers there`,
  async *run({ rounds, seconds }) {
    await using platform = await startPlatform();
    await using client = registryClient(platform.grpc);
    const { registry } = client;
    for (let number = 0; number < instances; number++) {
      await registry.register({ instance: someInstance(number), leaseMs });
    }
    const watching = new AbortController();
    const request = { services: [], after: undefined, withFigures: false, withSchemas: false };
    const watches = Array.from({ length: watchers }, async () => {
      for await (const _ of registry.watch(request, { signal: watching.signal })) {
        // Taking the news in is all a watcher does.
      }
    });
    const p50: number[] = [];
    const p99: number[] = [];
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
      taken.sort((one, other) => one - other);
      // The first round warms up.
      if (round < 0) continue;
      p50.push(quantile(taken, 0.5));
      p99.push(quantile(taken, 0.99));
    }
    watching.abort();
    await Promise.allSettled(watches);
    yield {
      variant: "grpc",
      kind: "service",
      instances,
      watchers,
      p50Ms: rounded(median(p50)),
      p99Ms: rounded(median(p99)),
    };
  },
};
