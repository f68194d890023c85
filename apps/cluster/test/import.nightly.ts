/** A single-process platform becomes a cluster, with all its active work: docs/guides/operating.md. */
import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { endWithProcess } from "@tutti/kernel/end-with-process";
import { freePorts } from "@tutti/nats/local";
import { natsServerProgram } from "@tutti/nats/testing";
import { Worker } from "@tutti/sdk";
import { serviceProgram } from "../../../tools/fronts.mjs";
import { addressesOf, Cluster, importData, usualShape } from "../src/index.ts";

const program = await natsServerProgram();
const shape = {
  ...usualShape,
  nats: 1,
  processes: { registry: 1, governance: 1, workflow: 1, swarm: 1, master: 1, insight: 0, gateway: 1 },
};
const forever = new AbortController().signal;
/** Workers keep their tasks without a connection, for any duration of the import. */
const patience = "--swarm.links.leaseMs=600000";
const definition = `workflow: order
tasks:
  begin: {uses: stock.note, with: {say: begin}}
  pause: {needs: [begin], wait: {signal: go}}
  end: {needs: [pause], uses: stock.note, with: {say: end}}
output: "\${{ tasks.end.output }}"
`;
const variants = {
  waits: definition,
  rests: definition.replace("{signal: go}", "10s"),
  asks: definition.replace("wait: {signal: go}", "approve: {}"),
  counts: definition.replace("wait: {signal: go}", "uses: stock.count, with: {}"),
  pays: definition.replace("wait: {signal: go}", "uses: till.open, with: {password: secret:till}"),
};

/** Common interface of a platform and a cluster. */
class Front {
  readonly #http: string;

  constructor(http: string) {
    this.#http = http;
  }

