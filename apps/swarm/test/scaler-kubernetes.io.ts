/** A scaler of a Kubernetes workload continues after the owner of its pool has changed. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { Scaler, scalerService } from "@tutti/contracts/swarm/v1";
import { ServiceHost } from "@tutti/host";
import { memorySources } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { swarm } from "../src/service.ts";
import { FakeKubernetes } from "./support/fake-kubernetes.ts";
import { Sender } from "./support/sender.ts";

it("the next owner of a pool leaves the replicas of a workload unchanged until it has observed its agents", async () => {
  const folder = await mkdtemp(join(tmpdir(), "scaler-kubernetes-"));
  const api = await FakeKubernetes.start(folder);
  const { server, credentials } = api.settings;
  const start = async () => {
    const host = await ServiceHost.open({
      ...{ name: "swarm", version: "0.1.0", services: [swarm] },
      sources: memorySources({
        arguments: [
          ...["--mesh.listen=127.0.0.1:0", "--operations.port=0", "--log.level=fatal"],
          ...["--swarm.scaling.everyMs=50", "--swarm.scaling.kubernetes.enabled=true"],
          `--swarm.scaling.kubernetes.server=${server}`,
          `--swarm.scaling.kubernetes.credentials=${credentials}`,
        ],
      }),
      dataDirectory: () => join(folder, "data"),
    });
    await host.start();
    return host;
  };
  let host = await start();
  try {
    const workload = api.addWorkload("deployments/agents/crew", "default/default/crew");
    const replicas: number[] = [];
    api.beforePatch = () => void replicas.push(workload.replicas);
    await host.mesh.client(scalerService).createScaler({
      namespace: "",
      scaler: Scaler.fromPartial({
        scalerId: "crew",
        driver: { $case: "kubernetes", value: { kind: "Deployment", name: "crew" } },
      }),
    });
    const sender = new Sender(host.mesh, { namespace: "default" });
    sender.offer([1], { input: Buffer.from("{}") });
    await until("an agent", () => workload.replicas === 1);
    sender.close();
    await host.stop();
    const before = api.requests.length;
    host = await start();
    await until("that it is looked at again", () => api.requests.length > before);
    const crew = { namespace: "", pool: "", scalerId: "crew" };
    const { scaler } = await host.mesh.client(scalerService).getScaler(crew);
    assert.equal(scaler?.status?.wanted, 1);
    assert.deepEqual([workload.replicas, replicas], [1, [0]], "nothing but the first change");
  } finally {
    await host.stop();
    await api.close();
    await rm(folder, { recursive: true });
  }
});
