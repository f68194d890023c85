/** Scalers that start containers of real workers, by the socket of a real Podman. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { ContainerDriver, Scaler, scalerService } from "@tutti/contracts/swarm/v1";
import { ServiceHost } from "@tutti/host";
import { IdSource, memorySources, systemFoundation } from "@tutti/kernel";
import { recordingLogger, until } from "@tutti/kernel/testing";
import { containerDriver } from "../src/scaling/drivers/container/container-driver.ts";
import { ContainerEngine } from "../src/scaling/drivers/container/engine.ts";
import { swarm } from "../src/service.ts";
import { ScriptedWindow } from "./support/agent-window.ts";
import { MortalTimers } from "./support/mortal-timers.ts";
import { Podman, podmanMissing } from "./support/podman.ts";
import { Sender } from "./support/sender.ts";

const real = systemFoundation();
const worker = join(dirname(fileURLToPath(import.meta.url)), "programs", "worker.ts");
const image = "localhost/crew:1";

describe("a scaler with containers of real workers", { skip: podmanMissing() }, () => {
  let directory = "";
  let podman: Podman;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "podman-"));
    podman = await Podman.start(directory);
    await podman.buildImage(image, join(directory, "root"), worker);
  });
  after(async () => {
    await podman[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  });

  it("starts a container for a task, reports the exit of a crashed one, and leaves none behind", async () => {
    const host = await ServiceHost.open({
      ...{ name: "swarm", version: "0.1.0", services: [swarm] },
      sources: memorySources({
        arguments: [
          ...["--mesh.listen=127.0.0.1:0", "--operations.port=0", "--log.level=fatal"],
          `--swarm.scaling.containers.sockets=["${podman.socket}"]`,
          ...["--swarm.scaling.containers.network=host", "--swarm.scaling.everyMs=100"],
        ],
      }),
      dataDirectory: () => join(directory, "data"),
    });
    await host.start();
    const scalers = host.mesh.client(scalerService);
    const sender = new Sender(host.mesh, { namespace: "default" });
    try {
      await scalers.createScaler({
        namespace: "",
        scaler: Scaler.fromPartial({
          ...{ scalerId: "crew", maxAgents: 2, idleMs: 1_000, coolDownMs: 500 },
          driver: {
            $case: "container",
            value: { image, limits: { memory_bytes: 2 ** 29 }, stopMs: 10_000 },
          },
        }),
      });
      const input = (value: object) => Buffer.from(JSON.stringify(value));
      sender.offer([1], { input: input({}) });
      const results = () => sender.replies.flatMap((reply) => reply.results);
      await until("the first result", () => results().length === 1);
      assert.equal(results()[0]?.outcome?.$case, "inlineOutput");
      assert.deepEqual([...podman.containers().keys()], ["crew-1"]);
      sender.offer([2], { input: input({ crash: true }) });
      await until("what became of it", () => results().length === 2);
      const outcome = results()[1]?.outcome;
      assert.match(JSON.stringify(outcome), /crew-1.*its program ended with code 7/);
      assert.doesNotMatch(JSON.stringify(outcome), /linked/, "what it printed is not for who sent the task");
      await until("nobody", () => podman.containers().size === 0);
    } finally {
      sender.close();
      await host.stop();
    }
    assert.equal(podman.run("ps", "--all", "--quiet").trim(), "", "what has ended is removed");
  });

  it("takes over containers of a killed process, and stops containers with outdated settings", async () => {
    const driverOf = (args: readonly string[]) => {
      const agents = new ScriptedWindow();
      const timers = new MortalTimers(real.timers);
      const driver = containerDriver({
        ...{ scalerId: "crew", agents, joinMs: 60_000, crashes: new Map(), ownerId: "keeper" },
        quarantineAfter: () => 3,
        engine: new ContainerEngine(podman.socket, timers),
        allowed: { sockets: [podman.socket], images: ["*"], network: "host", pull: "never" },
        settings: ContainerDriver.fromPartial({ image, arguments: [...args], stopMs: 5_000 }),
        agentPool: { address: "127.0.0.1:1", namespace: "default", pool: "gpu", accessToken: "" },
        foundation: { ...real, timers, logger: recordingLogger() },
        ids: new IdSource(real),
      });
      return { driver, agents, kill: () => timers.kill() };
    };
    const killed = driverOf([]);
    killed.driver.setCount(2, "");
    await until("both", () => podman.containers().size === 2);
    killed.kill();
    const before = podman.containers();
    const next = driverOf([]);
    next.driver.setCount(2, "");
    await until("that they are known", () => next.agents.calls.length === 2);
    assert.deepEqual(podman.containers(), before);
    next.kill();
    const changed = driverOf(["--other"]);
    changed.driver.setCount(1, "");
    await until("another one alone", () => {
      const now = podman.containers();
      return now.size === 1 && ![...before.values()].some((id) => [...now.values()].includes(id));
    });
    await changed.driver.close("left");
    assert.equal(podman.containers().size, 0);
  });
});
