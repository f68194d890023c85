/** Scalers by rpc, with a driver that starts nothing: stored, refused and shown settings. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { DeleteScalerRequest, Scaler, scalerService, UpdateScalerRequest } from "@tutti/contracts/swarm/v1";
import { isTuttiError } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import { SwarmHost } from "./support/swarm-host.ts";

type ScalerFields = Parameters<typeof Scaler.fromPartial>[0];

const waiting = {
  $case: "process" as const,
  value: { command: ["node", "-e", "setInterval(() => {}, 1000)"] },
};

describe("scalers", () => {
  let swarm: SwarmHost;
  let scalers: Client<typeof scalerService>;
  before(async () => {
    swarm = await SwarmHost.start('--swarm.pools=["gpu"]', "--swarm.scaling.everyMs=1000");
    scalers = swarm.host.mesh.client(scalerService);
  });
  after(() => swarm[Symbol.asyncDispose]());

  const create = (fields: ScalerFields) =>
    scalers.createScaler({ namespace: "", scaler: Scaler.fromPartial({ driver: waiting, ...fields }) });
  const update = (changes: ScalerFields, fields: string[], revision = "") =>
    scalers.updateScaler(
      UpdateScalerRequest.fromPartial({
        scaler: { driver: waiting, ...changes },
        update: { fields, revision },
      }),
    );
  const codeOf = async (call: Promise<unknown>) => {
    try {
      await call;
    } catch (error) {
      if (isTuttiError(error)) return `${error.status} ${error.code}`;
      throw error;
    }
    return "";
  };

  it("are created, shown with their status, listed in order, updated, and deleted", async () => {
    const created = await create({ scalerId: "night", pool: "gpu", maxAgents: 4, paused: true });
    assert.deepEqual(
      [created.existed, created.scaler?.pool, created.scaler?.status?.wanted],
      [false, "gpu", 0],
    );
    assert.equal(
      (await create({ scalerId: "night", pool: "gpu", maxAgents: 4, paused: true })).existed,
      true,
    );
    assert.match(await codeOf(create({ scalerId: "night", pool: "gpu", maxAgents: 5 })), /^ALREADY_EXISTS/);
    await create({ scalerId: "day", paused: true });
    const named = async (pool: string) =>
      (await scalers.listScalers({ namespace: "", pool, page: undefined })).scalers.map(
        (scaler) => `${scaler.pool}/${scaler.scalerId}`,
      );
    assert.deepEqual(await named(""), ["default/day", "gpu/night"]);
    assert.deepEqual(await named("gpu"), ["gpu/night"]);
    const changed = await update({ scalerId: "night", pool: "gpu", minAgents: 1, maxAgents: 9 }, [
      "max_agents",
    ]);
    assert.deepEqual(
      [changed.scaler?.minAgents, changed.scaler?.maxAgents, changed.scaler?.paused],
      [0, 9, true],
    );
    const foreseeing = await update({ scalerId: "night", pool: "gpu", useForecast: true }, ["use_forecast"]);
    assert.deepEqual([foreseeing.scaler?.useForecast, foreseeing.scaler?.maxAgents], [true, 9]);
    assert.match(await codeOf(update({ scalerId: "night", pool: "gpu", maxAgents: 7 }, [], "1")), /^ABORTED/);
    const request = DeleteScalerRequest.fromPartial({ pool: "gpu", scalerId: "night" });
    assert.equal((await scalers.deleteScaler(request)).removed, true);
    assert.equal((await scalers.deleteScaler(request)).removed, false);
    const read = scalers.getScaler({ namespace: "", pool: "gpu", scalerId: "night" });
    assert.equal(await codeOf(read), "NOT_FOUND scaling.scaler_unknown");
  });

  for (const [title, fields, expected] of [
    ["more at least than the usual most", { minAgents: 194_428 }, "INVALID_ARGUMENT scaling.scaler_invalid"],
    ["more processes than a machine has", { maxAgents: 1_001 }, "INVALID_ARGUMENT scaling.scaler_invalid"],
    ["more at least than at most", { minAgents: 3, maxAgents: 2 }, "INVALID_ARGUMENT scaling.scaler_invalid"],
    [
      "a window that is none",
      { windows: [{ begin: "x", end: "0 6 * * *" }] },
      "INVALID_ARGUMENT scaling.scaler_invalid",
    ],
    [
      "containers, which are not allowed",
      { driver: { $case: "container" as const, value: { image: "worker" } } },
      "FAILED_PRECONDITION scaling.containers_refused",
    ],
    [
      "an image that is none",
      { driver: { $case: "container" as const, value: { image: "--privileged" } } },
      "INVALID_ARGUMENT scaling.scaler_invalid",
    ],
    [
      "Kubernetes, which is not allowed",
      { driver: { $case: "kubernetes" as const, value: { kind: "Deployment", name: "worker" } } },
      "FAILED_PRECONDITION scaling.kubernetes_disabled",
    ],
    [
      "a workload of Kubernetes that has no replicas",
      { driver: { $case: "kubernetes" as const, value: { kind: "Job", name: "worker" } } },
      "INVALID_ARGUMENT scaling.scaler_invalid",
    ],
    [
      "a name that leads elsewhere in Kubernetes",
      { driver: { $case: "kubernetes" as const, value: { kind: "Deployment", name: "../secrets/x" } } },
      "INVALID_ARGUMENT scaling.scaler_invalid",
    ],
    [
      "a webhook into a private network",
      { driver: { $case: "webhook" as const, value: { url: "https://10.0.0.1/" } } },
      "PERMISSION_DENIED scaling.webhook_refused",
    ],
  ] satisfies [string, ScalerFields, string][])
    it(`are refused with ${title}`, async () => {
      assert.equal(await codeOf(create({ scalerId: "refused", ...fields })), expected);
      const read = scalers.getScaler({ namespace: "", pool: "", scalerId: "refused" });
      assert.equal(await codeOf(read), "NOT_FOUND scaling.scaler_unknown", "nothing of it is kept");
    });

  it("start containers only with allowed sockets and images, and only if they can reach this process", async () => {
    const allowed = [
      '--swarm.scaling.containers.sockets=["/run/one.sock","/run/two.sock"]',
      '--swarm.scaling.containers.images=["registry.example.com/agents/*","crew"]',
    ];
    await using isolated = await SwarmHost.start(...allowed);
    await using shared = await SwarmHost.start(...allowed, "--swarm.scaling.containers.network=host");
    const createIn = async ({ host }: SwarmHost, value: object) => {
      const scaler = Scaler.fromPartial({
        ...{ scalerId: "crew", paused: true },
        driver: { $case: "container", value: { image: "crew", ...value } },
      });
      const call = host.mesh.client(scalerService).createScaler({ namespace: "", scaler });
      return call.then(
        () => "",
        ({ message }: Error) => message,
      );
    };
    assert.match(
      await createIn(isolated, {}),
      /it would not reach 127\.0\.0\.1.*containers\.network` to host/,
    );
    assert.match(await createIn(shared, { socket: "/run/docker.sock" }), /Use one of .*\/run\/one\.sock/);
    assert.match(await createIn(shared, { image: "evil/crew" }), /the image evil\/crew/);
    assert.match(
      await createIn(shared, { limits: { gpu: 1 } }),
      /limits of cpu and memory_bytes, got one of gpu/,
    );
    assert.match(await createIn(shared, { limits: { cpu: 0 } }), /above 0/);
    const image = "registry.example.com/agents/crew:3";
    assert.equal(await createIn(shared, { image, socket: "/run/two.sock", limits: { cpu: 0.5 } }), "");
  });

  it("start no local processes if other machines can call the service", async () => {
    await using open = await SwarmHost.start("--mesh.listen=0.0.0.0:0", "--mesh.allowUnprotected=true");
    const there = open.host.mesh.client(scalerService);
    const call = there.createScaler({
      namespace: "",
      scaler: Scaler.fromPartial({ scalerId: "crew", driver: waiting }),
    });
    assert.equal(await codeOf(call), "FAILED_PRECONDITION scaling.processes_refused");
  });
});
