import { setTimeout as pause } from "node:timers/promises";
import { median, rounded } from "../measure/statistics.ts";
import { cpuMs } from "../processes/figures.ts";
import { startPlatform } from "../processes/platform.ts";
import { registryClient, someInstance } from "../processes/registry-client.ts";
import type { Scenario } from "../scenario.ts";

const instances = 1_000;
const everyMs = 5_000;

/** Each instance renews for itself, as processes of their own do: spread over the period, then when it is asked to. */
export const heartbeat: Scenario = {
  name: "heartbeat",
  about: `processor of the registry while ${instances.toLocaleString("en")} instances renew every ${everyMs / 1_000} s`,
  async *run({ rounds, seconds }) {
    await using platform = await startPlatform();
    await using client = registryClient(platform.grpc);
    const { registry } = client;
    const idlePercent = await cpuPercent(platform.pid, everyMs);
    for (let number = 0; number < instances; number++) {
      await registry.register({ instance: someInstance(number), leaseMs: 3 * everyMs });
    }
    const host = {
      cpu: 0.2,
      memoryBytes: 8e7,
      memoryLimitBytes: 2e10,
      networkInBytesPerSec: 1e4,
      networkOutBytesPerSec: 1e4,
      cores: 2,
      hostMemoryBytes: 1e10,
    };
    const load = { inFlight: 3, queued: 0, utilization: 0.1 };
    let renewals = 0;
    let over = false;
    const renewing = Array.from({ length: instances }, async (_, number) => {
      const { id: instanceId } = someInstance(number);
      let waitMs = (number / instances) * everyMs;
      while (!over) {
        await pause(waitMs);
        renewals++;
        const renewal = { instanceId, health: undefined, load, host };
        waitMs = (await registry.renew({ renewals: [renewal] })).renewAfterMs;
      }
    });
    await pause(2 * everyMs);
    const percents: number[] = [];
    const startMs = performance.now();
    renewals = 0;
    for (let round = 0; round < rounds; round++) {
      percents.push(await cpuPercent(platform.pid, Math.max(everyMs, seconds * 1_000)));
    }
    const renewalsPerSec = (1_000 * renewals) / (performance.now() - startMs);
    over = true;
    await Promise.all(renewing);
    yield {
      variant: "grpc",
      instances,
      renewalsPerSec: rounded(renewalsPerSec),
      cpuPercent: rounded(median(percents)),
      idleCpuPercent: rounded(idlePercent),
    };
  },
};

async function cpuPercent(pid: number, overMs: number): Promise<number> {
  const beforeMs = cpuMs(pid);
  const startMs = performance.now();
  await pause(overMs);
  return (100 * (cpuMs(pid) - beforeMs)) / (performance.now() - startMs);
}
