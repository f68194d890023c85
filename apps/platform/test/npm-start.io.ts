/** `npm start` as a new user runs it: real processes, the demonstration, Ctrl-C, and a second start. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { until } from "@tutti/kernel/testing";
import { connect, type RunHandle, type Tutti } from "@tutti/sdk/client";
import { errorOf, openApproval } from "../../../examples/workflows/source.ts";
import { needsProgram } from "../../../tools/programs.mjs";
import { type LogLine, TestProcess } from "./support/process.ts";
import { makeFolder, ready, type Service } from "./support/services.ts";

const program = fileURLToPath(new URL("../../../tools/start.mjs", import.meta.url));
const anyPort = ["--operations.port=0", "--mesh.listen=127.0.0.1:0", "--log.format=json"];

async function npmStart(directory: string, ...args: readonly string[]): Promise<Service> {
  return ready(new TestProcess({ program, arguments: [...anyPort, ...args], directory }));
}

const isTrouble = ({ level, msg }: LogLine) =>
  ["warn", "error", "fatal"].includes(level) && !msg.startsWith("the ring of recent samples is full");

const workersOf = ({ lines }: TestProcess) => lines.filter(({ msg }) => msg === "demo worker started");

async function idsOf(tutti: Tutti): Promise<string[]> {
  const ids: string[] = [];
  for await (const { runId } of tutti.runs.list()) ids.push(runId);
  return ids.sort();
}

/** Returns the event types of a run. */
async function typesOf(run: RunHandle): Promise<string[]> {
  const types: string[] = [];
  for await (const { type } of run.history()) types.push(type);
  return types;
}

/** Returns the agents that made the attempts of a run. */
async function agentsOf(run: RunHandle): Promise<ReadonlySet<string>> {
  const tasks = await run.tasks();
  return new Set(tasks.flatMap(({ attempts }) => attempts.map(({ agentId }) => agentId)));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

interface Album {
  readonly pictures: number;
}

describe("npm start", { concurrency: 2 }, () => {
  it("runs the demo to its end, stops everything at Ctrl-C, and resumes at the next start", async (t) => {
    const python = await needsProgram("python3");
    // Uses the detected Python, because the first one in PATH may lack gRPC.
    const pythons = python.skip ? [] : [`--platform.pythons=${JSON.stringify([python.path])}`];
    await using folder = await makeFolder();
    await using first = await npmStart(folder.path, ...pythons);
    await first.line("demo started");
    const tutti = await connect({ address: first.grpc });
    t.after(() => tutti.close());

    assert.deepEqual(await tutti.runs.get("order-1001").result(), {
      payment: "8900 by order-1001/charge",
      labels: ["label of bow", "label of rosin"],
    });
    assert.equal(await errorOf(tutti.runs.get("order-1003")), "parcel.too_heavy");
    const undone = await typesOf(tutti.runs.get("order-1003"));
    assert.ok(undone.filter((type) => type === "undo_completed").length >= 3, undone.join());
    assert.deepEqual(await tutti.runs.get("prices-1").result(), { healed: true });
    const question = await openApproval(tutti.runs.get("order-1002"));
    assert.equal(question.title, "Sell to Robert for 4200 francs?");
    assert.ok(((await tutti.schedules.get("sales-by-the-minute").get()).nextTimes.length ?? 0) > 0);

    // In the middle of the album.
    const album = tutti.runs.get("album-summer");
    const before = await idsOf(tutti);
    first.signal("SIGINT");
    assert.deepEqual(await first.waitForExit(), { code: 0, signal: null });
    assert.deepEqual(first.lines.filter(isTrouble), []);
    for (const { pid } of workersOf(first)) assert.equal(isAlive(Number(pid)), false);

    await using second = await npmStart(folder.path, `--mesh.listen=${first.grpc}`, ...pythons);
    const { pictures } = await album.result<Album>();
    assert.equal(pictures, 200);
    const by = await agentsOf(album);
    assert.ok(by.has("worker-typescript"), [...by].join());
    if (!python.skip) assert.ok(by.has("worker-python"), [...by].join());
    await tutti.runs.get("order-1002").approve("approve", { data: { note: "bravo" } });
    assert.deepEqual(await tutti.runs.get("order-1002").result(), {
      payment: "420000 by order-1002/charge",
      labels: ["label of violin", "label of bow"],
    });
    assert.equal(
      second.lines.some(({ msg }) => msg === "demo started"),
      false,
    );
    const started = (await idsOf(tutti)).filter((id) => !before.includes(id));
    assert.deepEqual(
      started.filter((id) => !id.startsWith("sales-by-the-minute")),
      [],
    );
  });

  it("restarts a killed worker, and leaves no worker running when it is killed itself", async () => {
    await using folder = await makeFolder();
    await using platform = await npmStart(folder.path);
    await until("both workers to run", () => workersOf(platform).length >= 2);
    const killed = Number(workersOf(platform)[0]?.["pid"]);
    process.kill(killed, "SIGKILL");
    const line = await platform.line("demo worker exited, restarting");
    assert.deepEqual([line["worker"], line["signal"]], ["worker-typescript", "SIGKILL"]);
    const isRestarted = ({ worker, pid }: LogLine) => worker === "worker-typescript" && pid !== killed;
    await until("it to run again", () => workersOf(platform).some(isRestarted));
    const pids = workersOf(platform).map(({ pid }) => Number(pid));

    // The platform itself, not the npm in front of it.
    const { pid } = JSON.parse(await readFile(join(folder.path, ".tutti", "lock.json"), "utf8"));
    process.kill(Number(pid), "SIGKILL");
    assert.deepEqual(await platform.waitForExit(), { code: 137, signal: null });
    await until("the workers to be gone", () => !pids.some(isAlive));
  });

  it("runs both workers in TypeScript if no Python is usable, with the reason", async () => {
    await using folder = await makeFolder();
    await using platform = await npmStart(folder.path, '--platform.pythons=["/nowhere/python3"]');
    const { reasons } = await platform.line("both demo workers are in TypeScript");
    await platform.line("demo started");
    assert.deepEqual(reasons, ["there is no /nowhere/python3"]);
    const tutti = await connect({ address: platform.grpc });
    try {
      await tutti.runs.get("order-1001").result();
      await until("the second one to take part", async () =>
        (await agentsOf(tutti.runs.get("album-summer"))).has("worker-typescript-2"),
      );
    } finally {
      await tutti.close();
    }
  });

  it("-- --empty starts without the demo", async () => {
    await using folder = await makeFolder();
    await using platform = await npmStart(folder.path, "--empty");
    await using tutti = await connect({ address: platform.grpc });
    assert.deepEqual(await idsOf(tutti), []);
    assert.deepEqual(workersOf(platform), []);
    assert.deepEqual(await platform.stop(), { code: 0, signal: null });
  });
});
