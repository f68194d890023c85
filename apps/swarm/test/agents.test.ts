import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { AgentState, Hold } from "@tutti/contracts/agent/v1";
import {
  type AgentFilter,
  AgentFilter as agentFilter,
  agentService,
  poolService,
  type WatchAgentsReply,
  WatchAgentsRequest,
} from "@tutti/contracts/swarm/v1";
import { WaitCause } from "@tutti/contracts/types/v1";
import { isTuttiError } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import type { Client } from "@tutti/mesh";
import { type AgentHello, RawAgent } from "./support/raw-agent.ts";
import { Sender } from "./support/sender.ts";
import { SwarmHost } from "./support/swarm-host.ts";
import { assignedIn } from "./support/workshop.ts";

describe("agents and pools in the API", () => {
  let swarm: SwarmHost;
  let raw: RawAgent;
  let agents: Client<typeof agentService>;
  let pools: Client<typeof poolService>;
  let namespace = "";
  let names = 0;

  before(async () => {
    swarm = await SwarmHost.start('--swarm.pools=["gpu"]');
    raw = new RawAgent(swarm.address);
    agents = swarm.host.mesh.client(agentService);
    pools = swarm.host.mesh.client(poolService);
  });
  after(async () => {
    raw[Symbol.dispose]();
    await swarm[Symbol.asyncDispose]();
  });

  const room = () => {
    namespace = `shown-${++names}`;
  };
  const link = (agentId: string, fields: AgentHello = {}) =>
    raw.link({ namespace, agentId, offering: offering("test.echo", "1.2.0"), ...fields });
  const offering = (name: string, version: string, labels: Record<string, string> = {}) => ({
    capabilities: [{ name, version }],
    slots: 2,
    labels,
  });
  const idsOf = async (filter: Partial<AgentFilter>) => {
    const request = { namespace, filter: agentFilter.fromPartial(filter), page: undefined, ownedBeside: "" };
    return (await agents.listAgents(request)).agents.map(({ agentId }) => agentId);
  };

  it("are found by capability, labels, hold, state and text", async () => {
    room();
    await link("one");
    await link("two", { offering: offering("test.echo", "2.0.0", { zone: "eu" }) });
    await link("three", { offering: offering("pay.charge", "1.0.0", { zone: "us" }) });
    await agents.pauseAgent({ namespace, pool: "", agentId: "three", reason: "" });
    assert.deepEqual(await idsOf({}), ["one", "three", "two"]);
    assert.deepEqual(await idsOf({ capability: "test.echo" }), ["one", "two"]);
    assert.deepEqual(await idsOf({ capability: "test.echo", versionRange: "^2" }), ["two"]);
    assert.deepEqual(await idsOf({ labels: { equals: { zone: "us" }, exists: [], absent: [] } }), ["three"]);
    assert.deepEqual(await idsOf({ holds: [Hold.HOLD_PAUSED] }), ["three"]);
    assert.deepEqual(await idsOf({ states: [AgentState.AGENT_STATE_ASLEEP] }), []);
    assert.deepEqual(await idsOf({ text: "TW" }), ["two"]);
    assert.deepEqual(await idsOf({ pool: "other" }), []);
  });

  it("join the pools that the configuration names", async () => {
    room();
    await link("here");
    await link("there", { pool: "gpu" });
    assert.deepEqual(await idsOf({ pool: "gpu" }), ["there"]);
    assert.deepEqual(await idsOf({}), ["here", "there"]);
  });

  it("are named by the explanation of a task whose capability only another pool offers", async () => {
    room();
    await link("there", { pool: "gpu" });
    const sender = new Sender(swarm.host.mesh, { namespace });
    sender.offer([1]);
    const work = { namespace: "", kind: "run", id: "run-1", task: "echo" };
    const { summary, waits, remedies } = await until("the task to wait", async () => {
      const { explanation } = await pools
        .explainPlacement({ namespace, pool: "", work })
        .catch(() => ({ explanation: undefined }));
      return explanation;
    });
    assert.equal(waits[0]?.cause, WaitCause.WAIT_CAUSE_NO_CAPABILITY);
    const message = "no worker in the pool default offers test.echo, but one in the pool gpu does";
    assert.equal(waits[0]?.message, message);
    assert.equal(summary, `It waits: ${message}.`);
    assert.equal(remedies.length, 1);
    assert.match(remedies[0]?.text ?? "", /^start that worker in the pool default \(TUTTI_POOL=default\)/);
  });

  it("are listed page by page", async () => {
    room();
    for (const name of ["a", "b", "c"]) await link(name);
    const first = await agents.listAgents({
      namespace,
      filter: undefined,
      page: { size: 2, token: "" },
      ownedBeside: "",
    });
    assert.deepEqual(
      first.agents.map(({ agentId }) => agentId),
      ["a", "b"],
    );
    const token = first.page?.nextToken ?? "";
    const second = await agents.listAgents({
      namespace,
      filter: undefined,
      page: { size: 2, token },
      ownedBeside: "",
    });
    assert.deepEqual(
      second.agents.map(({ agentId }) => agentId),
      ["c"],
    );
    assert.equal(second.page?.nextToken, "");
  });

  it("show their work, queue and explanation", async () => {
    room();
    const { stream } = await link("worker");
    stream.send({ sequence: 1, credit: 2 });
    const sender = new Sender(swarm.host.mesh, { namespace });
    sender.offer([1, 2, 3]);
    await stream.next("assignments", assignedIn);
    const { agent, work: having } = await agents.getAgent({ namespace, pool: "", agentId: "worker" });
    assert.deepEqual([agent?.state, agent?.attempts, agent?.freeSlots], [AgentState.AGENT_STATE_BUSY, 2, 0]);
    assert.deepEqual(having.map((each) => [each.work?.id, each.capability]).sort(), [
      ["run-1", "test.echo"],
      ["run-2", "test.echo"],
    ]);
    const { pool } = await pools.getPool({ namespace, pool: "" });
    assert.deepEqual([pool?.pool, pool?.status?.queued, pool?.status?.running], ["default", 1, 2]);
    const queue = { namespace, pool: "", capability: "", fromNamespace: "", page: undefined };
    const { tasks } = await pools.listQueue(queue);
    assert.deepEqual(
      tasks.map(({ work: waiting }) => waiting?.id),
      ["run-3"],
    );
    assert.deepEqual((await pools.listQueue({ ...queue, capability: "pay.charge" })).tasks, []);
    const work = { namespace: "", kind: "run", id: "run-3", task: "echo" };
    const { explanation } = await pools.explainPlacement({ namespace, pool: "", work });
    assert.equal(explanation?.waits[0]?.cause, WaitCause.WAIT_CAUSE_BUSY);
    await assert.rejects(
      pools.explainPlacement({ namespace, pool: "", work: { ...work, id: "run-9" } }),
      (error) => isTuttiError(error) && error.code === "swarm.task_unknown",
    );
    const listed = await pools.listPools({ namespace, labels: undefined, page: undefined, ownedBeside: "" });
    assert.deepEqual(
      listed.pools.map((each) => each.pool),
      ["default", "gpu"],
    );
  });

  it("are reported as unknown if they do not exist", async () => {
    room();
    await assert.rejects(
      agents.getAgent({ namespace, pool: "", agentId: "nobody" }),
      (error) => isTuttiError(error) && error.code === "swarm.agent_unknown",
    );
    await assert.rejects(
      pools.getPool({ namespace, pool: "nowhere" }),
      (error) => isTuttiError(error) && error.code === "swarm.pool_unknown",
    );
  });

  it("are watched: a snapshot, then agents that join, change and leave", async () => {
    room();
    await link("first");
    const request = WatchAgentsRequest.fromPartial({ namespace });
    const controller = new AbortController();
    const watch = agents.watchAgents(request, { signal: controller.signal });
    const replies: WatchAgentsReply[] = [];
    const reading = (async () => {
      for await (const reply of watch) replies.push(reply);
    })().catch(() => {});
    const awaitReply = (of: (reply: WatchAgentsReply) => boolean) =>
      until("news", () => {
        swarm.time.advance(10);
        return replies.some(of);
      });
    await awaitReply(({ live, agents: known }) => live && known[0]?.agentId === "first");
    const { stream } = await link("second");
    await awaitReply(({ agents: known }) => known.some(({ agentId }) => agentId === "second"));
    await agents.pauseAgent({ namespace, pool: "", agentId: "second", reason: "" });
    await awaitReply(({ agents: known }) => known.some(({ hold }) => hold === Hold.HOLD_PAUSED));
    stream.send({ sequence: 1, bye: { reason: "done" } });
    await awaitReply(({ removed }) => removed.some(({ agentId }) => agentId === "second"));
    controller.abort();
    await reading;
  });

  it("are followed with their metrics, once in a while", async () => {
    room();
    const { stream } = await link("figure");
    const request = WatchAgentsRequest.fromPartial({ namespace, withFigures: true });
    const watch = agents.watchAgents(request);
    await watch.next();
    stream.send({ sequence: 1, heartbeat: { figures: { cpu: 0.5 }, freeSlots: 2 } });
    const replies: WatchAgentsReply[] = [];
    const reply = watch.next().then(({ value }) => value && replies.push(value));
    await until("the figures", () => {
      swarm.time.advance(100);
      return replies.length > 0;
    });
    await reply;
    assert.equal(replies[0]?.agents[0]?.figures?.cpu, 0.5);
    await watch.return();
  });

  it("publish each change on the bus, in order", async () => {
    room();
    const published: string[] = [];
    const subscription = await swarm.host.bus.subscribe({
      pattern: "tutti.swarm.agent.>",
      handle: {
        each: (event) => {
          if (event.namespace === namespace)
            published.push(`${event.subject} ${event.type.split(".").at(-1)}`);
        },
      },
    });
    const { stream } = await link("walker");
    await agents.pauseAgent({ namespace, pool: "", agentId: "walker", reason: "" });
    await agents.resumeAgent({ namespace, pool: "", agentId: "walker", reason: "" });
    await agents.sleepAgent({ namespace, pool: "", agentId: "walker", forMs: 0, reason: "" });
    await agents.wakeAgent({ namespace, pool: "", agentId: "walker", reason: "" });
    await agents.drainAgent({ namespace, pool: "", agentId: "walker", deadlineMs: 0, reason: "" });
    stream.send({ sequence: 1, offering: offering("test.echo", "1.3.0") });
    stream.send({ sequence: 2, bye: { reason: "done" } });
    await until("the last event", () => published.includes("walker gone"));
    assert.deepEqual(published, [
      "walker starting",
      "walker joined",
      "walker ready",
      "walker held",
      "walker released",
      "walker asleep",
      "walker ready",
      "walker draining",
      "walker offer_changed",
      "walker gone",
    ]);
    await subscription.close();
  });
});
