/** With a simulated engine at a real socket. Real engines are in `test/containers.nightly.ts`. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { ContainerDriver as ContainerSettings } from "@tutti/contracts/swarm/v1";
import { IdSource, systemFoundation } from "@tutti/kernel";
import { recordingLogger, seededChance, until } from "@tutti/kernel/testing";
import { ScriptedWindow } from "../../../../test/support/agent-window.ts";
import { FakeEngine } from "../../../../test/support/fake-engine.ts";
import { MortalTimers } from "../../../../test/support/mortal-timers.ts";
import { containerDriver } from "./container-driver.ts";
import { ContainerEngine } from "./engine.ts";
import { ownerIdIn } from "./labels.ts";
import { Strays } from "./strays.ts";

const real = systemFoundation();

describe("agents as containers", () => {
  let directory = "";
  let socket = "";
  let engine: FakeEngine;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "containers-"));
    socket = join(directory, "engine.sock");
  });
  after(() => rm(directory, { recursive: true }));
  beforeEach(async () => {
    engine = new FakeEngine();
    await engine.listen(socket);
  });
  afterEach(() => engine.close());

  interface Overrides {
    readonly settings?: Parameters<typeof ContainerSettings.fromPartial>[0];
    readonly quarantineAfter?: number;
    readonly ownerId?: string;
    readonly pull?: "missing" | "never";
  }

  function driverOf({ settings, quarantineAfter = 3, ownerId = "keeper", pull = "missing" }: Overrides = {}) {
    const agents = new ScriptedWindow();
    const timers = new MortalTimers(real.timers);
    const logger = recordingLogger();
    const chance = { ...seededChance(1), random: () => 0 };
    const driver = containerDriver({
      ...{ scalerId: "crew", agents, joinMs: 60_000, crashes: new Map(), ownerId },
      quarantineAfter: () => quarantineAfter,
      engine: new ContainerEngine(socket, timers),
      allowed: { sockets: [socket], images: ["*"], network: "host", pull },
      settings: ContainerSettings.fromPartial({ image: "crew:1", stopMs: 500, ...settings }),
      agentPool: { address: "10.0.0.1:7401", namespace: "default", pool: "gpu", accessToken: "secret" },
      foundation: { ...real, timers, chance, logger },
      ids: new IdSource({ clock: real.clock, chance: seededChance(Number(real.clock.now()) % 1e6) }),
    });
    const linesOf = () => logger.lines.map(({ message }) => message);
    return { driver, agents, linesOf, kill: () => timers.kill() };
  }

  const containerOf = (agentId: string) => {
    const found = engine.running.get(agentId);
    assert.ok(found !== undefined, `no container of ${agentId} runs`);
    return found;
  };

  it("start as many as requested, with their identity and only the granted rights", async () => {
    const { driver } = driverOf({
      settings: {
        ...{ arguments: ["--fast"], environment: { MINE: "yes" } },
        limits: { cpu: 0.5, memory_bytes: 2 ** 27 },
      },
    });
    driver.setCount(2, "");
    await until("both", () => engine.running.size === 2);
    const { spec } = containerOf("crew-1");
    const environment = Object.fromEntries(spec.Env.map((text) => text.split("=", 2)));
    const { TUTTI_LAUNCH_ID: launchId, ...rest } = environment;
    assert.deepEqual(rest, {
      MINE: "yes",
      TUTTI_ACCESS_TOKEN: "secret",
      TUTTI_ADDRESS: "10.0.0.1:7401",
      TUTTI_NAMESPACE: "default",
      TUTTI_POOL: "gpu",
      TUTTI_AGENT_ID: "crew-1",
    });
    assert.match(launchId ?? "", /^crew\./);
    assert.equal(spec.Labels["dev.tutti.launch"], launchId);
    assert.deepEqual(spec.Cmd, ["--fast"]);
    assert.deepEqual(spec.HostConfig, {
      ...{ NetworkMode: "host", NanoCpus: 5e8, Memory: 2 ** 27, CapDrop: ["ALL"] },
      ...{ SecurityOpt: ["no-new-privileges"], RestartPolicy: { Name: "no" } },
    });
    assert.deepEqual(driver.status(), { starting: 2, quarantined: 0, error: undefined });
    await driver.close("deleted");
    assert.equal(engine.containers.size, 0, "what has ended is removed");
  });

  it("drain before they receive SIGTERM, and are killed if they do not stop", async () => {
    const { driver, agents } = driverOf({ settings: { stopMs: 100 } });
    driver.setCount(1, "");
    await until("it", () => engine.running.size === 1);
    const container = containerOf("crew-1");
    container.isStubborn = true;
    agents.joined.set("crew-1", 0);
    driver.setCount(1, "");
    driver.setCount(0, "");
    await until("its end", () => agents.calls.includes("ended crew-1"));
    assert.deepEqual(container.signals, ["SIGTERM", "SIGKILL"]);
    assert.ok(agents.calls.indexOf("drain crew-1") < agents.calls.indexOf("ended crew-1"));
    await driver.close("left");
  });

  it("that crash name the reason, are restarted, and quarantined after too many crashes", async () => {
    const { driver, agents, linesOf } = driverOf({ quarantineAfter: 2 });
    driver.setCount(1, "");
    for (const time of [1, 2]) {
      await until(`start ${time}`, () => engine.running.size === 1);
      const container = containerOf("crew-1");
      container.lines = ["it begins", "no such model"];
      engine.exit(container, 3);
      await until(`end ${time}`, () => agents.calls.includes(`crashed crew-1: ${time}`));
    }
    assert.ok(
      agents.calls.includes(
        'quarantine crew-1: it ended with code 3, last output "no such model", 2 times in a row',
      ),
    );
    assert.ok(linesOf().includes("it begins"), "what it printed is in the log");
    assert.equal(driver.status().quarantined, 1);
    assert.equal(engine.containers.size, 0);
    driver.release("crew-1");
    await until("it runs again", () => engine.running.size === 1);
    containerOf("crew-1").isOutOfMemory = true;
    engine.exit(containerOf("crew-1"), 137);
    await until("the report", () => /want of memory/.test(driver.status().error?.message ?? ""));
    await driver.close("left");
  });

  it("pull a missing image, or report what to do", async () => {
    engine.afar.add("afar:latest");
    const pulled = driverOf({ settings: { image: "afar:latest" } });
    pulled.driver.setCount(1, "");
    await until("it", () => engine.running.size === 1);
    await pulled.driver.close("left");
    const lacking = driverOf({ settings: { image: "nowhere:5000/none" }, quarantineAfter: 1 });
    lacking.driver.setCount(1, "");
    await until("quarantine", () => lacking.driver.status().quarantined === 1);
    assert.match(
      lacking.driver.status().error?.message ?? "",
      /Image nowhere:5000\/none is not available: manifest unknown\. Pull it to this machine/,
    );
    await lacking.driver.close("left");
    assert.deepEqual(engine.pulled, ["afar:latest", "nowhere:5000/none:latest"]);
    const forbidden = driverOf({ settings: { image: "none" }, quarantineAfter: 1, pull: "never" });
    forbidden.driver.setCount(1, "");
    await until("quarantine", () => forbidden.driver.status().quarantined === 1);
    await forbidden.driver.close("left");
    assert.equal(engine.pulled.length, 2);
  });

  it("that the engine refuses leave nothing behind, and report the reason", async () => {
    engine.refusal = "no space left on device";
    const { driver } = driverOf({ quarantineAfter: 1 });
    driver.setCount(1, "");
    await until("quarantine", () => driver.status().quarantined === 1);
    assert.match(driver.status().error?.message ?? "", /no space left on device \(status 500\)/);
    assert.equal(engine.containers.size, 0);
    await driver.close("left");
  });

  it("wait for an engine that is silent, and blame no agent for it", async () => {
    await engine.close();
    const { driver, agents } = driverOf({ quarantineAfter: 1 });
    driver.setCount(1, "");
    await until("the report", () => driver.status().error?.code === "scaling.engine_silent");
    assert.match(driver.status().error?.message ?? "", /ENOENT.*\. Start Docker or Podman/);
    await engine.listen(socket);
    await until("it", () => engine.running.size === 1);
    await until("that all is well", () => driver.status().error === undefined);
    // The engine is restarted while a container runs: it is neither lost nor started twice.
    await engine.close();
    await until("the second report", () => driver.status().error !== undefined);
    await engine.listen(socket);
    await until("that it is well again", () => {
      driver.setCount(1, "");
      agents.joined.set("crew-1", 0);
      return driver.status().error === undefined || engine.containers.size !== 1;
    });
    assert.equal(engine.containers.size, 1);
    assert.ok(!agents.calls.some((line) => line.startsWith("crashed crew-1: 1")));
    await driver.close("left");
    assert.equal(engine.containers.size, 0);
  });

  it("of an earlier process are taken over, not started twice, and foreign containers are left alone", async () => {
    const killed = driverOf();
    killed.driver.setCount(2, "");
    const stranger = driverOf({ ownerId: "stranger" });
    stranger.driver.setCount(1, "");
    await until("all three", () => engine.containers.size === 3 && engine.running.size === 2);
    await until("that all run", () =>
      [...engine.containers.values()].every(({ state }) => state === "running"),
    );
    killed.kill();
    const before = [...engine.containers.keys()];
    const next = driverOf();
    next.driver.setCount(0, "nothing waits, as far as is known");
    await until("that they are known", () => next.driver.status().starting === 2);
    assert.deepEqual(
      [...engine.containers.keys()],
      before,
      "an agent that may be on the way to a new link stays",
    );
    next.driver.setCount(3, "");
    await until("one more", () => engine.containers.size === 4);
    for (const name of ["crew-1", "crew-2", "crew-3"]) next.agents.joined.set(name, 0);
    await until("that all have joined", () => {
      next.driver.setCount(3, "");
      return next.driver.status().starting === 0;
    });
    await next.driver.close("left");
    assert.equal(engine.containers.size, 1, "the stranger's");
    await stranger.driver.close("left");
  });

  it("of an earlier process with other settings are stopped and replaced", async () => {
    const killed = driverOf();
    killed.driver.setCount(1, "");
    await until("it", () => engine.running.size === 1);
    const old = containerOf("crew-1");
    killed.kill();
    const next = driverOf({ settings: { arguments: ["--new"] } });
    next.driver.setCount(1, "");
    await until("the new one", () =>
      [...engine.running.values()].some(({ spec }) => spec.Cmd?.[0] === "--new"),
    );
    await until("the end of the old one", () => !engine.containers.has(old.id));
    assert.deepEqual(old.signals, ["SIGTERM"]);
    await next.driver.close("left");
  });

  it("without an owner are asked to stop at the second check, and then removed", async () => {
    const { driver } = driverOf();
    driver.setCount(2, "");
    await until("both", () => engine.running.size === 2);
    const [owned, stray] = [containerOf("crew-1"), containerOf("crew-2")];
    stray.isStubborn = true;
    const strays = new Strays({
      engines: [new ContainerEngine(socket, real.timers)],
      ownerId: "keeper",
      logger: recordingLogger(),
      isOwned: (launchId) => launchId === owned.spec.Labels["dev.tutti.launch"],
    });
    await strays.check();
    assert.deepEqual(stray.signals, []);
    await strays.check();
    assert.deepEqual(stray.signals, ["SIGTERM"]);
    await strays.check();
    assert.ok(!engine.containers.has(stray.id));
    assert.ok(driver.holds(owned.spec.Labels["dev.tutti.launch"] ?? ""));
    assert.deepEqual(owned.signals, []);
    await driver.close("left");
  });

  it("are recognized by an owner id in the data directory", async () => {
    const created = await ownerIdIn(directory);
    assert.equal(await ownerIdIn(directory), created);
    assert.notEqual(await ownerIdIn(undefined), created);
  });
});
