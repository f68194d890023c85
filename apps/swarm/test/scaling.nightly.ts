/** Scalers that start real workers, in real time. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { AgentState, Hold } from "@tutti/contracts/agent/v1";
import {
  type Agent,
  agentService,
  Scaler,
  scalerService,
  UpdateScalerRequest,
} from "@tutti/contracts/swarm/v1";
import { ServiceHost } from "@tutti/host";
import { memorySources } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { swarm } from "../src/service.ts";
import { numberOf } from "./support/raw-agent.ts";
import { Sender } from "./support/sender.ts";

const here = dirname(fileURLToPath(import.meta.url));
const command = [process.execPath, join(here, "programs", "worker.ts")];

describe("a scaler with real workers", () => {
  let directory = "";
  let host: ServiceHost;
  const published: string[] = [];
  let subscription: { close(): Promise<void> };
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "scaling-"));
    const sources = memorySources({
      arguments: [
        ...["--mesh.listen=127.0.0.1:0", "--operations.port=0", "--log.level=fatal"],
        "--swarm.scaling.everyMs=100",
        "--swarm.pool.window=10000",
      ],
    });
    host = await ServiceHost.open({
      ...{ name: "swarm", version: "0.1.0", services: [swarm], sources },
      dataDirectory: () => directory,
    });
    await host.start();
    subscription = await host.bus.subscribe({
      pattern: "tutti.swarm.>",
      handle: {
        each: ({ namespace: of, subject, type }) => {
          if (of === namespace) published.push(`${subject} ${type.split(".").slice(-2).join(" ")}`);
        },
      },
    });
  });
  after(async () => {
    await subscription?.close();
    await host?.stop();
    await rm(directory, { recursive: true });
  });

  let names = 0;
  let namespace = "";
  let sender: Sender;
  beforeEach(() => {
    namespace = `crew-${++names}`;
    published.length = 0;
    sender = new Sender(host.mesh, { namespace });
  });
  afterEach(async () => {
    sender.close();
    await scalers().deleteScaler({ namespace, pool: "", scalerId: "crew", reason: "" });
    await until("all to have ended", async () => (await own()).length === 0);
  });

  const scalers = () => host.mesh.client(scalerService);
  const agents = () => host.mesh.client(agentService);
  type ScalerFields = Parameters<typeof Scaler.fromPartial>[0];
  const create = (fields: ScalerFields = {}) =>
    scalers().createScaler({
      namespace,
      scaler: Scaler.fromPartial({
        ...{ scalerId: "crew", maxAgents: 2, idleMs: 300, coolDownMs: 100, targetWaitMs: 300 },
        driver: { $case: "process", value: { command, stopMs: 5_000 } },
        ...fields,
      }),
    });
  const statusOf = async () =>
    (await scalers().getScaler({ namespace, pool: "", scalerId: "crew" })).scaler?.status;
  const own = async (): Promise<Agent[]> =>
    (
      await agents().listAgents({ namespace, filter: undefined, page: undefined, ownedBeside: "" })
    ).agents.filter(({ scalerId }) => scalerId === "crew");
  const input = (value: object) => Buffer.from(JSON.stringify(value));
  const ended = () => sender.replies.flatMap(({ results }) => results);

  it("starts one worker for the first task, more for many tasks, and none remain at the end", async () => {
    await create();
    assert.equal((await own()).length, 0);
    sender.offer([1], { input: input({}) });
    await until("the first result", () => ended().length === 1);
    sender.offer(
      Array.from({ length: 60 }, (_, index) => index + 2),
      { input: input({ ms: 40 }) },
    );
    let most = 0;
    await until("all results", async () => {
      most = Math.max(most, (await own()).length);
      return ended().length === 61;
    });
    assert.ok(ended().every(({ outcome }) => outcome?.$case === "inlineOutput"));
    assert.equal(most, 2);
    await until("nobody", async () => (await own()).length === 0);
    const { scalings } = await scalers().listScalings({
      namespace,
      pool: "",
      scalerId: "crew",
      page: undefined,
    });
    assert.equal(scalings[0]?.wanted, 0);
    assert.deepEqual([scalings.at(-1)?.before, scalings.at(-1)?.wanted], [0, 1]);
    assert.ok(scalings.every(({ reason, wanted }) => reason !== "" && wanted <= 2));
    const scaled = published.filter((text) => text === "default pool scaled").length;
    assert.equal(scaled, scalings.length);
    for (const event of ["starting", "joined", "ready", "gone"])
      assert.ok(published.includes(`crew-1 agent ${event}`), `${event} among ${published.join()}`);
  });

  it("scales processes within their bounds for a burst of 10,000 tasks, and no task is lost or done twice", async () => {
    await create({ maxAgents: 3 });
    const tasks = Array.from({ length: 10_000 }, (_, index) => index + 1);
    const batchSize = 250;
    for (let from = 0; from < tasks.length; from += batchSize)
      sender.offer(tasks.slice(from, from + batchSize), { input: input({ ms: 1 }) });
    let most = 0;
    await until("all results", async () => {
      most = Math.max(most, (await own()).length);
      return ended().length >= tasks.length;
    });
    assert.equal(most, 3);
    await until("nobody", async () => (await own()).length === 0);
    assert.deepEqual(
      ended()
        .map(({ token }) => numberOf(token))
        .sort((one, other) => one - other),
      tasks,
    );
    assert.ok(ended().every(({ outcome }) => outcome?.$case === "inlineOutput"));
    const { scalings } = await scalers().listScalings({
      namespace,
      pool: "",
      scalerId: "crew",
      page: undefined,
    });
    assert.equal(Math.max(...scalings.map(({ wanted }) => wanted)), 3);
    assert.equal(scalings[0]?.wanted, 0);
    const counted = (event: string) => published.filter((text) => text.endsWith(` agent ${event}`)).length;
    await until("the end of each that was started", () => counted("gone") === counted("starting"));
  });

  it("restarts a killed worker, which then does the next task", async () => {
    await create({ minAgents: 1, maxAgents: 1 });
    await until("it", async () => (await own()).some(({ state }) => state === AgentState.AGENT_STATE_READY));
    sender.offer([1], { input: input({ crash: true }) });
    await until("the loss", () => ended().length === 1);
    const [lost] = ended();
    assert.equal(lost?.outcome?.$case === "failed" && lost.outcome.value.code, "matching.lost");
    await until("the next one", async () =>
      (await own()).some(({ state, crashes }) => state === AgentState.AGENT_STATE_READY && crashes === 1),
    );
    sender.offer([2], { input: input({}) });
    await until("the result", () => ended().length === 2);
  });

  it("quarantines a worker that always crashes, shows it, and starts it after its release", async () => {
    const broken = { command: [process.execPath, "-e", "process.exit(1)"], stopMs: 100 };
    await create({ minAgents: 1, maxAgents: 1, driver: { $case: "process", value: broken } });
    await until("quarantine", async () => (await statusOf())?.quarantined === 1);
    assert.equal((await statusOf())?.error?.code, "scaling.crashed");
    const agent = (await agents().getAgent({ namespace, pool: "", agentId: "crew-1" })).agent;
    assert.equal(agent?.hold, Hold.HOLD_QUARANTINED);
    const listed = await agents().listAgents({
      namespace,
      filter: undefined,
      page: undefined,
      ownedBeside: "",
    });
    assert.ok(
      listed.agents.some(({ agentId, hold }) => agentId === "crew-1" && hold === Hold.HOLD_QUARANTINED),
    );
    assert.match(agent?.holdCause?.reason ?? "", /ended with code 1, 5 times in a row/);
    await scalers().updateScaler(
      UpdateScalerRequest.fromPartial({
        namespace,
        scaler: { scalerId: "crew", driver: { $case: "process", value: { command } } },
        update: { fields: ["driver"] },
      }),
    );
    await agents().releaseAgent({ namespace, pool: "", agentId: "crew-1", reason: "mended" });
    await until("it", async () => (await own()).some(({ state }) => state === AgentState.AGENT_STATE_READY));
  });

  it("puts its agents to sleep instead of stopping them, and wakes them for the next task", async () => {
    await create({ sleepInstead: true });
    sender.offer([1], { input: input({}) });
    await until("the first result", () => ended().length === 1);
    await until("sleep", async () => (await statusOf())?.asleep === 1);
    sender.offer([2], { input: input({}) });
    await until("the second result", () => ended().length === 2);
    assert.equal(published.filter((text) => text === "crew-1 agent starting").length, 1);
    assert.ok(published.includes("crew-1 agent asleep"));
  });
});
