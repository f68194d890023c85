/** Two swarm processes share the pools of many namespaces. The registry lists the capabilities of each pool once. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GetCapabilityMapRequest, ListServicesRequest, registryService } from "@tutti/contracts/registry/v1";
import { until } from "@tutti/kernel/testing";
import { natsServerProgram } from "@tutti/nats/testing";
import { Worker } from "@tutti/sdk";
import { ServiceCluster } from "../support/cluster.ts";
import { OutsideClient } from "../support/outside-client.ts";

const program = await natsServerProgram();
const { getCapabilityMap, listServices } = registryService.methods;
/** Enough namespaces that each process owns some of their pools. */
const namespaces = ["red", "green", "blue", "white", "black", "brown"];

describe("capabilities of a cluster", { skip: program.skip }, () => {
  it("are listed once per pool of either process, also after one is killed", async () => {
    await using cluster = await ServiceCluster.open();
    const first = await cluster.join("swarm", "first");
    const second = await cluster.join("swarm", "second");
    using registry = new OutsideClient(cluster.registry.grpc);
    const workers = namespaces.map((namespace) => {
      const address = `${first.grpc},${second.grpc}`;
      const worker = new Worker({ address, namespace, agentId: "anna", handleSignals: false });
      return worker.handle(`${namespace}.work`, () => 1);
    });
    const listed = async () => {
      const found: string[] = [];
      const owners = new Set<string>();
      for (const namespace of namespaces) {
        const request = GetCapabilityMapRequest.fromPartial({ namespace });
        const { capabilities } = await registry.call(getCapabilityMap, request);
        for (const { name, versions } of capabilities)
          for (const { providers } of versions) {
            found.push(`${name} ${providers.map((provider) => provider.providers)}`);
            for (const { instanceId } of providers) owners.add(instanceId);
          }
      }
      return { found, owners: owners.size };
    };
    const untilListed = (expected: readonly string[], by: number) =>
      until(
        `the capabilities to be listed by ${by}`,
        listed,
        ({ found, owners }) => found.join() === expected.join() && owners === by,
      );
    const all = namespaces.map((namespace) => `${namespace}.work 1`);
    try {
      await Promise.all(workers.map((worker) => worker.start()));
      await untilListed(all, 2);
      const readyCount = async () => {
        const { services } = await registry.call(listServices, ListServicesRequest.fromPartial({}));
        return services.flatMap(({ name, ready, instances }) =>
          name === "swarm" ? [`${ready}/${instances}`] : [],
        );
      };
      assert.deepEqual(await readyCount(), ["2/2"]);
      await first.kill();
      // Long before the expiry of its lease, after which it would be removed.
      await until("the one that was killed not to be ready", readyCount, ([count]) => count === "1/2");
      await untilListed(all, 1);
    } finally {
      await Promise.all(workers.map((worker) => worker.stop()));
    }
    await untilListed([], 0);
  });
});
