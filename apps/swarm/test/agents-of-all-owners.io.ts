import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  agentService,
  CreatePoolRequest,
  ListAgentsRequest,
  poolService,
  WatchAgentsRequest,
} from "@tutti/contracts/swarm/v1";
import type { ServiceHost } from "@tutti/host";
import { natsServerProgram } from "@tutti/nats/testing";
import { Cluster } from "./support/cluster.ts";
import { RawAgent } from "./support/raw-agent.ts";

const program = await natsServerProgram();
const pools = Array.from({ length: 8 }, (_, at) => `pool-${at}`);
const names = pools.map((pool) => `${pool}/agent`);

describe("agents of pools that two processes own", { skip: program.skip }, () => {
  let cluster: Cluster;
  let first: ServiceHost;
  let other: ServiceHost;
  let namespace: string;
  const raws: RawAgent[] = [];

  before(async () => {
    cluster = await Cluster.open(4);
    first = await cluster.join();
    other = await cluster.join();
    [namespace = ""] = await cluster.remoteNamespaces(first.mesh.address, 2);
    for (const pool of pools)
      await first.mesh
        .client(poolService)
        .createPool(CreatePoolRequest.fromPartial({ namespace, pool: { pool } }));
  });
  after(async () => {
    for (const raw of raws) raw[Symbol.dispose]();
    await first?.stop();
    await other?.stop();
    await cluster?.[Symbol.asyncDispose]();
  });

  it("are listed from any process, page by page, and watched as they join and leave", async () => {
    using watch = watched(first, namespace);
    for (const pool of pools) {
      const raw = new RawAgent(first.mesh.address);
      raws.push(raw);
      const offering = { capabilities: [{ name: "test.echo", version: "1.0.0" }], slots: 1 };
      await raw.link({ namespace, pool, agentId: "agent", canFollow: false, offering });
    }
    for (const host of [first, other])
      for (const size of [1, 3, 100]) assert.deepEqual(await listed(host, namespace, size), names);
    await watch.until((known) => pools.every((pool) => known.has(pool)));
    for (const raw of raws.splice(0)) raw[Symbol.dispose]();
    for (const pool of pools)
      await first.mesh
        .client(agentService)
        .removeAgent({ namespace, pool, agentId: "agent", reason: "done", forGood: false });
    await watch.until((known) => known.size === 0);
    assert.deepEqual(await listed(other, namespace, 100), []);
  });
});

async function listed(host: ServiceHost, namespace: string, size: number): Promise<string[]> {
  const found: string[] = [];
  let token = "";
  do {
    const request = ListAgentsRequest.fromPartial({ namespace, page: { size, token } });
    const { agents, page } = await host.mesh.client(agentService).listAgents(request);
    assert.ok(agents.length <= size);
    assert.equal(page?.total === 0, agents.length === 0);
    found.push(...agents.map(({ pool, agentId }) => `${pool}/${agentId}`));
    token = page?.nextToken ?? "";
  } while (token !== "");
  return found;
}

/** Returns the pools whose agent a watcher knows. */
function watched(host: ServiceHost, namespace: string) {
  const known = new Set<string>();
  const stopping = new AbortController();
  const stream = host.mesh
    .client(agentService)
    .watchAgents(WatchAgentsRequest.fromPartial({ namespace }), { signal: stopping.signal });
  return {
    async until(isSo: (known: ReadonlySet<string>) => boolean): Promise<void> {
      while (!isSo(known)) {
        const { done, value } = await stream.next();
        assert.ok(!done, "the watch continues");
        for (const { pool } of value.agents) known.add(pool);
        for (const { pool } of value.removed) known.delete(pool);
      }
    },
    [Symbol.dispose]: () => stopping.abort(),
  };
}
