/** Runs whose children belong to other partitions, so that their messages travel between partitions. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import { taskService } from "@tutti/contracts/workflow/v1";
import { stableHash } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";
import { Installation } from "./installation.ts";

/** The default number. */
const partitions = 16;
const partitionOf = (id: string): number => stableHash("default", "run", id) % partitions;

const inner = `workflow: inner
tasks: {double: {uses: number.double, with: {n: "\${{ input.n }}"}}}
output: "\${{ tasks.double.output }}"
`;
const outer = `workflow: outer
tasks: {each: {forEach: "\${{ input.numbers }}", workflow: inner, with: {n: "\${{ item }}"}}}
output: "\${{ tasks.each.output }}"
`;
const held = "workflow: held\ntasks: {go: {wait: {signal: go}}}\n";
const holding = 'workflow: holding\ntasks: {each: {forEach: "${{ input.numbers }}", workflow: held}}\n';
const numbers = [1, 2, 3, 4];

/** Returns the ids of a run's children. Some of them must belong to other partitions than their parent. */
async function childrenOf(tutti: Tutti, runId: string, taskId: string): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const { child } of await tutti.runs.get(runId).tasks()) if (child?.id) ids.push(child.id);
  assert.equal(ids.length, numbers.length, `${taskId} has a child for each entry`);
  const remote = ids.filter((id) => partitionOf(id) !== partitionOf(runId));
  assert.ok(remote.length > 0, `a child of ${runId} is on another partition`);
  return ids;
}

describe("children on other partitions than their parent", () => {
  let installation: Installation;
  let tutti: Tutti;
  let worker: Worker;
  before(async () => {
    installation = await Installation.open();
    worker = installation.worker({});
    worker.handle("number.double", async ({ n }: { readonly n: number }) => n * 2);
    await worker.start();
    tutti = await installation.client();
    for (const text of [inner, outer, held, holding]) await tutti.workflows.register(text);
  });
  after(async () => {
    await tutti?.close();
    await worker?.stop();
    await installation?.[Symbol.asyncDispose]();
  });

  it("return their results to it, in one trace", async () => {
    assert.deepEqual(await tutti.execute("outer", { id: "outer-1", input: { numbers } }), [2, 4, 6, 8]);
    const children = await childrenOf(tutti, "outer-1", "each");
    const tasks = installation.host.mesh.client(taskService);
    const traces = new Set<string>();
    for (const runId of ["outer-1", ...children]) {
      const which = { namespace: "default", runId, childDepth: 0, page: undefined };
      traces.add((await tasks.getTimeline(which)).traceId);
    }
    assert.deepEqual([traces.size, traces.has("")], [1, false]);
  });

  it("are cancelled with it", async () => {
    const run = await tutti.run("holding", { id: "holding-1", input: { numbers } });
    await until("all children are there", async () => {
      const tasks = await run.tasks();
      const waiting = tasks.filter(
        ({ child, status }) => child?.id && status === TaskStatus.TASK_STATUS_WAITING,
      );
      return waiting.length === numbers.length;
    });
    const children = await childrenOf(tutti, "holding-1", "each");
    await run.cancel("no longer wanted");
    await assert.rejects(run.result(), { code: "workflow.cancelled" });
    await until("all have ended", async () => {
      const all = await Promise.all(children.map((id) => tutti.runs.get(id).get()));
      return all.every(({ status }) => status === WorkStatus.WORK_STATUS_CANCELLED);
    });
  });
});
