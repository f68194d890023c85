import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ComponentState, componentService, type ProcessComponents } from "@tutti/contracts/registry/v1";
import { type Component, degraded, Orchestrator } from "@tutti/kernel";
import { gate, testFoundation } from "@tutti/kernel/testing";
import { Mesh } from "@tutti/mesh";
import { componentHandlers, type KnownInstance } from "./component-handlers.ts";

const inProcess = { settings: { transport: "in-process" } } as const;

/** A process with services, each with a store. */
async function processOf(services: readonly string[], host: string, foundation = testFoundation()) {
  const root = new Orchestrator(host, foundation, { version: "1.2.0" });
  for (const name of services) {
    const service = new Orchestrator(name, foundation, { version: "1.2.0" });
    const store: Component = name === "swarm" ? { health: () => degraded("slow disk") } : {};
    service.register("store", store);
    root.register(name, service);
  }
  await root.start();
  await root.health();
  return root;
}

describe("the components of all processes", () => {
  const meshes = new Map<string, Mesh>();
  const roots: Orchestrator[] = [];
  const instances: KnownInstance[] = [];
  const foundation = testFoundation();
  const silent = gate();
  let registry: () => Promise<readonly KnownInstance[]> = async () => instances;

  async function open(services: readonly string[], address: string): Promise<void> {
    const root = await processOf(services, services.length > 1 ? "platform" : (services[0] ?? ""));
    const mesh = new Mesh({ ...inProcess, foundation });
    const handlers = componentHandlers({
      ...{ version: () => root.version, status: () => root.status(), clock: foundation.clock },
      ...{ services: () => services, address: () => address, instances: () => registry() },
      clientOf: (service) => (meshes.get(service) ?? mesh).client(componentService, { service }),
    });
    for (const service of services) {
      const answers = service === "intelligence" ? { listComponents: () => silent.pass() } : handlers;
      mesh.serve(componentService, answers as typeof handlers, { service });
      meshes.set(service, mesh);
    }
    await mesh.start();
    roots.push(root);
    for (const { id, service } of mesh.instances) instances.push({ id, service, address, version: "1.2.0" });
  }

  before(async () => {
    await open(["gateway", "workflow"], "one:7501");
    await open(["swarm"], "two:7501");
    instances.push({ id: "gone", service: "master", address: "three:7501", version: "1.2.0" });
  });
  after(async () => {
    silent.open();
    for (const mesh of meshes.values()) await mesh.stop();
    for (const root of roots) await root.stop();
  });

  const query = async (request: { service?: string; own?: boolean }) => {
    const client = meshes.get("gateway")?.client(componentService, { service: "gateway" });
    assert.ok(client);
    const listed = client.listComponents({ service: "", own: false, ...request });
    // A process that hangs or is gone is abandoned after its timeout.
    await foundation.time.advanceAsync(2_000);
    return (await listed).processes;
  };
  const pathsOf = ({ components }: ProcessComponents) => components.map(({ path }) => path);

  it("are trees: each component follows its parent, with its state", async () => {
    const [first, ...others] = await query({ own: true });
    assert.equal(others.length, 0);
    assert.deepEqual(first?.services, ["gateway", "workflow"]);
    assert.deepEqual(first && pathsOf(first), [
      "platform",
      "platform.gateway",
      "platform.gateway.store",
      "platform.workflow",
      "platform.workflow.store",
    ]);
    assert.deepEqual(
      first?.components.map(({ depth }) => depth),
      [0, 1, 2, 1, 2],
    );
    assert.ok(first?.components.every(({ state }) => state === ComponentState.COMPONENT_STATE_READY));
  });

  it("are those of every process, and an unreachable process is listed with its problem", async () => {
    const processes = await query({});
    assert.deepEqual(
      processes.map(({ services, address, problem }) => [services.join("+"), address, problem !== ""]),
      [
        ["gateway+workflow", "one:7501", false],
        ["master", "three:7501", true],
        ["swarm", "two:7501", false],
      ],
    );
    const store = processes[2]?.components.at(-1);
    assert.equal(store?.path, "swarm.swarm.store");
    assert.equal(store.state, ComponentState.COMPONENT_STATE_DEGRADED);
    assert.deepEqual([store.reason, store.failures, store.lastError], ["slow disk", 1, "slow disk"]);
    assert.deepEqual(store.lastErrorTime, store.sinceTime);
  });

  it("of one service exclude those of other services in the same process", async () => {
    assert.deepEqual((await query({ service: "workflow" })).map(pathsOf), [
      ["platform.workflow", "platform.workflow.store"],
    ]);
    assert.deepEqual((await query({ service: "swarm" })).map(pathsOf), [
      ["swarm.swarm", "swarm.swarm.store"],
    ]);
    assert.deepEqual(await query({ service: "none" }), []);
  });

  it("are only those of the answering process if the registry fails, with the problem", async () => {
    registry = async () => {
      throw new Error("no route");
    };
    const processes = await query({});
    registry = async () => instances;
    assert.deepEqual(
      processes.map(({ services }) => services.join("+")),
      ["gateway+workflow", "registry"],
    );
    assert.deepEqual([processes[0]?.problem, processes[1]?.components], ["", []]);
    assert.match(processes[1]?.problem ?? "", /^The registry does not answer: .*no route/);
  });

  it("arrive in time even if a process hangs", async () => {
    await open(["intelligence"], "four:7501");
    const [hanging] = await query({ service: "intelligence" });
    assert.deepEqual(hanging?.services, ["intelligence"]);
    assert.match(hanging?.problem ?? "", /./);
    assert.deepEqual(hanging?.components, []);
  });
});
