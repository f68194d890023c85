/**
 * Workers of a durable function killed with -9 between any two of its awaits, with default settings.
 *
 * 1. The run completes at another worker with the same result as without a kill.
 * 2. A recorded step is not executed again.
 * 3. Calls of a keyed object are executed once each, in order, so that no value is lost or doubled.
 */
import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { until } from "@tutti/kernel/testing";
import { connect, type Tutti } from "@tutti/sdk/client";
import { TestProcess } from "../support/process.ts";
import { type Folder, makeFolder, type Service, start } from "../support/services.ts";

const program = fileURLToPath(new URL("../programs/function-worker.ts", import.meta.url));
const rounds = 3;
/** Positions that the code logs, in order. A worker is killed at each, in a run of its own. */
const places = ["first", "left", ...Array.from({ length: rounds }, (_, round) => `round ${round}`)];

describe("a worker of a durable function, killed between two awaits", () => {
  let folder: Folder;
  let platform: Service;
  let tutti: Tutti;
  let workersCreated = 0;
  const workers = new Set<TestProcess>();

  function work(): TestProcess {
    const name = `worker-${++workersCreated}`;
    const worker = new TestProcess({ program, arguments: [platform.grpc, platform.http, name] });
    workers.add(worker);
    return worker;
  }

  before(async () => {
    folder = await makeFolder();
    platform = await start("platform", [`--platform.dataDirectory=${folder.path}`]);
    tutti = await connect({ address: platform.grpc });
  });
  // A worker left over from a failed test would take the run of the next test.
  afterEach(async () => {
    await Promise.all([...workers].map((worker) => worker.kill()));
    workers.clear();
  });
  after(async () => {
    await tutti?.close();
    await platform?.stop();
    await folder?.[Symbol.asyncDispose]();
  });

  for (const place of places)
    it(`continues on another worker after a kill at ${place}`, async () => {
      const victim = work();
      const startRun = () => tutti.run("trip", { input: { rounds } }).catch(() => undefined);
      const run = await until("the function is registered", startRun, (found) => found !== undefined);
      await victim.wrote(new RegExp(`at ${place}`));
      await victim.kill();
      const heir = work();
      const { key, ...output } = (await run?.result<{ readonly key: string }>()) ?? { key: "" };
      assert.deepEqual(output, {
        ...{ first: "first", loaded: `loaded ${key}`, left: "left", right: "loaded right", done: rounds },
      });
      const repeated = places
        .slice(0, Math.max(0, places.indexOf(place) - 1))
        .filter((done) => heir.output.includes(`at ${done}\n`));
      assert.deepEqual(repeated, [], "recorded steps do not run again");
    });

  it("executes each call of a keyed object once and in order, even if it is killed during calls", async () => {
    let worker = work();
    const counts = [1, 2, 3, 4];
    const first = () =>
      tutti.objects.call("tally", "all", "add", 1, { id: "tally-1" }).catch(() => undefined);
    await until("the object is registered", first, (found) => found !== undefined);
    const runs = await Promise.all(
      counts.map((count) => tutti.objects.call("tally", "all", "add", count, { id: `tally-${count}` })),
    );
    for (const place of ["thought of 1", "count of 1", "thought of 3", "count of 4"]) {
      await worker.wrote(new RegExp(`at ${place}`));
      await worker.kill();
      workers.delete(worker);
      worker = work();
    }
    const ended = await Promise.all(runs.map((run) => run.result()));
    assert.deepEqual(
      ended,
      counts.map((count) => `count of ${count}`),
    );
    const state = async () => (await tutti.objects.get("tally", "all")).state;
    assert.deepEqual(await state(), { sum: 10, calls: [1, 2, 3, 4] });
    assert.equal(await tutti.objects.of("tally", "all")["sum"]?.(), 10);
    await worker.kill();
    workers.delete(worker);
  });

  it("runs registered compensations on another worker when its run is cancelled", async () => {
    const victim = work();
    const startRun = () => tutti.run("saga").catch(() => undefined);
    const run = await until("the function is registered", startRun, (found) => found !== undefined);
    await victim.wrote(/at wait/);
    const events = async () => (await run?.get())?.eventCount ?? 0;
    await until("the turn is recorded", events, (count) => count > 5);
    await run?.cancel("enough");
    await victim.wrote(/undo pay/);
    await victim.wrote(/slow sent/);
    await victim.kill();
    const heir = work();
    await assert.rejects(run?.result() ?? Promise.resolve(), /enough/);
    const undone = heir.output.match(/undo \w+/g);
    assert.deepEqual(undone, ["undo slow", "undo book"], "completed steps do not run again");
  });
});