  // biome-ignore lint/suspicious/noExplicitAny: the caller knows the form of the answer
  async request(method: string, path: string, body?: unknown): Promise<any> {
    const reply = await fetch(`${this.#http}${path}`, {
      method,
      headers: { "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await reply.text();
    assert.ok(reply.ok, `${method} ${path}: ${reply.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }

  /** Runs a line of the CLI, and returns its output. */
  async tutti(...args: readonly string[]): Promise<string> {
    const cli = fileURLToPath(new URL("../../cli/src/main.ts", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [cli, ...args, "--server", this.#http], {
      maxBuffer: 2 ** 26,
    });
    return stdout;
  }

  worker(): Worker {
    return new Worker({
      ...{ slots: 32, server: this.#http, address: `${this.#http.replace("http:", "ws:")}/v1/link` },
    });
  }

  async statusOf(runId: string): Promise<string> {
    return (await this.request("GET", `/v1/runs/${runId}`)).status;
  }

  /** Returns the outcome. */
  async waitForResult(path: string): Promise<unknown> {
    const { outcome } = await this.request("GET", `${path}/result?waitMs=30000`);
    assert.ok(outcome?.completed !== undefined, `${path}: ${JSON.stringify(outcome)}`);
    return outcome.completed;
  }
}

async function until(label: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  const lastMs = Date.now() + 60_000;
  while (!(await condition())) {
    assert.ok(Date.now() < lastMs, `expected that ${label}, but it does not come`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe("the data directory of a platform", { skip: program.skip }, () => {
  let folder: string;
  let platform: ChildProcess | undefined;
  let cluster: Cluster | undefined;
  const workers: Worker[] = [];
  const counted = Promise.withResolvers<number>();
  let output = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tutti-import-"));
    endWithProcess(folder);
  });
  after(async () => {
    counted.resolve(0);
    for (const worker of workers) await worker.stop();
    platform?.kill("SIGKILL");
    await cluster?.down();
    await rm(folder, { recursive: true, force: true });
  });

  const start = (data: string, http: number, grpc: number): ChildProcess => {
    const args = [
      `--platform.dataDirectory=${data}`,
      `--operations.port=${http}`,
      `--mesh.listen=127.0.0.1:${grpc}`,
      patience,
    ];
    const child = spawn(process.execPath, [serviceProgram("platform"), ...args, "--log.format=json"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    return child;
  };

  it("becomes a cluster in which all started work ends correctly, and nothing runs twice", async () => {
    const data = join(folder, "data");
    const options = {
      directory: join(folder, "cluster"),
      natsServer: program.path,
      moduleOf: serviceProgram,
    };
    const [http = 0, grpc = 0] = await freePorts(2);
    const address = `http://127.0.0.1:${http}`;
    const front = new Front(address);
    platform = start(data, http, grpc);
    await until("the platform is ready", () =>
      fetch(`${address}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );

    const notes: string[] = [];
    let counts = 0;
    const worker = front.worker();
    worker.handle("stock.note", ({ say }: { say: string }) => {
      notes.push(say);
      return say;
    });
    worker.handle("stock.count", () => {
      counts++;
      return counted.promise;
    });
    workers.push(worker);
    await worker.start();
    for (const [name, text] of Object.entries(variants)) {
      await front.request("POST", "/v1/workflows", {
        format: "yaml",
        text: text.replace("workflow: order", `workflow: ${name}`),
      });
    }
    await front.request("PUT", "/v1/secrets/till", { value: Buffer.from("open sesame").toString("base64") });
    const startRun = (runId: string, name = runId) =>
      front.request("POST", "/v1/runs", { runId, definition: { name } });
    await startRun("ended", "waits");
    for (const name of Object.keys(variants)) if (name !== "rests") await startRun(name);
    await front.request("POST", "/v1/runs/ended/signals/go", {});
    assert.equal(await front.waitForResult("/v1/runs/ended"), "end");
    await front.request("POST", "/v1/sessions", {
      sessionId: "both",
      tasks: {
        tasks: [
          { id: "first", capability: "stock.note", input: { say: "first" } },
          { id: "second", capability: "stock.count", needs: [{ task: "first" }], input: {} },
        ],
      },
    });
    const lease = { holder: "night-job", leaseMs: 3_600_000 };
    const { token } = await front.request("POST", "/v1/locks/printer/acquire", lease);
    assert.ok(Number(token) > 0, `a token, found ${token}`);
    await until("all of them have come as far as they can", async () => {
      const { approvals } = await front.request("GET", "/v1/approvals");
      return notes.length >= 7 && counts === 2 && approvals.length === 1;
    });
    const key = join(folder, "audit.key");
    await writeFile(key, await front.tutti("audit", "keys", "-q"));
    const { records: before } = await front.request("GET", "/v1/audit/records?size=1000&oldestFirst=true");
    const { checkpoints } = await front.request("GET", "/v1/audit/checkpoints");
    const [signed] = checkpoints;
    assert.ok(before.length > 0 && signed !== undefined);

    const used = {
      code: "host.in_use",
      message: new RegExp(`Process ${platform.pid} uses the data directory .*Stop that process`),
    };
    await assert.rejects(importData(options, shape, data, forever), used);
    await front.request("POST", "/v1/schedules", {
      scheduleId: "late",
      timing: { rules: [{ onceMs: Date.now() + 3_000 }] },
      run: { definition: { name: "waits" } },
    });
    // Its timer is due during the import, even on a slow machine.
    await startRun("rests");
    await until("it rests", () => notes.length >= 8);
    platform.kill("SIGTERM");
    await once(platform, "exit");

    await assert.rejects(importData(options, shape, data, AbortSignal.timeout(200)));
    await importData(options, shape, data, forever);
    platform = start(data, http, grpc);
    await once(platform, "exit");
    assert.match(output, /was imported into the cluster in .*Use that cluster/);
    await assert.rejects(importData({ ...options, directory: join(folder, "other") }, shape, data, forever), {
      code: "host.handed_over",
    });

    cluster = await Cluster.create({
      ...{ ...options, shape: { ...shape, partitions: 16 }, frontPort: http },
      args: ["--durable.pause=imported", patience],
    });
    await cluster.up(forever);
    assert.equal(addressesOf(cluster.member("gateway-1").planned).http, address);
    const runs = (await front.request("GET", "/v1/runs?size=100")).runs.map(
      ({ runId }: { runId: string }) => runId,
    );
    for (const name of ["ended", ...Object.keys(variants)])
      assert.ok(runs.includes(name), `${name} in ${runs}`);
    counted.resolve(7);
    const till = front.worker();
    const opened: string[] = [];
    till.handle("till.open", async ({ password }: { password: string }, context) => {
      opened.push(await context.secret(password));
      return "paid";
    });
    workers.push(till);
    await till.start();
    await front.request("POST", "/v1/runs/waits/signals/go", {});
    assert.equal(await front.statusOf("rests"), "running");
    assert.deepEqual(opened, []);

    await front.request("POST", "/v1/pause/release", {});
    const { approvals } = await front.request("GET", "/v1/approvals");
    await front.request("POST", `/v1/approvals/${approvals[0].approvalId}`, {
      ...{ runId: "asks", verdict: "approved", reason: "it is whole" },
    });
    for (const name of Object.keys(variants))
      assert.equal(await front.waitForResult(`/v1/runs/${name}`), "end", name);
    assert.deepEqual(await front.waitForResult("/v1/sessions/both"), { first: "first", second: 7 });
    assert.deepEqual(opened, ["open sesame"]);
    assert.equal(counts, 2);
    const countOf = (value: string) => notes.filter((say) => say === value).length;
    await until("the schedule has fired", async () => {
      const { runs: late } = await front.request("GET", "/v1/runs?definition=waits&size=100");
      return late.length === 3;
    });
    await until("its run has started", () => countOf("begin") === 7);
    assert.deepEqual([countOf("first"), countOf("end")], [1, 6]);

    const { grants } = await front.request("GET", "/v1/locks/printer");
    assert.deepEqual([grants[0].holder, grants[0].token], ["night-job", token]);
    await front.request("POST", "/v1/locks/printer/release", { holder: "night-job" });
    const next = await front.request("POST", "/v1/locks/printer/acquire", { holder: "day-job" });
    assert.ok(Number(next.token) > Number(token), `${next.token} after ${token}`);

    const file = join(folder, "export.jsonl");
    await writeFile(file, await front.tutti("audit", "export"));
    assert.match(await front.tutti("audit", "verify", file, "--public-key", key), / checkpoints, all valid/);
    const { records } = await front.request("GET", "/v1/audit/records?size=1000&oldestFirst=true");
    const ids = (found: readonly { recordId: string }[]) => found.map(({ recordId }) => recordId);
    assert.deepEqual(ids(records).slice(0, before.length), ids(before));
    const checkpoint = await front.request("GET", `/v1/audit/checkpoints/${signed.number}`);
    assert.equal(checkpoint.rootHash, signed.rootHash);
  });
});
