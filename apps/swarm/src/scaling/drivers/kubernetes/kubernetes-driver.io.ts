/** With a server that has versions, rights and tokens like Kubernetes, over TLS. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { KubernetesDriver as KubernetesSettings } from "@tutti/contracts/swarm/v1";
import { systemFoundation } from "@tutti/kernel";
import { recordingLogger, seededChance, until } from "@tutti/kernel/testing";
import { FakeKubernetes } from "../../../../test/support/fake-kubernetes.ts";
import { KubernetesApi } from "./api.ts";
import { kubernetesDriver } from "./kubernetes-driver.ts";

const real = systemFoundation();

describe("a Kubernetes workload with a replica for each requested agent", () => {
  let folder = "";
  let api: FakeKubernetes;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "kubernetes-"));
    api = await FakeKubernetes.start(folder);
  });
  afterEach(async () => {
    await api.close();
    await rm(folder, { recursive: true });
  });

  function open(settings: Parameters<typeof KubernetesSettings.fromPartial>[0] = {}) {
    // Periodic checks are made faster. The timeout of an answer is unchanged.
    const hurried = (ms: number) => (ms === 10_000 ? ms : ms / 50);
    const timers = {
      ...real.timers,
      after: (ms: number, call: () => void) => real.timers.after(hurried(ms), call),
    };
    return kubernetesDriver({
      ...{ namespace: "default", pool: "gpu", scalerId: "crew" },
      settings: KubernetesSettings.fromPartial({ kind: "Deployment", name: "crew", ...settings }),
      api: new KubernetesApi(api.settings),
      foundation: {
        ...real,
        timers,
        chance: { ...seededChance(1), random: () => 0 },
        logger: recordingLogger(),
      },
    });
  }

  const ours = "default/gpu/crew";

  it("follows the requested number, counts starting agents, and is corrected after another client changes it", async () => {
    const workload = api.addWorkload("deployments/agents/crew", ours);
    const driver = open();
    driver.setCount(3, "3 tasks wait");
    await until("the replicas", () => workload.replicas === 3);
    await until("that they are on their way", () => driver.status().starting === 3);
    workload.ready = 2;
    await until("that two are there", () => driver.status().starting === 1);
    workload.ready = 3;
    await until("that all are", () => driver.status().starting === 0);
    workload.replicas = 7;
    workload.version++;
    await until("that it is as it was", () => workload.replicas === 3);
    await driver.close("left");
    assert.equal(workload.replicas, 3, "it continues elsewhere");
    assert.deepEqual(
      [...new Set(api.requests)],
      ["get deployments agents/crew", "patch deployments/scale agents/crew"],
    );
  });

  it("has none when its scaler is deleted", async () => {
    const workload = api.addWorkload("statefulsets/other/crew", ours);
    api.rights.add("patch statefulsets/scale");
    const driver = open({ kind: "StatefulSet", clusterNamespace: "other" });
    driver.setCount(2, "");
    await until("the replicas", () => workload.replicas === 2);
    await driver.close("deleted");
    assert.equal(workload.replicas, 0);
  });

  it("is read again when another client was quicker, and a permanent conflict is reported", async () => {
    const workload = api.addWorkload("deployments/agents/crew", ours);
    let quicker = 2;
    api.beforePatch = (found) => {
      if (quicker-- > 0) found.version++;
    };
    const driver = open();
    driver.setCount(2, "");
    await until("the replicas", () => workload.replicas === 2);
    assert.equal(driver.status().error, undefined);
    quicker = Number.POSITIVE_INFINITY;
    driver.setCount(4, "");
    await until("the report", () => driver.status().error !== undefined);
    assert.match(
      driver.status().error?.message ?? "",
      /another client changed them 5 times\. .*HorizontalPodAutoscaler/,
    );
    await driver.close("left");
    assert.equal(workload.replicas, 2);
  });

  for (const [title, prepare, expected] of [
    [
      "is not there",
      () => api.workloads.clear(),
      /Deployment crew in agents is not assigned to this scaler: it does not exist\. Create it/,
    ],
    [
      "does not say that it is",
      () => void api.addWorkload("deployments/agents/crew"),
      /the annotation tutti\.dev\/scaler is missing\. .*kubectl --namespace agents annotate deployment crew tutti\.dev\/scaler=default\/gpu\/crew/,
    ],
    [
      "is another one's",
      () => void api.addWorkload("deployments/agents/crew", "other/gpu/crew"),
      /belongs to other\/gpu\/crew/,
    ],
    [
      "may not be read",
      () => void api.rights.delete("get deployments"),
      /\(get deployments crew in agents\): User "swarm" cannot get .*status 403.*Role in agents with \{apiGroups: \[apps\], resources: \[deployments\], verbs: \[get\]\}/,
    ],
    [
      "may not be scaled",
      () => void api.rights.delete("patch deployments/scale"),
      /resources: \[deployments\/scale\], verbs: \[patch\]/,
    ],
  ] as const)
    it(`is left alone when it ${title}, and the remedy is reported`, async () => {
      const workload = api.addWorkload("deployments/agents/crew", ours);
      prepare();
      const driver = open();
      driver.setCount(1, "");
      await until("the report", () => driver.status().error !== undefined);
      assert.match(driver.status().error?.message ?? "", expected);
      await driver.close("left");
      assert.equal(workload.replicas, 0);
    });

  it("names the reason why its pods are missing", async () => {
    const workload = api.addWorkload("deployments/agents/crew", ours);
    const message = 'pods "crew-x" is forbidden: exceeded quota: gpus';
    workload.conditions.push({ type: "ReplicaFailure", status: "True", message });
    const driver = open();
    driver.setCount(2, "");
    await until("the report", () => driver.status().error !== undefined);
    assert.equal(driver.status().error?.code, "scaling.workload_troubled");
    assert.match(driver.status().error?.message ?? "", /0 of 2 pods .*exceeded quota: gpus/);
    workload.ready = 2;
    await until("that all is well", () => driver.status().error === undefined);
    await driver.close("left");
  });

  it("is reached with the current token, and only by a certificate of the authority", async () => {
    const workload = api.addWorkload("deployments/agents/crew", ours);
    const driver = open();
    driver.setCount(1, "");
    await until("the replicas", () => workload.replicas === 1);
    await api.renewToken("second");
    driver.setCount(2, "");
    await until("the replicas", () => workload.replicas === 2);
    await driver.close("left");
    const stranger = await mkdtemp(join(tmpdir(), "stranger-"));
    const other = await FakeKubernetes.start(stranger);
    const { server } = other.settings;
    const misled = new KubernetesApi({ ...api.settings, server });
    const of = { kind: "Deployment", name: "crew", namespace: "agents" } as const;
    await assert.rejects(misled.workload(of, AbortSignal.timeout(10_000)), /kubernetes|certificate|signed/i);
    assert.deepEqual(other.requests, []);
    await other.close();
    await rm(stranger, { recursive: true });
  });

  it("names the missing service account", async () => {
    const driver = open();
    await rm(join(folder, "serviceaccount", "token"));
    driver.setCount(1, "");
    await until("the report", () => driver.status().error !== undefined);
    assert.match(
      driver.status().error?.message ?? "",
      /token cannot be read: ENOENT.*Give the pods of swarm the token/,
    );
    await driver.close("left");
  });
});
