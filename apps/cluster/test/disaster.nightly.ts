/** The drill of docs/guides/operating.md: only a backup is left, and work continues from it. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { endWithProcess } from "@tutti/kernel/end-with-process";
import { until } from "@tutti/kernel/testing";
import { natsServerProgram } from "@tutti/nats/testing";
import { Worker } from "@tutti/sdk";
import { serviceProgram } from "../../../tools/fronts.mjs";
import { addressesOf, backUp, Cluster, restore, usualShape } from "../src/index.ts";

const program = await natsServerProgram();
const shape = {
  ...usualShape,
  processes: { registry: 1, governance: 1, workflow: 1, swarm: 1, master: 1, insight: 0, gateway: 1 },
  partitions: 4,
};
const definition = `workflow: order
tasks:
  reserve: {uses: stock.reserve, with: {article: violin}}
  sure: {needs: [reserve], wait: {signal: go}}
  ship: {needs: [sure], uses: stock.reserve, with: {article: bow}}
output: "\${{ tasks.ship.output }}"
`;
const ids = (name: string) => Array.from({ length: 6 }, (_, number) => `${name}-${number}`);

class Front {
  readonly #http: string;

  constructor(cluster: Cluster) {
    this.#http = addressesOf(cluster.member("gateway-1").planned).http;
  }

  async worker(reserved: string[]): Promise<Worker> {
    const worker = new Worker({ slots: 32, address: `${this.#http.replace("http:", "ws:")}/v1/link` });
    worker.handle("stock.reserve", async (input: { article: string }) => {
      reserved.push(input.article);
      return input;
    });
    await worker.start();
    return worker;
  }

  async post(path: string, body: unknown): Promise<void> {
    const headers = { "content-type": "application/json" };
    const reply = await fetch(`${this.#http}${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    assert.ok(reply.ok, `${path}: ${reply.status} ${await reply.text()}`);
  }

  async get<Body>(path: string): Promise<Body> {
    const reply = await fetch(`${this.#http}${path}`);
    assert.ok(reply.ok, `${path}: ${reply.status} ${await reply.clone().text()}`);
    return (await reply.json()) as Body;
  }

  async start(names: readonly string[]): Promise<void> {
    for (const runId of names) await this.post("/v1/runs", { runId, definition: { name: "order" } });
  }

  async sendSignals(names: readonly string[]): Promise<void> {
    for (const runId of names) await this.post(`/v1/runs/${runId}/signals/go`, {});
  }

  async waitForResults(names: readonly string[]): Promise<void> {
    for (const id of names) {
      const run = await this.get<{ status: string; outcome: { completed: unknown } }>(
        `/v1/runs/${id}/result?waitMs=30000`,
      );
      assert.deepEqual([run.status, run.outcome.completed], ["completed", { article: "bow" }], id);
    }
  }
}

describe("a cluster of which only a backup is left", { skip: program.skip }, () => {
  it("is restored, inspected while nothing runs, and continues all its work", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tutti-disaster-"));
    endWithProcess(folder);
    const { signal } = new AbortController();
    const optionsOf = (name: string) => ({
      directory: join(folder, name),
      natsServer: program.path,
      moduleOf: serviceProgram,
    });
    const backup = join(folder, "backup");
    const reserved: string[] = [];
    const before = await Cluster.create({ ...optionsOf("lost"), shape });
    let up: Cluster | undefined = before;
    try {
      await before.up(signal);
      const front = new Front(before);
      await front.post("/v1/workflows", { format: "yaml", text: definition });
      const worker = await front.worker(reserved);
      await front.start([...ids("ended"), ...ids("waits")]);
      await front.sendSignals(ids("ended"));
      await front.waitForResults(ids("ended"));
      await until("12 violins", () => reserved.filter((article) => article === "violin").length >= 12);
      await worker.stop();
      await front.start(ids("queued"));
      await before.down();
      await before.detach();
      up = undefined;
      const { streams } = await backUp(optionsOf("lost"), backup, signal);
      assert.ok(streams.some(({ config }) => config.name === "TUTTI_JOURNAL_workflow_3"));
      assert.ok(streams.some(({ config }) => config.name === "KV_tutti-ownership"));
      await rm(join(folder, "lost"), { recursive: true });

      const restored = await restore(optionsOf("again"), backup, signal);
      const after = await Cluster.create({
        ...{ ...optionsOf("again"), shape: restored.shape },
        args: ["--durable.pause=restored"],
      });
      up = after;
      await after.up(signal);
      const restoredFront = new Front(after);
      const { runs } = await restoredFront.get<{ runs: readonly { runId: string; status: string }[] }>(
        "/v1/runs?size=100",
      );
      assert.deepEqual(
        runs.map(({ runId }) => runId).sort(),
        [...ids("ended"), ...ids("waits"), ...ids("queued")].sort(),
      );
      reserved.length = 0;
      const late = await restoredFront.worker(reserved);
      await restoredFront.sendSignals(ids("waits"));
      assert.equal((await restoredFront.get<{ paused: boolean }>("/v1/pause")).paused, true);
      assert.deepEqual(reserved, []);

      await restoredFront.post("/v1/pause/release", {});
      await restoredFront.waitForResults(ids("waits"));
      await restoredFront.sendSignals(ids("queued"));
      await restoredFront.waitForResults([...ids("queued"), ...ids("ended")]);
      assert.equal(reserved.filter((article) => article === "violin").length, 6);
      assert.equal(reserved.filter((article) => article === "bow").length, 12);
      await late.stop();
    } finally {
      await up?.down();
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("is not restored from a folder without a backup, or over existing files", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tutti-disaster-"));
    endWithProcess(folder);
    const { signal } = new AbortController();
    const options = {
      directory: join(folder, "cluster"),
      natsServer: program.path,
      moduleOf: serviceProgram,
    };
    try {
      await assert.rejects(restore(options, folder, signal), { code: "cluster.no_backup" });
      await assert.rejects(backUp(options, join(folder, "to"), signal), { code: "cluster.never_up" });
      const about = { format: 1, made: "", shape: { ...shape, nats: 1 }, streams: [] };
      await writeFile(join(folder, "backup.json"), JSON.stringify(about));
      await assert.rejects(restore({ ...options, directory: folder }, folder, signal), {
        code: "cluster.not_empty",
      });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
