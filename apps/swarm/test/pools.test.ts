import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Hold } from "@tutti/contracts/agent/v1";
import {
  agentService,
  CreatePoolRequest,
  ListPoolLimitsRequest,
  PausePoolRequest,
  poolService,
  ResumePoolRequest,
  SetPoolLimitRequest,
  StrategyKind,
  UpdatePoolRequest,
} from "@tutti/contracts/swarm/v1";
import { RestartableHost } from "@tutti/host/testing";
import { isTuttiError } from "@tutti/kernel";
import { swarm } from "../src/service.ts";
import { numberOf, RawAgent } from "./support/raw-agent.ts";
import { Sender } from "./support/sender.ts";

const namespace = "default";
const codeIs = (code: string) => (error: unknown) => isTuttiError(error) && error.code === code;

describe("pools that last", () => {
  let restartable: RestartableHost;
  before(async () => {
    restartable = await RestartableHost.open({ name: "swarm", services: [swarm], transport: "grpc" });
  });
  after(() => restartable[Symbol.asyncDispose]());

  const pools = () => restartable.host.mesh.client(poolService);
  const agents = () => restartable.host.mesh.client(agentService);
  const poolOf = async (pool: string) => (await pools().getPool({ namespace, pool })).pool;

  it("are created once, listed, and updated only with the current revision", async () => {
    const request = CreatePoolRequest.fromPartial({
      pool: {
        pool: "gpu",
        strategy: { kind: StrategyKind.STRATEGY_KIND_ROUND_ROBIN },
        maxQueued: 7,
        labels: { team: "a" },
      },
    });
    const { pool: created, existed } = await pools().createPool(request);
    assert.deepEqual(
      [existed, created?.maxQueued, created?.strategy?.kind, created?.ageingMs],
      [false, 7, StrategyKind.STRATEGY_KIND_ROUND_ROBIN, 60_000],
    );
    assert.ok(created?.createTime !== undefined && created.updateCause?.actor !== undefined);
    assert.equal((await pools().createPool(request)).existed, true);
    const other = CreatePoolRequest.fromPartial({ pool: { pool: "gpu", maxQueued: 8 } });
    await assert.rejects(pools().createPool(other), codeIs("pool.exists"));
    const listed = await pools().listPools({
      ...{ namespace, page: undefined, ownedBeside: "" },
      labels: { equals: { team: "a" }, exists: [], absent: [] },
    });
    assert.deepEqual(
      listed.pools.map(({ pool }) => pool),
      ["gpu"],
    );

    assert.equal(created.adaptiveConcurrency, true);
    const change = (maxQueued: number, revision: string, ...fields: string[]) =>
      pools().updatePool(
        UpdatePoolRequest.fromPartial({
          pool: { pool: "gpu", maxQueued, description: "with a graphics card" },
          update: { fields, revision },
        }),
      );
    const { pool: changed } = await change(9, created.revision, "max_queued");
    assert.deepEqual([changed?.maxQueued, changed?.description], [9, ""]);
    await assert.rejects(change(10, created.revision), codeIs("pool.moved"));
    await assert.rejects(change(10, "", "status"), codeIs("pool.invalid"));
    await assert.rejects(
      pools().updatePool(UpdatePoolRequest.fromPartial({ pool: { pool: "gpu", weights: { x: -1 } } })),
      codeIs("matching.settings_invalid"),
    );
    for (const weights of [{ luck: 1 }, { load: -1 }, { cost: Number.NaN }])
      await assert.rejects(
        pools().updatePool(
          UpdatePoolRequest.fromPartial({
            pool: { pool: "gpu", strategy: { kind: StrategyKind.STRATEGY_KIND_AUCTION, weights } },
          }),
        ),
        codeIs("matching.settings_invalid"),
        JSON.stringify(weights),
      );
  });

  it("that were never created have the configured settings until a caller sets others", async () => {
    assert.equal((await poolOf("default"))?.maxQueued, 100_000);
    await pools().updatePool(UpdatePoolRequest.fromPartial({ pool: { pool: "default", maxQueued: 3 } }));
    const pool = await poolOf("default");
    assert.deepEqual([pool?.maxQueued, pool?.adaptiveConcurrency, pool?.admits], [3, true, ["*"]]);
  });

  it("are deleted only without tasks and agents", async () => {
    await pools().createPool(CreatePoolRequest.fromPartial({ pool: { pool: "short" } }));
    using raw = new RawAgent(restartable.address);
    const { stream } = await raw.link({
      ...{ pool: "short", agentId: "one" },
      offering: { capabilities: [{ name: "test.echo", version: "1.0.0" }], slots: 1 },
    });
    const deletion = { namespace, pool: "short", reason: "" };
    await assert.rejects(pools().deletePool(deletion), codeIs("pool.in_use"));
    stream.send({ sequence: 1, bye: { reason: "done", returnAfterMs: 0 } });
    await stream.waitForEnd();
    assert.deepEqual(await pools().deletePool(deletion), { removed: true });
    assert.deepEqual(await pools().deletePool(deletion), { removed: false });
    await assert.rejects(poolOf("short"), codeIs("swarm.pool_unknown"));
    await assert.rejects(pools().deletePool({ ...deletion, pool: "default" }), codeIs("pool.permanent"));
  });

  it("have limits that apply at once, and show queued, running and retrying tasks", async () => {
    await pools().createPool(CreatePoolRequest.fromPartial({ pool: { pool: "limited" } }));
    const set = (maxConcurrent: number) =>
      pools().setPoolLimit(
        SetPoolLimitRequest.fromPartial({ pool: "limited", limit: { key: "api", maxConcurrent } }),
      );
    const { limit } = await set(1);
    assert.ok(limit?.updateTime !== undefined);
    using raw = new RawAgent(restartable.address);
    const { stream } = await raw.link({
      ...{ pool: "limited", agentId: "worker" },
      offering: { capabilities: [{ name: "test.echo", version: "1.0.0" }], slots: 9 },
    });
    stream.send({ sequence: 1, credit: 9 });
    const sender = new Sender(restartable.host.mesh, { namespace, pool: "limited" });
    sender.offer([1, 2], { limits: [{ key: "api" }] });
    sender.offer([3], { attempt: 2, limits: [{ key: "api" }] });
    await stream.next("the first", ({ assignments }) => assignments[0]);
    const figures = async () => {
      const request = ListPoolLimitsRequest.fromPartial({ pool: "limited" });
      const [limit] = (await pools().listPoolLimits(request)).limits;
      return [limit?.queued, limit?.running, limit?.retrying, limit?.holders.length];
    };
    assert.deepEqual(await figures(), [2, 1, 1, 1]);
    await set(3);
    await stream.next("the others", ({ assignments }) => assignments[1]);
    assert.deepEqual(await figures(), [0, 3, 0, 3]);
    const deletion = { namespace, pool: "limited", key: "api", reason: "" };
    assert.deepEqual(await pools().deletePoolLimit(deletion), { removed: true });
    assert.deepEqual(await pools().deletePoolLimit(deletion), { removed: false });
    sender.close();
  });

  it("keep their settings, limits and pause after a restart, and the holds of their agents", async () => {
    await pools().createPool(CreatePoolRequest.fromPartial({ pool: { pool: "lasting", maxQueued: 5 } }));
    await pools().setPoolLimit(
      SetPoolLimitRequest.fromPartial({ pool: "lasting", limit: { key: "tenant-*", maxConcurrent: 2 } }),
    );
    const hello = {
      ...{ pool: "lasting", agentId: "odd" },
      offering: { capabilities: [{ name: "test.echo", version: "1.0.0" }], slots: 1 },
    };
    {
      using raw = new RawAgent(restartable.address);
      await raw.link(hello);
      const request = { namespace, pool: "lasting", agentId: "odd", reason: "gives nonsense" };
      await agents().quarantineAgent(request);
    }
    await pools().pausePool(PausePoolRequest.fromPartial({ pool: "lasting", reason: "maintenance" }));

    await restartable.restart();

    const pool = await poolOf("lasting");
    assert.deepEqual(
      [pool?.maxQueued, pool?.paused, pool?.pauseReason, pool?.status?.queued],
      [5, true, "maintenance", 0],
    );
    const limits = await pools().listPoolLimits(ListPoolLimitsRequest.fromPartial({ pool: "lasting" }));
    assert.deepEqual(
      limits.limits.map(({ key, maxConcurrent }) => [key, maxConcurrent]),
      [["tenant-*", 2]],
    );
    using raw = new RawAgent(restartable.address);
    const { welcome } = await raw.link(hello);
    assert.deepEqual([welcome.held?.hold, welcome.held?.reason], [Hold.HOLD_QUARANTINED, "gives nonsense"]);
    const released = { namespace, pool: "lasting", agentId: "odd", reason: "mended" };
    const { agent } = await agents().releaseAgent(released);
    assert.equal(agent?.hold, Hold.HOLD_NONE);
    const slowStart = { count: 1, perMs: 60_000, burst: 1 };
    const resumed = await pools().resumePool(
      ResumePoolRequest.fromPartial({ pool: "lasting", slowStart, slowStartMs: 600_000 }),
    );
    assert.deepEqual([resumed.pool?.paused, resumed.pool?.slowStartEndTime === undefined], [false, false]);
  });

  it("count the starts of a rate across a restart", async () => {
    await pools().createPool(CreatePoolRequest.fromPartial({ pool: { pool: "mails" } }));
    const limits = [{ key: "mail", rate: { count: 1, perMs: 3_600_000 } }];
    const link = async (raw: RawAgent) => {
      const { stream } = await raw.link({
        ...{ pool: "mails", agentId: "worker" },
        offering: { capabilities: [{ name: "test.echo", version: "1.0.0" }], slots: 9 },
      });
      stream.send({ sequence: 1, credit: 9 });
      return stream;
    };
    {
      using raw = new RawAgent(restartable.address);
      const stream = await link(raw);
      const sender = new Sender(restartable.host.mesh, { namespace, pool: "mails" });
      sender.offer([1], { limits });
      await stream.next("the first", ({ assignments }) => assignments[0]);
      sender.close();
    }

    await restartable.restart();

    using raw = new RawAgent(restartable.address);
    const stream = await link(raw);
    const sender = new Sender(restartable.host.mesh, { namespace, pool: "mails" });
    sender.offer([2], { limits });
    sender.offer([3]);
    const next = () => stream.next("a task", ({ assignments }) => assignments[0]);
    assert.equal(numberOf((await next()).token), 3);
    const rate = { count: 1_000, perMs: 1_000 };
    const limit = { key: "mail", rate };
    await pools().setPoolLimit(SetPoolLimitRequest.fromPartial({ pool: "mails", limit }));
    assert.equal(numberOf((await next()).token), 2);
    sender.close();
  });

  it("are watched: a snapshot, then created pools", async () => {
    const watch = pools().watchPools({ namespace, pool: "", cursor: "" });
    const first = await watch.next();
    assert.ok(first.value?.pools.some(({ pool }) => pool === "default"));
    await pools().createPool(CreatePoolRequest.fromPartial({ pool: { pool: "seen" } }));
    const names = new Set<string>();
    for await (const { pools: changed } of watch) {
      for (const { pool } of changed) names.add(pool);
      if (names.has("seen")) break;
    }
    assert.ok(names.has("seen"));
  });
});
