/**
 * Runs that move to another version while the platform is killed with -9.
 *
 * 1. Every run ends with the output of its version.
 * 2. No task is executed twice.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import { connect, type MoveManyOptions, type Tutti } from "@tutti/sdk/client";
import { type Folder, makeFolder, type Service, start } from "../support/services.ts";

const first = `workflow: trip
tasks:
  book: {set: 1}
  go: {needs: [book], wait: {signal: go}}
  last: {needs: [go], set: {n: "\${{ input }}", by: old}}
output: "\${{ tasks.last.output }}"
`;
const next = first.replace("by: old", "by: new").replace("tasks:", "tasks:\n  check: {set: 2}");
const runs = 120;

const kills = 100;

describe("runs that move while the platform is killed", () => {
  let folder: Folder;
  let platform: Service;
  let tutti: Tutti;

  const open = async () => {
    platform = await start("platform", [`--platform.dataDirectory=${folder.path}`]);
    tutti = await connect({ address: platform.grpc });
  };
  before(async () => {
    folder = await makeFolder();
    await open();
  });
  after(async () => {
    await tutti?.close();
    await platform?.stop();
    await folder?.[Symbol.asyncDispose]();
  });

  /** Waits until the index has all runs, because it may lack some right after a start. */
  const planned = async (move: MoveManyOptions) => {
    const plan = () => tutti.runs.preview({ move }, { definition: "trip" });
    return await until(
      "all to be listed",
      plan,
      ({ groups }) => groups.reduce((sum, group) => sum + group.count, 0) === runs,
    );
  };

  it("are all moved in the end, and end as the version has it", async () => {
    const { hash: firstHash } = await tutti.workflows.register(first);
    const ids = Array.from({ length: runs }, (_, n) => `trip-${n}`);
    await Promise.all(ids.map((id, n) => tutti.run("trip", { id, input: n })));
    const { hash: two } = await tutti.workflows.register(next);
    const forth: MoveManyOptions = { to: two };
    const backward: MoveManyOptions = { to: firstHash, map: { check: "" } };
    let move = backward;
    for (let kill = 0; kill < kills; kill++) {
      move = move === backward ? forth : backward;
      const plan = await planned(move);
      assert.deepEqual([plan.count, plan.leftAlone], [runs, 0], JSON.stringify(plan.reviews[0]));
      const broken = plan.apply("fixed", { perSecond: 40 }).catch(() => undefined);
      const moved = tutti.runs.get(ids[(kill * 7) % 40] ?? "");
      await until("it to be under way", async () => (await moved.get()).definitionHash === move.to);
      await platform.kill();
      await broken;
      await tutti.close();
      await open();
      const { refused } = await (await planned(move)).apply("fixed");
      assert.deepEqual(refused, []);
      const { groups } = await planned(move);
      assert.deepEqual(
        groups.map(({ value, count }) => [value, count]),
        [["identical", runs]],
      );
    }
    for (const [n, id] of ids.entries()) {
      const run = tutti.runs.get(id);
      await run.signal("go");
      assert.deepEqual(await run.result(), { n, by: move === forth ? "new" : "old" });
    }
  });
});
