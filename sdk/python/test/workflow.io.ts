/** A platform, a worker in Python, a worker in TypeScript, and a run whose tasks they share. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { silentLogger } from "@tutti/kernel";
import { Worker } from "@tutti/sdk";
import { connect } from "@tutti/sdk/client";
import { serviceProgram } from "../../../tools/fronts.mjs";
import { environment, python } from "./python.fixture.ts";

const definition = `
workflow: shared
input: {schema: {type: object}}
tasks:
  each: {forEach: "\${{ input.items }}", maxParallel: 16, uses: work.who, with: {item: "\${{ item }}"}}
output: "\${{ tasks.each.output }}"
`;

/** Each task takes a moment, so that the tasks overlap. */
const program = `
import time
from tutti import Worker

worker = Worker(slots=4)

@worker.handle("work.who")
def who(given, context):
    time.sleep(0.005)
    context.progress(1, "done")
    return {"by": "python", "item": given["item"], "key": context.idempotency_key}

worker.run()
`;

interface Done {
  readonly by: string;
  readonly item: number;
  readonly key: string;
}

async function platformIn(
  directory: string,
): Promise<{ readonly child: ChildProcess; readonly address: string }> {
  const main = serviceProgram("platform");
  const flags = ["--operations.port=0", "--mesh.listen=127.0.0.1:0", "--log.format=json"];
  const child = spawn(process.execPath, [main, ...flags], {
    cwd: directory,
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const { msg, grpc } = JSON.parse(line);
    if (msg !== "ready") continue;
    child.stdout.resume();
    return { child, address: String(grpc) };
  }
  throw new Error(`the platform ended with ${child.exitCode} before it was ready`);
}

async function ended(child: ChildProcess): Promise<unknown[]> {
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  return exit;
}

describe("a run whose tasks are offered by workers in two languages", { skip: python.skip }, () => {
  it("has each task done once, some of them in each", async () => {
    const directory = await mkdtemp(join(tmpdir(), "tutti-python-"));
    const { child: platform, address } = await platformIn(directory);
    await writeFile(join(directory, "worker.py"), program);
    const child = spawn(python.path, ["worker.py"], {
      cwd: directory,
      env: { ...process.env, ...environment, TUTTI_ADDRESS: address },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let isLinked = false;
    const lines = createInterface({ input: child.stderr });
    const linked = new Promise<void>((resolve, reject) => {
      lines.on("line", (line) => {
        isLinked ||= line.includes('"linked"');
        if (isLinked) resolve();
      });
      child.on("exit", (code) => reject(new Error(`the worker in Python ended with ${code}`)));
    });
    const worker = new Worker({ address, slots: 4, handleSignals: false }, { logger: silentLogger });
    worker.handle<{ readonly item: number }>("work.who", async ({ item }, { idempotencyKey }) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return { by: "typescript", item, key: idempotencyKey };
    });
    try {
      await Promise.all([linked, worker.start()]);
      await using tutti = await connect({ address });
      await tutti.workflows.register(definition);
      const items = Array.from({ length: 200 }, (_, index) => index);
      const run = await tutti.run("shared", { id: "shared-1", input: { items } });
      const done = await run.result<readonly Done[]>();
      assert.deepEqual(
        done.map(({ item, key }) => ({ item, key })),
        items.map((item) => ({ item, key: `shared-1/each[${item}]` })),
      );
      const by = new Set(done.map((each) => each.by));
      assert.deepEqual([...by].sort(), ["python", "typescript"]);
      await worker.stop();
      assert.deepEqual(await ended(child), [0, null]);
      assert.deepEqual(await ended(platform), [0, null]);
    } finally {
      child.kill("SIGKILL");
      platform.kill("SIGKILL");
      await rm(directory, { recursive: true, force: true });
    }
  });
});
