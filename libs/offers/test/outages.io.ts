/** Obstacles between tasks and their pool, over real connections: a policy, a missing owner, a breaker. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { setTimeout as testPause } from "node:timers/promises";
import { dispatchService, GetPoolRequest, OfferReply, poolService } from "@tutti/contracts/swarm/v1";
import { WaitCause } from "@tutti/contracts/types/v1";
import { checkText } from "@tutti/definitions";
import { systemFoundation } from "@tutti/kernel";
import { RunPlan } from "@tutti/machine-run";
import { MemoryOwnership, Mesh } from "@tutti/mesh";
import { TokenCipher, tokenKeyBytes } from "@tutti/runtime";
import { Dispatcher } from "../src/index.ts";

const { WAIT_CAUSE_POLICY, WAIT_CAUSE_OWNER, WAIT_CAUSE_BREAKER } = WaitCause;
const system = systemFoundation();
const foundation = {
  ...system,
  logger: { ...system.logger, debug() {}, info() {}, warn() {}, error() {}, child: () => foundation.logger },
};
const source = "workflow: order\ntasks: {charge: {uses: pay.charge}}\n";
const { definition } = checkText({ format: "yaml", text: source, fileName: "order.yaml" });
assert.ok(definition?.plan !== undefined);
const profile = new RunPlan(definition.plan, definition.hash).profile(0, "", false);
const task = {
  ...{ kind: "offer_task" as const, profile, taskId: "charge", input: undefined, attempt: 1, readyMs: 0 },
  ...{ totalDueMs: 0, details: undefined, saved: undefined, onlyAgents: [], notAgents: [] },
  facts: { labels: {}, priority: 0, dueMs: 0 },
};

async function* unserved(): AsyncGenerator<never> {}

/** Opens the process that owns the pool. It accepts offers if the caller is allowed. */
async function open(listen: string, mayOffer: () => boolean): Promise<Mesh> {
  const mesh = new Mesh({
    foundation,
    settings: { transport: "grpc", listen },
    gate: {
      authorizer: {
        authorize: (_principal, { action }) =>
          mayOffer() ? { allowed: true } : { allowed: false, reason: `no policy allows ${action}` },
      },
    },
  });
  mesh.serve(
    dispatchService,
    {
      relay: unserved,
      listLinks: unserved,
      tellLinks: unserved,
      async *offer(requests) {
        for await (const { hello } of requests)
          if (hello !== undefined) yield OfferReply.fromPartial({ welcome: {} });
      },
    },
    { service: "swarm" },
  );
  await mesh.start();
  return mesh;
}

it("the obstacle between tasks and their pool is known while it lasts and afterwards: a policy, a lost owner, an open breaker", async () => {
  let mayOffer = false;
  let owner = await open("127.0.0.1:0", () => mayOffer);
  const { address } = owner;
  const ownership = new MemoryOwnership({ fallback: () => ({ instance: "swarm-1", address, epoch: 1 }) });
  const breaker = { volume: 3, openMs: 2_000 };
  const mesh = new Mesh({ foundation, ownership, settings: { transport: "grpc", breaker } });
  const unwanted = () => assert.fail("nothing comes of it here");
  const settlement = {
    ...{
      result: unwanted,
      started: unwanted,
      progress: unwanted,
      partialOutput: unwanted,
      refused: unwanted,
    },
    unclaimed: unwanted,
  };
  const dispatcher = new Dispatcher({
    dispatch: mesh.client(dispatchService),
    settlement,
    foundation,
    instanceId: "inst_1",
    sharedPools: [],
    tokens: new TokenCipher(new Uint8Array(tokenKeyBytes)),
    origin: { service: "workflow", workKind: "run" },
  });
  const outages = () => dispatcher.outagesAt("default", "default", 0);
  const present = () => outages().find(({ toMs }) => toMs === undefined);
  const until = async (condition: string, isSo: () => boolean) => {
    for (let waited = 0; !isSo(); waited += 10) {
      assert.ok(waited < 20_000, `waited for ${condition}, found ${JSON.stringify(outages())}`);
      await testPause(10);
    }
  };
  try {
    const token = { partition: 0, incarnation: 1, number: 4, attempt: 1 };
    const key = { namespace: "default", kind: "run", id: "run-1" };
    dispatcher.offer({ key, token, isRecovered: false, cause: undefined, effect: task }, task);
    await until("the policy", () => present()?.cause === WAIT_CAUSE_POLICY);
    assert.match(present()?.message ?? "", /no policy allows swarm\.offers\.exchange/);
    await testPause(50);
    mayOffer = true;
    await until("what is offered to be taken", () => present() === undefined);
    await owner.stop();
    await until("the lost owner", () => present()?.cause === WAIT_CAUSE_OWNER);
    await until("the lost owner", () => present()?.cause === WAIT_CAUSE_OWNER);
    const pools = mesh.client(poolService);
    const request = GetPoolRequest.fromPartial({ pool: "default" });
    // Other callers of the owner notice the outage too, which opens the breaker.
    await until("the open breaker", () => {
      pools.getPool(request, { timeoutMs: 1_000 }).catch(() => {});
      return present()?.cause === WAIT_CAUSE_BREAKER;
    });
    await testPause(50);
    owner = await open(address, () => mayOffer);
    await until("the owner to be back", () => present() === undefined);
    const causes = new Set(outages().map(({ cause }) => cause));
    assert.deepEqual(causes, new Set([WAIT_CAUSE_POLICY, WAIT_CAUSE_OWNER, WAIT_CAUSE_BREAKER]));
    for (const { fromMs, toMs = 0, waitedMs } of outages()) assert.equal(waitedMs, toMs - fromMs);
    assert.deepEqual(dispatcher.outagesAt("default", "default", Date.now()), []);
  } finally {
    await dispatcher.stop();
    await mesh.stop();
    await owner.stop();
  }
});
