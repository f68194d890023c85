import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import {
  definitionService,
  RunFilter,
  runService,
  SignalRunRequest,
  StartRunRequest,
  type Task,
  WatchRunRequest,
  WatchRunsRequest,
} from "@tutti/contracts/workflow/v1";
import { until } from "@tutti/kernel/testing";
import type { ReplyStream } from "@tutti/mesh";
import { nextMoment, Serving } from "./serving.ts";

const signals = ["one", "two", "three"];
const stepped = `workflow: stepped\ntasks:\n${signals.map((name) => `  ${name}: {wait: {signal: ${name}}}\n`).join("")}`;

describe("watches of runs, after a break", () => {
  let serving: Serving;
  const runs = () => serving.host.mesh.client(runService);
  const start = (runId: string) =>
    runs().startRun(
      StartRunRequest.fromPartial({
        runId,
        spec: { what: { $case: "definition", value: { name: "stepped" } } },
      }),
    );
  const signal = (runId: string, name: string) =>
    runs().signalRun(SignalRunRequest.fromPartial({ runId, signal: name }));
  /** Returns one reply of a stream, which is then broken off. */
  const replyOf = async <Reply>(stream: ReplyStream<Reply>): Promise<Reply> => {
    const { value } = await stream.next();
    await stream.return();
    return value as Reply;
  };
  const watch = (runId: string, cursor = "") =>
    runs().watchRun(WatchRunRequest.fromPartial({ runId, withTasks: true, cursor }));
  const idsOf = (tasks: readonly Task[]) => tasks.map(({ taskId }) => taskId);

  before(async () => {
    serving = await Serving.open();
    await serving.host.mesh.client(definitionService).registerDefinition({
      ...{ namespace: "", versionLabels: [], keepLatest: false },
      source: { format: 1, text: stepped, fileName: "" },
    });
  });
  after(() => serving[Symbol.asyncDispose]());

  it("of one run return only the changes since the cursor", async () => {
    await start("kept");
    const first = await replyOf(watch("kept"));
    assert.deepEqual([first.live, idsOf(first.tasks)], [true, signals]);
    const same = await replyOf(watch("kept", first.cursor));
    assert.deepEqual([same.live, same.run, same.tasks, same.cursor], [true, undefined, [], first.cursor]);
    await signal("kept", "two");
    const changed = await replyOf(watch("kept", first.cursor));
    assert.deepEqual([changed.live, idsOf(changed.tasks)], [true, ["two"]]);
    assert.equal(changed.run?.runId, "kept");
    // The reply was lost: it is sent again, with later changes.
    await signal("kept", "one");
    const resumed = await replyOf(watch("kept", first.cursor));
    assert.deepEqual(idsOf(resumed.tasks), ["one", "two"]);
    const rest = await replyOf(watch("kept", changed.cursor));
    assert.deepEqual(idsOf(rest.tasks), ["one"]);
    await signal("kept", "three");
    const last = [];
    for await (const reply of watch("kept", resumed.cursor)) last.push(reply);
    assert.deepEqual(
      last.flatMap(({ tasks }) => idsOf(tasks)),
      ["three"],
    );
    assert.notEqual(last.at(-1)?.run?.endTime, undefined);
    const ended = [];
    for await (const reply of watch("kept", last.at(-1)?.cursor)) ended.push(reply);
    assert.deepEqual(
      ended.map(({ live, tasks, run }) => [live, tasks, run]),
      [[true, [], undefined]],
    );
  });

  it("of one run restart with a snapshot if the cursor is invalid", async () => {
    await start("first");
    await nextMoment();
    await start("second");
    const { cursor } = await replyOf(watch("first"));
    for (const odd of [cursor, "a1", "nonsense", cursor.replace(/\d+$/, "4000000000")]) {
      const runId = odd === cursor ? "second" : "first";
      const stream = watch(runId, odd);
      const { value: snapshot } = await stream.next();
      assert.deepEqual([snapshot?.live, idsOf(snapshot?.tasks ?? [])], [false, signals], odd);
      const { value: live } = await stream.next();
      assert.deepEqual([live?.live, live?.tasks], [true, []]);
      assert.notEqual(live?.cursor, "");
      await stream.return();
    }
  });

  it("of many runs return changed runs, and the ids of runs that no longer match", async () => {
    for (const runId of ["many-1", "many-2", "many-3"]) await start(runId);
    const filter = RunFilter.fromPartial({
      runIds: ["many-1", "many-2", "many-3", "many-4"],
      statuses: [WorkStatus.WORK_STATUS_RUNNING],
    });
    const watchAll = (cursor: string) => runs().watchRuns(WatchRunsRequest.fromPartial({ filter, cursor }));
    const known = new Set<string>();
    let cursor = "";
    /** Continues with another stream until that many are known. */
    const follow = async (count: number) => {
      const changedIds: string[] = [];
      const next = async () => {
        const reply = await replyOf(watchAll(cursor));
        assert.equal(reply.live, true, "it was taken up");
        for (const { runId } of reply.runs) known.add(runId);
        for (const runId of reply.removedIds) known.delete(runId);
        changedIds.push(...reply.runs.map(({ runId }) => runId), ...reply.removedIds.map((id) => `-${id}`));
        ({ cursor } = reply);
        return known.size;
      };
      await until(`${count} runs to be known`, next, (size) => size === count);
      return changedIds.toSorted();
    };
    assert.deepEqual(await follow(3), ["many-1", "many-2", "many-3"]);
    for (const name of signals) await signal("many-2", name);
    assert.deepEqual(await follow(2), ["-many-2"]);
    await start("many-4");
    assert.deepEqual(await follow(3), ["many-4"]);
  });
});
