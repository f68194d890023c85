/** A scaler's plan for the night in a whole swarm process under virtual time, with real workers that a webhook starts. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, it } from "node:test";
import { AgentState } from "@tutti/contracts/agent/v1";
import { agentService, Scaler, scalerService } from "@tutti/contracts/swarm/v1";
import { sleep, systemFoundation } from "@tutti/kernel";
import { recordingLogger } from "@tutti/kernel/testing";
import { Worker } from "@tutti/sdk";
import { numberOf } from "./support/raw-agent.ts";
import { Sender } from "./support/sender.ts";
import { SwarmHost } from "./support/swarm-host.ts";

const real = systemFoundation();
const namespace = "crew";
const tenMs = Date.parse("2026-01-01T22:00:00Z");
const launchVariable = "TUTTI_LAUNCH_ID";

let swarm: SwarmHost;
const workers: Worker[] = [];
const server = createServer(async (request, response) => {
  let text = "";
  for await (const piece of request) text += piece;
  const { wanted, launchId } = JSON.parse(text);
  process.env[launchVariable] = launchId;
  while (workers.length < wanted) startWorker();
  response.end();
});

function startWorker(): void {
  const { time } = swarm;
  const worker = new Worker(
    {
      address: swarm.address,
      namespace,
      agentId: `crew-${workers.length + 1}`,
      slots: 1,
      handleSignals: false,
    },
    { clock: time, timers: time, logger: recordingLogger() },
  );
  worker.handle("test.echo", async (input) => {
    await sleep(time, 3_000);
    return input;
  });
  workers.push(worker);
  void worker.start();
}

/** Virtual time continues while the network has real time. */
async function until(description: string, isReached: () => Promise<boolean> | boolean): Promise<void> {
  for (let attempts = 0; !(await isReached()); attempts++) {
    assert.ok(attempts < 2_000, `still waiting for ${description}`);
    await swarm.pass(100);
    await sleep(real.timers, 1);
  }
}

before(async () => {
  swarm = await SwarmHost.start("--swarm.scaling.privateWebhooks=true");
  swarm.time.jumpWallClock(tenMs - 20_000 - swarm.time.now());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
after(async () => {
  let areOver = false;
  void Promise.all(workers.map((worker) => worker.stop())).then(() => {
    areOver = true;
  });
  await until("the end of the workers", () => areOver);
  await swarm?.[Symbol.asyncDispose]();
  server.close();
  delete process.env[launchVariable];
});

it("at 22:00 all agents finish their tasks and sleep, the first task wakes one, and nothing is lost", async () => {
  const changes: { readonly agent: string; readonly event: string; readonly atMs: number }[] = [];
  const subscription = await swarm.host.bus.subscribe({
    pattern: "tutti.swarm.agent.>",
    handle: {
      each: ({ subject, type }) =>
        void changes.push({ agent: subject, event: type.split(".").at(-1) ?? "", atMs: swarm.time.now() }),
    },
  });
  const sender = new Sender(swarm.host.mesh, { namespace });
  const ended = () => sender.replies.flatMap(({ results }) => results);
  const countIn = async (expected: AgentState) => {
    const query = { namespace, filter: undefined, page: undefined, ownedBeside: "" };
    const { agents } = await swarm.host.mesh.client(agentService).listAgents(query);
    return agents.filter(({ state }) => state === expected).length;
  };
  const { port } = server.address() as AddressInfo;
  await swarm.host.mesh.client(scalerService).createScaler({
    namespace,
    scaler: Scaler.fromPartial({
      ...{ scalerId: "crew", capabilities: ["test.echo"], minAgents: 3, maxAgents: 5 },
      ...{ idleMs: 10_000, coolDownMs: 10_000, sleepInstead: true },
      windows: [{ begin: "0 22 * * *", end: "0 6 * * *" }],
      driver: { $case: "webhook", value: { url: `http://127.0.0.1:${port}/` } },
    }),
  });
  await until("three", async () => (await countIn(AgentState.AGENT_STATE_READY)) === 3);
  await until("the last second of the day", () => swarm.time.now() >= tenMs - 1_000);
  sender.offer([1, 2, 3]);

  await until("the night", async () => (await countIn(AgentState.AGENT_STATE_ASLEEP)) === 3);
  assert.equal(ended().length, 3, "work started by day is done");
  const asleep = changes.filter(({ event }) => event === "asleep");
  assert.deepEqual(asleep.map(({ agent }) => agent).sort(), ["crew-1", "crew-2", "crew-3"]);
  assert.ok(
    asleep.every(({ atMs }) => atMs >= tenMs),
    "nobody slept before 22:00",
  );

  changes.length = 0;
  await until("half a minute later", () => swarm.time.now() >= tenMs + 30_000);
  assert.deepEqual(changes, [], "all sleep on");
  sender.offer([4, 5, 6]);
  await until("what came by night", () => ended().length === 6);
  await until("sleep again", async () => (await countIn(AgentState.AGENT_STATE_ASLEEP)) === 3);
  assert.equal(new Set(changes.map(({ agent }) => agent)).size, 1, "one was woken, and no other");
  assert.equal(workers.length, 3, "and no worker was started for it");
  assert.deepEqual(
    ended()
      .map(({ token }) => numberOf(token))
      .sort(),
    [1, 2, 3, 4, 5, 6],
  );
  assert.ok(ended().every(({ outcome }) => outcome?.$case === "inlineOutput"));
  sender.close();
  await subscription.close();
});
