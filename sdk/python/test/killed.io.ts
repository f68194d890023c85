/** A worker in Python that dies during a task, and one that hangs. Another worker runs their tasks once. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { silentLogger } from "@tutti/kernel";
import { Worker } from "@tutti/sdk";
import { connect, type RunHandle, type Tutti } from "@tutti/sdk/client";
import { serviceProgram } from "../../../tools/fronts.mjs";
import { environment, python } from "./python.fixture.ts";

const definition = `
workflow: handed-on
tasks:
  die: {when: "input == 'die'", uses: work.die}
  hang: {when: "input == 'hang'", uses: work.hang, timeout: {run: 500ms}, retry: {attempts: 3, backoff: 10ms}}
output: {die: "\${{ has(tasks.die.output) ? tasks.die.output : null }}", hang: "\${{ has(tasks.hang.output) ? tasks.hang.output : null }}"}
`;

/** Prints each action as a line. It ignores requests to end. */
const program = `
import sys, threading
from tutti import Worker

what = sys.argv[1]
worker = Worker(agent_id="python-" + what, slots=1)
door = threading.Event()

@worker.handle("work." + what)
def work(given, context):
    print("begun", flush=True)
    door.wait()
    print("ended", flush=True)
    return "python, too late"

def open_door():
    sys.stdin.readline()
    door.set()

threading.Thread(target=open_door, daemon=True).start()
worker.run()
`;

class PythonWorker {
  readonly child: ChildProcess;
  readonly #printed = new Set<string>();
  readonly #waiting = new Map<string, () => void>();

  constructor(address: string, taskInput: string) {
    this.child = spawn(python.path, ["-c", program, taskInput], {
      env: { ...process.env, ...environment, TUTTI_ADDRESS: address },
      stdio: ["pipe", "pipe", "ignore"],
    });
    assert.ok(this.child.stdout !== null);
    createInterface({ input: this.child.stdout }).on("line", (line) => {
      this.#printed.add(line);
      this.#waiting.get(line)?.();
    });
  }

  /** Resolves when the program has printed the line. */
  waitForLine(line: string): Promise<void> {
    if (this.#printed.has(line)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.set(line, resolve);
      this.child.once("exit", (code) =>
        reject(new Error(`Python ended with ${code} before it said ${line}`)),
      );
    });
  }
}

async function platformIn(directory: string) {
  const main = serviceProgram("platform");
  const flags = ["--operations.port=0", "--mesh.listen=127.0.0.1:0", "--log.format=json"];
  // Times after which the host gives up a disconnected worker.
  const times = { heartbeatMs: 500, suspectMs: 1_000, leaseMs: 2_000, resumeWindowMs: 1_000 };
  for (const [name, ms] of Object.entries(times)) flags.push(`--swarm.links.${name}=${ms}`);
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

describe("a task of a worker in Python that does not end it", { skip: python.skip }, () => {
  let directory: string;
  let platform: ChildProcess;
  let address: string;
  let tutti: Tutti;
  const workers: Worker[] = [];
  const children: ChildProcess[] = [];

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "tutti-python-"));
    ({ child: platform, address } = await platformIn(directory));
    tutti = await connect({ address });
    await tutti.workflows.register(definition);
  });
  after(async () => {
    await tutti?.close();
    for (const worker of workers) await worker.stop();
    for (const child of [...children, platform]) child.kill("SIGKILL");
    await rm(directory, { recursive: true, force: true });
  });

  const start = async (taskInput: string): Promise<{ run: RunHandle; other: PythonWorker }> => {
    const other = new PythonWorker(address, taskInput);
    children.push(other.child);
    const run = await tutti.run("handed-on", { id: `handed-on-${taskInput}`, input: taskInput });
    await other.waitForLine("begun");
    return { run, other };
  };
  const help = async (agentId: string, capability: string): Promise<void> => {
    const worker = new Worker({ address, agentId, handleSignals: false }, { logger: silentLogger });
    workers.push(worker);
    worker.handle(capability, async () => agentId);
    await worker.start();
  };
  const typesOf = async (run: RunHandle) => {
    const types: string[] = [];
    for await (const { type } of run.events()) types.push(type);
    return types;
  };

  it("is done by another when it is killed with -9, as the next attempt", async () => {
    const { run, other } = await start("die");
    await help("heir", "work.die");
    other.child.kill("SIGKILL");
    assert.deepEqual(await run.result(), { die: "heir", hang: null });
    const [done] = (await run.tasks()).filter(({ taskId }) => taskId === "die");
    assert.deepEqual(
      done?.attempts.map(({ agentId, error }) => [agentId, error?.code]),
      [
        ["python-die", "matching.lost"],
        ["heir", undefined],
      ],
    );
  });

  it("is done by another when it hangs beyond its time, and its later messages have no effect", async () => {
    const { run, other } = await start("hang");
    await help("helper", "work.hang");
    const output = { die: null, hang: "helper" };
    assert.deepEqual(await run.result(), output);
    other.child.stdin?.write("\n");
    await other.waitForLine("ended");
    // Another run uses the same pool after the late answer.
    const next = await tutti.run("handed-on", { input: "none" });
    await next.result();
    assert.deepEqual(await run.result(), output);
    const types = await typesOf(run);
    assert.equal(types.filter((type) => type === "attempt_failed").length, 1);
    assert.equal(types.filter((type) => type === "task_completed").length, 1);
    assert.equal(types.at(-1), "run_completed");
  });
});
