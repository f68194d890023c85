import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  AgentState,
  agentPollService,
  type ClaimedTask,
  ClaimTasksRequest,
  CompleteTasksRequest,
  RenewTasksRequest,
} from "@tutti/contracts/agent/v1";
import { agentService } from "@tutti/contracts/swarm/v1";
import { isTuttiError } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import { Sender } from "./support/sender.ts";
import { SwarmHost } from "./support/swarm-host.ts";
import { resultIn } from "./support/workshop.ts";

type Claim = Parameters<typeof ClaimTasksRequest.fromPartial>[0];

describe("an agent that polls", () => {
  let swarm: SwarmHost;
  let polls: Client<typeof agentPollService>;
  let namespace = "";
  let names = 0;

  before(async () => {
    swarm = await SwarmHost.start("--mesh.transport=in-process");
    polls = swarm.host.mesh.client(agentPollService, { service: "swarm" });
  });
  after(() => swarm[Symbol.asyncDispose]());

  function room(): Sender {
    namespace = `poll-${++names}`;
    return new Sender(swarm.host.mesh, { namespace });
  }

  const claim = (fields: Claim = {}) =>
    polls.claimTasks(
      ClaimTasksRequest.fromPartial({
        ...{ namespace, agentId: "script", waitMs: 10_000, count: 5 },
        offering: { capabilities: [{ name: "test.echo", version: "1.0.0" }], slots: 10 },
        ...fields,
      }),
    );
  const complete = (...tokens: string[]) =>
    polls.completeTasks(
      CompleteTasksRequest.fromPartial({
        ...{ namespace, agentId: "script" },
        completions: tokens.map((token) => ({
          token,
          outcome: { $case: "output", value: { body: { $case: "inline", value: Buffer.from("42") } } },
        })),
      }),
    );
  const renew = (token: string) =>
    polls.renewTasks(
      RenewTasksRequest.fromPartial({ namespace, agentId: "script", renewals: [{ token, fraction: 0.5 }] }),
    );

  /** Returns the result of a claim, and lets time pass for it. */
  async function claimed(fields?: Claim): Promise<ClaimedTask[]> {
    const { tasks } = await swarm.time.settle(claim(fields));
    return tasks;
  }

  it("waits for a task, and receives all of its details", async () => {
    const sender = room();
    const waiting = claim();
    sender.offer([1], { input: Buffer.from('"hello"') });
    const { tasks } = await waiting;
    const [task] = tasks;
    assert.deepEqual(
      [task?.token, task?.capability, task?.version, task?.leaseMs],
      [`00000001${"0".repeat(24)}`, "test.echo", "1.0.0", 60_000],
    );
    assert.deepEqual(task?.work, { namespace, kind: "run", id: "run-1", task: "echo" });
    assert.equal(task?.idempotencyKey, "run-1/echo");
    assert.deepEqual(task?.input?.body, { $case: "inline", value: Buffer.from('"hello"') });
  });

  it("reports the start of a claimed task", async () => {
    const sender = room();
    sender.offer([1]);
    const [task] = await claimed();
    const started = await sender.next("a beginning", (reply) => reply.begun[0]);
    assert.equal(Buffer.from(started.token).toString("hex"), task?.token);
  });

  it("sends a result, and gets the reply when the result is durable", async () => {
    const sender = room();
    sender.offer([1]);
    const [task] = await claimed();
    let isConfirmed = false;
    const completion = complete(task?.token ?? "").then((reply) => {
      isConfirmed = true;
      return reply;
    });
    await sender.next("a result", resultIn);
    await swarm.pass(1_000);
    assert.equal(isConfirmed, false);
    sender.sendRequest({ resultsDurable: 1 });
    const { receipts } = await completion;
    assert.equal(receipts[0]?.accepted, true);
    const repeated = await complete(task?.token ?? "");
    assert.deepEqual(
      [repeated.receipts[0]?.accepted, repeated.receipts[0]?.refusal?.code],
      [false, "swarm.attempt_unknown"],
    );
  });

  it("gets a reply in time if the pool does not know its attempt yet, and the result counts after the offer", async () => {
    namespace = `poll-${++names}`;
    const token = `00000001${"0".repeat(24)}`;
    const { receipts } = await swarm.time.settle(complete(token));
    assert.deepEqual(
      receipts.map(({ accepted, refusal }) => [accepted, refusal?.code]),
      [[false, "swarm.attempt_unclaimed"]],
    );
    const early = complete(token);
    const sender = new Sender(swarm.host.mesh, { namespace });
    sender.offer([1], { input: Buffer.from('"hello"') });
    await sender.next("a result", resultIn);
    sender.sendRequest({ resultsDurable: 1 });
    const repeated = await early;
    assert.deepEqual(
      repeated.receipts.map(({ accepted }) => accepted),
      [true],
    );
  });

  it("claims nothing if no task waits, and is assigned nothing between claims", async () => {
    const sender = room();
    assert.deepEqual(await claimed({ waitMs: 0 }), []);
    sender.offer([1]);
    await swarm.pass(1_000);
    const agents = swarm.host.mesh.client(agentService);
    const { agent } = await agents.getAgent({ namespace, pool: "", agentId: "script" });
    assert.deepEqual([agent?.state, agent?.attempts], [AgentState.AGENT_STATE_ASLEEP, 0]);
    assert.equal((await claimed({ waitMs: 0 })).length, 1);
  });

  it("loses a task if it does not renew the lease, and keeps a renewed task", async () => {
    const sender = room();
    sender.offer([1, 2]);
    const tasks = await claimed({ leaseMs: 4_000 });
    assert.equal(tasks.length, 2);
    const [renewed = "", lost = ""] = tasks.map(({ token }) => token);
    await swarm.pass(3_000);
    assert.equal((await renew(renewed)).receipts[0]?.leaseMs, 4_000);
    await swarm.pass(3_000);
    const { outcome } = await sender.next("the lost attempt", resultIn);
    assert.equal(outcome?.$case === "failed" && outcome.value.code, "swarm.lease_over");
    assert.equal((await renew(lost)).receipts[0]?.leaseMs, 0);
    assert.equal((await renew(renewed)).receipts[0]?.leaseMs, 4_000);
  });

  it("learns of a cancellation at the next renewal", async () => {
    const sender = room();
    sender.offer([1]);
    const [task] = await claimed();
    sender.sendRequest({
      cancels: [{ token: Buffer.from(task?.token ?? "", "hex"), reason: "cancelled by Ada", graceMs: 1_000 }],
    });
    await swarm.pass(10);
    const { receipts } = await renew(task?.token ?? "");
    assert.deepEqual([receipts[0]?.leaseMs, receipts[0]?.reason], [0, "cancelled by Ada"]);
  });

  it("gets the same reply to a repeated claim with the same key, and is refused another claim with that key", async () => {
    const sender = room();
    sender.offer([1, 2]);
    const first = await claimed({ count: 1, idempotencyKey: "k1" });
    assert.deepEqual(await claimed({ count: 1, idempotencyKey: "k1" }), first);
    await assert.rejects(
      claim({ count: 2, idempotencyKey: "k1" }),
      (error) => isTuttiError(error) && error.code === "swarm.claim_differs",
    );
    const second = await claimed({ count: 1, idempotencyKey: "k2" });
    assert.notEqual(second[0]?.token, first[0]?.token);
    // Its leases and the remembered answer have expired by then.
    for (let second = 0; second < 75; second++) await swarm.pass(1_000);
    assert.deepEqual(await claimed({ count: 1, idempotencyKey: "k1", waitMs: 10_000 }), []);
  });

  it("is refused while it is paused or quarantined, at once and with the remedy", async () => {
    room();
    await claimed({ waitMs: 0 });
    const agents = swarm.host.mesh.client(agentService);
    const held = { namespace, pool: "", agentId: "script", reason: "lunch" };
    /** With a key too, since calls with a key may be repeated. */
    const refusal = async (): Promise<string> => {
      const fromMs = swarm.time.now();
      const refused = await claimed({ waitMs: 0, idempotencyKey: "k1" }).catch((error: unknown) => error);
      assert.equal(swarm.time.now() - fromMs, 0);
      assert.ok(isTuttiError(refused) && refused.code === "swarm.agent_held", String(refused));
      return refused.message;
    };
    await agents.pauseAgent(held);
    assert.match(await refusal(), /is paused: lunch\. Resume it/);
    await agents.quarantineAgent(held);
    assert.match(await refusal(), /is locked out: lunch\. Release it/);
    await agents.releaseAgent(held);
    assert.deepEqual(await claimed({ waitMs: 0, idempotencyKey: "k1" }), []);
  });

  it("is removed when it stops polling", async () => {
    room();
    await claimed({ waitMs: 0 });
    for (let second = 0; second < 40; second++) await swarm.pass(1_000);
    const agents = swarm.host.mesh.client(agentService);
    const { agents: remaining } = await agents.listAgents({
      namespace,
      filter: undefined,
      page: undefined,
      ownedBeside: "",
    });
    assert.deepEqual(remaining, []);
  });
});
