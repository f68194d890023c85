/** Durable functions in Python with a platform: workers killed with -9 between two awaits. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import { connect, type RunHandle, type Tutti } from "@tutti/sdk/client";
import { type Platform, startPlatform } from "./platform.fixture.ts";
import { environment, folder, python, run as runPython } from "./python.fixture.ts";

const rounds = 3;
const shared = join(folder, "tests", "function_worker.py");

/** Writes the programs that the guide shows. */
function writeGuide(place: string): void {
  const page = readFileSync(join(folder, "../../docs/guides/functions.md"), "utf8");
  const programs = [...page.matchAll(/^```python file=(\S+)\n(.*?)^```$/gms)];
  assert.equal(programs.length, 5);
  for (const [, name = "", text = ""] of programs) writeFileSync(join(place, name), text);
}

class FunctionWorker implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor({ http, grpc }: Platform, program: readonly string[] = [shared]) {
    this.#child = spawn(python.path, program, {
      env: { ...process.env, ...environment, TUTTI_URL: http, TUTTI_ADDRESS: grpc },
      stdio: ["ignore", "pipe", "ignore"],
    });
    this.#ended = once(this.#child, "exit");
    assert.ok(this.#child.stdout !== null);
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.lines.push(line));
  }

  async waitForLine(line: string): Promise<void> {
    const hasPrinted = async () => this.lines.includes(line);
    await until(`the worker says ${line}`, hasPrinted, Boolean);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}

describe("a durable function in Python", { skip: python.skip }, () => {
  let directory: string;
  let platform: Platform;
  let tutti: Tutti;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "tutti-python-"));
    platform = await startPlatform(directory);
    tutti = await connect({ address: platform.grpc });
  });
  after(async () => {
    await tutti?.close();
    await platform?.[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });

  const startRun = async (name: string, input?: unknown): Promise<RunHandle> => {
    const start = () => tutti.run(name, { input }).catch(() => undefined);
    const run = await until("the function is registered", start, (found) => found !== undefined);
    assert.ok(run !== undefined);
    return run;
  };

  for (const [place, done] of [
    ["left", []],
    ["round 1", ["at first", "at left"]],
  ] as const)
    it(`continues at another worker when it is killed at ${place}`, async () => {
      await using victim = new FunctionWorker(platform);
      const run = await startRun("trip", { rounds });
      await victim.waitForLine(`at ${place}`);
      await victim[Symbol.asyncDispose]();
      await using heir = new FunctionWorker(platform);
      const { key, ...output } = await run.result<{ readonly key: string }>();
      assert.deepEqual(output, {
        ...{ first: "first", loaded: `loaded ${key}`, left: "left", right: "loaded right", done: rounds },
      });
      const repeated = done.filter((line) => heir.lines.includes(line));
      assert.deepEqual(repeated, [], "what was recorded is not run again");
    });

  it("is compensated at another worker when its run is cancelled", async () => {
    await using victim = new FunctionWorker(platform);
    const run = await startRun("saga");
    await victim.waitForLine("at wait");
    const events = async () => (await run.get()).eventCount;
    await until("the turn is recorded", events, (count) => count > 5);
    await run.cancel("enough");
    await victim.waitForLine("undo slow");
    assert.ok(victim.lines.includes("undo pay"));
    await victim[Symbol.asyncDispose]();
    await using heir = new FunctionWorker(platform);
    await assert.rejects(run.result(), /enough/);
    assert.deepEqual(
      heir.lines.filter((line) => line.startsWith("undo")),
      ["undo slow", "undo book"],
      "completed steps are not executed again",
    );
  });

  it("of the guide ships an order", async () => {
    writeGuide(directory);
    const tests = ["-c", "import test_order; test_order.test_a_large_order_waits_for_its_approval()"];
    const tested = await runPython(tests, directory);
    assert.equal(tested.code, 0, tested.output);
    await using _worker = new FunctionWorker(platform, [join(directory, "order_worker.py")]);
    const run = await startRun("order-in-python", { total: 5 });
    assert.deepEqual(await run.result(), { status: "shipped", paid: "paid 5", label: "label for shelf 7" });
  });

  it("takes several turns for a long loop", async () => {
    await using _worker = new FunctionWorker(platform);
    const run = await startRun("long", { rounds: 1_200 });
    assert.equal(await run.result(), 1_200);
  });
});
