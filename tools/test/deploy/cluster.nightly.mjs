// @ts-check

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { until } from "../../../libs/kernel/src/testing/until.ts";
import { Worker } from "../../../libs/sdk/src/index.ts";
import { layOut } from "../../image.mjs";
import { Containers } from "./containers.mjs";
import { cannotRender, manifestsWithCredentials, rendered } from "./rendered.mjs";

const skip = cannotRender || Containers.missing;
const patienceMs = 240_000;

const definition = `workflow: order
tasks:
  reserve: {uses: stock.reserve, with: {article: violin}}
  boxes: {needs: [reserve], forEach: "\${{ [1, 2, 3] }}", uses: stock.reserve, with: {box: "\${{ item }}"}}
output: "\${{ tasks.boxes.output }}"
`;

describe("the images, run as the manifests say", { skip }, () => {
  /** @type {(() => void)[]} */
  const endings = [];
  /** @type {Containers} */
  let containers;
  /** @type {import("./containers.mjs").Pod[]} */
  let pods = [];
  let key = "";
  let operationsKey = "";

  before(async () => {
    const folder = mkdtempSync(join(tmpdir(), "tutti-containers-"));
    endings.push(() => rmSync(folder, { recursive: true, force: true }));
    const development = join(
      manifestsWithCredentials({ after: (ending) => endings.push(ending) }),
      "overlays",
      "development",
    );
    key = readFileSync(join(development, "credentials", "gateway-key"), "utf8");
    operationsKey = readFileSync(join(development, "credentials", "operations-key"), "utf8");
    containers = new Containers(folder);
    const images = { "": "localhost/tutti:test", nats: "localhost/tutti-nats:test" };
    await containers.build(await layOut("tutti"), images[""]);
    await containers.build(await layOut("nats"), images.nats);
    pods = await containers.start(rendered(development), images);
  });

  after(async () => {
    await containers?.stop();
    for (const ending of endings) ending();
  });

  /** @param {string} app */
  const podOf = (app) => {
    const found = pods.find((pod) => pod.app === app);
    assert.ok(found, `no pod of ${app}`);
    return found;
  };

  /**
   * Probes like the kubelet, until every pod is ready.
   */
  async function allReady() {
    const until = Date.now() + patienceMs;
    for (const pod of pods) {
      const [probe] = pod.workload.spec.template.spec.containers;
      const { port, path } = probe.readinessProbe.httpGet;
      const { containerPort } = probe.ports.find((/** @type {{ name: string }} */ { name }) => name === port);
      const url = `http://${pod.address}:${containerPort}${path}`;
      for (let output = "nothing"; output !== ""; ) {
        output = await fetch(url, { signal: AbortSignal.timeout(5_000) }).then(
          async (reply) => (reply.ok ? "" : await reply.text()),
          (error) => String(error.cause ?? error),
        );
        if (output === "") break;
        if (Date.now() > until)
          assert.fail(`${pod.name} is not ready: ${output}\n${await containers.logs(pod)}`);
        await pause(250);
      }
    }
  }

  /**
   * @param {string} path
   * @param {unknown} [body]
   */
  async function asked(path, body) {
    const reply = await fetch(`http://${podOf("gateway").address}:7400${path}`, {
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
    });
    const text = await reply.text();
    assert.ok(reply.ok, `${path}: ${reply.status} ${text}`);
    return JSON.parse(text);
  }

  it("become ready, all of them", allReady);

  it("have a bill of materials, and neither shell nor package manager", async () => {
    const bill = await containers.podman(
      "exec",
      podOf("workflow").name,
      "/usr/bin/node",
      "--print",
      programs,
    );
    const { shells, parts } = JSON.parse(bill);
    assert.deepEqual(shells, []);
    assert.ok(parts > 50, `${parts} parts`);
  });

  it("have their memory from the library that the image says", async () => {
    const maps = 'require("node:fs").readFileSync("/proc/1/maps", "utf8").includes("/libjemalloc.so.2")';
    assert.equal(
      await containers.podman("exec", podOf("swarm").name, "/usr/bin/node", "--print", maps),
      "true",
    );
  });

  it("cannot write but where they are to", async () => {
    const attempt = 'try { fs.writeFileSync("/tutti/x", "x"); "written" } catch ({ code }) { code }';
    const output = await containers.podman(
      "exec",
      podOf("workflow").name,
      "/usr/bin/node",
      "--print",
      attempt,
    );
    assert.equal(output, "EROFS");
  });

  it("let no caller in without the key", async () => {
    const reply = await fetch(`http://${podOf("gateway").address}:7400/v1/runs`);
    assert.equal(reply.status, 401);
  });

  it("show metrics to a caller with the key that is made for Prometheus", async () => {
    for (const app of ["gateway", "workflow"]) {
      const url = `http://${podOf(app).address}:7400/metrics`;
      assert.equal((await fetch(url)).status, 401, app);
      const reply = await fetch(url, { headers: { authorization: `Bearer ${operationsKey}` } });
      assert.match(await reply.text(), /^tutti_/m, app);
    }
  });

  it("run a workflow from its start to its end", async (t) => {
    const address = `ws://${podOf("gateway").address}:7400/v1/link`;
    const worker = new Worker({
      slots: 8,
      address,
      credentials: { accessToken: key },
      allowUnprotected: true,
    });
    worker.handle("stock.reserve", async (input) => input);
    await worker.start();
    t.after(() => worker.stop());
    await asked("/v1/workflows", { format: "yaml", text: definition });
    await asked("/v1/runs", { runId: "first", definition: { name: "order" } });
    const ended = () => asked("/v1/runs/first/result?waitMs=30000");
    const { status, outcome } = await until("its end", ended, (result) => result.outcome !== undefined);
    assert.deepEqual([status, outcome.completed], ["completed", [{ box: 1 }, { box: 2 }, { box: 3 }]]);
  });

  it("stop gracefully on request, while the others continue", async () => {
    const [pod] = pods.filter(({ name }) => name === "workflow-1");
    assert.ok(pod);
    await containers.podman("stop", "--time", "60", pod.name);
    assert.equal(await containers.podman("inspect", "--format", "{{.State.ExitCode}}", pod.name), "0");
    const { runs } = await asked("/v1/runs?size=10");
    assert.deepEqual(
      runs.map((/** @type {{ runId: string }} */ { runId }) => runId),
      ["first"],
    );
  });
});

const programs = `JSON.stringify({
  shells: ["/bin", "/sbin", "/usr/bin", "/usr/sbin"]
    .filter((folder) => fs.existsSync(folder))
    .flatMap((folder) => fs.readdirSync(folder))
    .filter((name) => name !== "node"),
  parts: JSON.parse(fs.readFileSync("/sbom.cdx.json", "utf8")).components.length,
})`;
