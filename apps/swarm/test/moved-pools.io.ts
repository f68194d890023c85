import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Hold } from "@tutti/contracts/agent/v1";
import {
  agentService,
  CreateHookRequest,
  CreatePoolRequest,
  HookMoment,
  hookService,
  ListHooksRequest,
  ListPoolLimitsRequest,
  ListPoolsRequest,
  PausePoolRequest,
  poolService,
  Scaler,
  SetPoolLimitRequest,
  scalerService,
} from "@tutti/contracts/swarm/v1";
import type { ServiceHost } from "@tutti/host";
import { natsServerProgram } from "@tutti/nats/testing";
import { Cluster } from "./support/cluster.ts";
import { RawAgent } from "./support/raw-agent.ts";

const program = await natsServerProgram();

/** Sets every setting of a pool. */
async function furnish(host: ServiceHost, owner: string, namespace: string, pool: string): Promise<void> {
  const pools = host.mesh.client(poolService);
  await pools.createPool(CreatePoolRequest.fromPartial({ namespace, pool: { pool, maxQueued: 7 } }));
  await pools.setPoolLimit(
    SetPoolLimitRequest.fromPartial({ namespace, pool, limit: { key: "api", maxConcurrent: 2 } }),
  );
  await host.mesh.client(hookService).createHook(
    CreateHookRequest.fromPartial({
      namespace,
      hook: {
        ...{ pool, hookId: "first", moment: HookMoment.HOOK_MOMENT_BEFORE_ASSIGN },
        action: { $case: "rule", value: { verdict: { priority: "task.priority + 1" } } },
      },
    }),
  );
  using raw = new RawAgent(owner);
  const hello = {
    ...{ namespace, pool, agentId: "odd", canFollow: false },
    offering: { capabilities: [{ name: "test.echo", version: "1.0.0" }], slots: 1 },
  };
  await raw.link(hello);
  const request = { namespace, pool, agentId: "odd", reason: "gives nonsense" };
  await host.mesh.client(agentService).quarantineAgent(request);
  const driver = { $case: "process" as const, value: { command: ["true"] } };
  await host.mesh.client(scalerService).createScaler({
    namespace,
    scaler: Scaler.fromPartial({ pool, scalerId: "night", maxAgents: 1, paused: true, driver }),
  });
  await pools.pausePool(PausePoolRequest.fromPartial({ namespace, pool, reason: "maintenance" }));
}

async function assertFurnished(host: ServiceHost, namespace: string, pool: string): Promise<void> {
  const pools = host.mesh.client(poolService);
  const found = (await pools.getPool({ namespace, pool })).pool;
  assert.deepEqual([found?.maxQueued, found?.paused, found?.pauseReason], [7, true, "maintenance"]);
  const { limits } = await pools.listPoolLimits(ListPoolLimitsRequest.fromPartial({ namespace, pool }));
  assert.deepEqual(
    limits.map(({ key, maxConcurrent }) => [key, maxConcurrent]),
    [["api", 2]],
  );
  const { hooks } = await host.mesh
    .client(hookService)
    .listHooks(ListHooksRequest.fromPartial({ namespace, pool }));
  assert.deepEqual(
    hooks.map(({ hookId }) => hookId),
    ["first"],
  );
}

describe("stored pools, in a cluster", { skip: program.skip }, () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.open(4);
  });
  after(() => cluster?.[Symbol.asyncDispose]());

  it("is listed from anywhere, and is there when its owner was killed", async () => {
    const killed = await cluster.spawn();
    const first = await cluster.join();
    const [namespace = ""] = await cluster.remoteNamespaces(first.mesh.address, 2);
    // The default pool belongs to the other process. Of eight names some belong to each.
    const names = ["default", ...Array.from({ length: 8 }, (_, at) => `pool-${at}`)];
    for (const pool of names.slice(1)) await furnish(first, killed.address, namespace, pool);
    const list = async () => {
      const request = ListPoolsRequest.fromPartial({ namespace });
      return (await first.mesh.client(poolService).listPools(request)).pools;
    };
    const listed = await list();
    assert.deepEqual(
      listed.map(({ pool }) => pool),
      names,
    );
    assert.equal(new Set(listed.map(({ status }) => status?.owner)).size, 2);
    const { scalers } = await first.mesh
      .client(scalerService)
      .listScalers({ namespace, pool: "", page: undefined });
    assert.deepEqual(
      scalers.map(({ pool }) => pool),
      names.slice(1),
    );

    killed.child.kill("SIGKILL");
    for (const pool of names.slice(1)) await assertFurnished(first, namespace, pool);
    const remaining = await list();
    assert.equal(new Set(remaining.map(({ status }) => status?.owner)).size, 1);
    using raw = new RawAgent(first.mesh.address);
    const { welcome } = await raw.link({
      ...{ namespace, pool: "pool-1", agentId: "odd" },
      offering: { capabilities: [{ name: "test.echo", version: "1.0.0" }], slots: 1 },
    });
    assert.deepEqual([welcome.held?.hold, welcome.held?.reason], [Hold.HOLD_QUARANTINED, "gives nonsense"]);
    await first.stop();
  });
});
