import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { Hold } from "@tutti/contracts/agent/v1";
import {
  agentService,
  CreatePoolRequest,
  ExplainPlacementRequest,
  poolService,
  ReleaseAgentRequest,
} from "@tutti/contracts/swarm/v1";
import { ErrorDetail, WaitCause } from "@tutti/contracts/types/v1";
import { until } from "@tutti/kernel/testing";
import { done, numberOf, RawAgent } from "./support/raw-agent.ts";
import { Sender } from "./support/sender.ts";
import { SwarmHost } from "./support/swarm-host.ts";

let swarm: SwarmHost;
let raw: RawAgent;
before(async () => {
  swarm = await SwarmHost.start();
  raw = new RawAgent(swarm.address);
});
after(async () => {
  raw[Symbol.dispose]();
  await swarm[Symbol.asyncDispose]();
});

const failed = (number: number) => ({
  ...done(number),
  outcome: { $case: "failed" as const, value: ErrorDetail.fromPartial({ code: "hands.broken" }) },
});

it("an agent that fails every task gets no more, the explanation names its breaker, and a release restores it", async () => {
  const { host } = swarm;
  const pools = host.mesh.client(poolService);
  const { pool } = await pools.createPool(
    CreatePoolRequest.fromPartial({ pool: { pool: "hands", breakAfterFailures: 2 } }),
  );
  assert.equal(pool?.breakAfterFailures, 2);
  const hello = {
    pool: "hands",
    offering: { capabilities: [{ name: "test.echo", version: "1.0.0" }], slots: 1 },
  };
  const bad = (await raw.link({ ...hello, agentId: "bad" })).stream;
  bad.send({ sequence: 1, credit: 9 });
  const sender = new Sender(host.mesh, { pool: "hands" });
  const assigned = ({ assignments }: { assignments: readonly { token: Uint8Array }[] }) => assignments[0];
  sender.offer([1]);
  assert.equal(numberOf((await bad.next("the first", assigned)).token), 1);
  bad.send({ sequence: 2, results: [failed(1)] });
  await sender.next("the first failure", ({ results }) => results[0]);
  sender.offer([2]);
  await bad.next("the second", assigned);
  const good = (await raw.link({ ...hello, agentId: "good" })).stream;
  good.send({ sequence: 1, credit: 9 });
  bad.send({ sequence: 3, results: [failed(2)] });
  const { hold, reason } = await bad.next("that it is held", ({ held }) => held);
  assert.equal(hold, Hold.HOLD_FAILING);
  assert.match(reason, /its breaker is open: 2 attempts/);

  sender.offer([3, 4]);
  const third = await good.next("the third", assigned);
  const explain = async () => {
    const work = { kind: "run", id: "run-4", task: "echo" };
    const request = ExplainPlacementRequest.fromPartial({ pool: "hands", work });
    return (await pools.explainPlacement(request)).explanation;
  };
  const waiting = await explain();
  const [first] = waiting?.waits ?? [];
  assert.deepEqual(
    [first?.cause, first?.present, first?.subject],
    [WaitCause.WAIT_CAUSE_BREAKER, true, "test.echo"],
  );
  assert.match(first?.message ?? "", /the breaker of bad is open, after 2 attempts that failed in a row/);
  assert.equal(waiting?.remedies[0]?.command, "tutti agent release bad");

  const agents = host.mesh.client(agentService);
  await agents.releaseAgent(
    ReleaseAgentRequest.fromPartial({ pool: "hands", agentId: "bad", reason: "mended" }),
  );
  assert.equal(numberOf((await bad.next("the fourth", assigned)).token), 4);
  bad.send({ sequence: 4, results: [done(4)] });
  good.send({ sequence: 2, results: [done(numberOf(third.token))] });
  await until("both results", () => sender.replies.flatMap(({ results }) => results).length === 4);
  sender.close();
});
