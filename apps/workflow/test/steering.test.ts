import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import {
  AwaitRunRequest,
  definitionService,
  GetRunRequest,
  LabelRunRequest,
  ListRunsRequest,
  ListTasksRequest,
  ResetRunRequest,
  runService,
  SignalRunRequest,
  SignalRunsRequest,
  StartRunRequest,
  taskService,
  UpdateRunRequest,
  WatchRunRequest,
} from "@tutti/contracts/workflow/v1";
import { isTuttiError } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { Serving } from "./serving.ts";

const steered = `workflow: steered
vars: {count: 0}
signals: {go: {schema: {type: object, required: [by], properties: {by: {type: string}}}}}
queries: {count: {output: {is: "\${{ vars.count }}"}}}
updates: {add: {schema: {type: integer}, validate: "payload > 0", message: too little, set: {count: "\${{ vars.count + payload }}"}, output: "\${{ vars.count }}"}}
tasks:
  first: {set: {n: 1}}
  go: {needs: [first], wait: {signal: go}}
  work: {needs: [go], uses: no.body, with: "\${{ tasks.go.output }}"}
  last: {needs: [work], set: {worked: "\${{ tasks.work.output }}"}}
output: {last: "\${{ tasks.last.output }}", count: "\${{ vars.count }}"}
`;

const reported = `workflow: told
tasks: {go: {wait: {signal: go}}}
output: "\${{ tasks.go.output }}"
`;

/** Declares two signals, and waits for one of them. */
const declares = `workflow: declares
signals: {stop: {}, go: {}}
tasks: {go: {wait: {signal: go}}}
`;

const payloadOf = (value: unknown) => ({
  body: { $case: "inline" as const, value: Buffer.from(JSON.stringify(value)) },
  mediaType: "",
});

function jsonOf(payload: { readonly body?: unknown } | undefined): unknown {
  const body = payload?.body as { $case: string; value: Uint8Array } | undefined;
  return body?.$case === "inline" ? JSON.parse(Buffer.from(body.value).toString()) : undefined;
}

describe("steering runs", () => {
  let serving: Serving;
  const runs = () => serving.host.mesh.client(runService);
  const tasks = () => serving.host.mesh.client(taskService);
  const start = (name: string, runId: string) =>
    runs().startRun(
      StartRunRequest.fromPartial({ runId, spec: { what: { $case: "definition", value: { name } } } }),
    );
  const signal = (runId: string, payload: unknown = { by: "me" }, idempotencyKey = "") =>
    runs().signalRun(
      SignalRunRequest.fromPartial({ runId, signal: "go", payload: payloadOf(payload), idempotencyKey }),
    );
  const repaired = (runId: string, taskId: string, output: unknown) =>
    tasks().repairTask({
      ...{ namespace: "", runId, taskId, reason: "known from elsewhere", idempotencyKey: "" },
      repair: { $case: "output", value: payloadOf(output) },
    });
  const statusesOf = async (runId: string, atEvent = 0) => {
    const reply = await tasks().listTasks(ListTasksRequest.fromPartial({ runId, atEvent }));
    return Object.fromEntries(reply.tasks.map(({ taskId, status }) => [taskId, status]));
  };
  const codeOf = (code: string) => (error: unknown) => isTuttiError(error) && error.code === code;

  before(async () => {
    serving = await Serving.open();
    for (const text of [steered, reported, declares])
      await serving.host.mesh.client(definitionService).registerDefinition({
        ...{ namespace: "", source: { format: 1, text, fileName: "" }, versionLabels: [], keepLatest: false },
      });
  });
  after(() => serving[Symbol.asyncDispose]());

  it("a run and its tasks can be read as of any event", async () => {
    await start("steered", "past");
    const earlier = (await runs().getRun(GetRunRequest.fromPartial({ runId: "past" }))).run?.eventCount ?? 0;
    await signal("past");
    const { run: then } = await runs().getRun(GetRunRequest.fromPartial({ runId: "past", atEvent: earlier }));
    assert.deepEqual([then?.eventCount, then?.tasks?.waiting, then?.tasks?.queued], [earlier, 1, 0]);
    const { run: now } = await runs().getRun(GetRunRequest.fromPartial({ runId: "past" }));
    assert.deepEqual([now?.tasks?.waiting, now?.tasks?.queued], [0, 1]);
    assert.ok((now?.eventCount ?? 0) > earlier);
    assert.equal((await statusesOf("past", earlier))["go"], TaskStatus.TASK_STATUS_WAITING);
    assert.equal((await statusesOf("past"))["go"], TaskStatus.TASK_STATUS_COMPLETED);
    const { task } = await tasks().getTask({
      namespace: "",
      runId: "past",
      taskId: "work",
      atEvent: earlier,
    });
    assert.equal(task?.status, TaskStatus.TASK_STATUS_PENDING);
    await assert.rejects(
      runs().getRun(GetRunRequest.fromPartial({ runId: "past", atEvent: 999 })),
      (error) => isTuttiError(error) && error.status === "OUT_OF_RANGE",
    );
    await assert.rejects(statusesOf("nobody", 1), codeOf("workflow.run_missing"));
  });

  it("a run with declared signals refuses other signals that no task waits for, and lists the declared ones", async () => {
    await start("declares", "declared");
    const send = (signal: string) =>
      runs().signalRun(SignalRunRequest.fromPartial({ runId: "declared", signal, idempotencyKey: "" }));
    await assert.rejects(
      send("sotp"),
      (error) =>
        isTuttiError(error) && error.code === "workflow.signal_unknown" && error.message.includes("`stop`"),
    );
    await send("stop");
    assert.deepEqual((await send("go")).awaited, []);
  });

  it("a start with a parent in another namespace is refused", async () => {
    const spec = { what: { $case: "definition" as const, value: { name: "told" } } };
    const parent = { namespace: "elsewhere", kind: "run", id: "a" };
    await assert.rejects(
      runs().startRun(StartRunRequest.fromPartial({ runId: "adopted", spec, parent })),
      codeOf("workflow.parent_foreign"),
    );
    await assert.rejects(statusesOf("adopted"), codeOf("workflow.run_missing"));
  });

  it("an end that a signal causes is reported to its waiting caller", async () => {
    await start("told", "brief");
    const ended = runs().awaitRun(AwaitRunRequest.fromPartial({ runId: "brief", waitMs: 20_000 }));
    await signal("brief", "now");
    const { run } = await ended;
    assert.equal(run?.status, WorkStatus.WORK_STATUS_COMPLETED);
  });

  it("a watched run is reported with its tasks, then by each change, to its end", async () => {
    await start("steered", "watched");
    const watch = runs().watchRun(WatchRunRequest.fromPartial({ runId: "watched", withTasks: true }));
    const first = await watch.next();
    assert.deepEqual(
      [first.value?.live, first.value?.tasks.map(({ taskId }) => taskId)],
      [true, ["first", "go", "work", "last"]],
    );
    await signal("watched");
    const second = await watch.next();
    assert.equal(second.value?.live, true, "the snapshot was complete before");
    assert.deepEqual(
      second.value?.tasks.map(({ taskId, status }) => [taskId, status]),
      [
        ["go", TaskStatus.TASK_STATUS_COMPLETED],
        ["work", TaskStatus.TASK_STATUS_QUEUED],
      ],
    );
    await repaired("watched", "work", "by hand");
    const rest = [];
    for await (const reply of watch) rest.push(reply);
    assert.equal(rest.at(-1)?.run?.status, WorkStatus.WORK_STATUS_COMPLETED);
    assert.deepEqual(
      rest.flatMap((reply) => reply.tasks.map(({ taskId }) => taskId)),
      ["work", "last"],
    );
  });

  it("a watched run with many tasks is reported in parts, and the last part completes it", async () => {
    const tasks = Array.from({ length: 1_001 }, (_, n) => ({
      ...{ id: `t${n}`, work: { $case: "capability" as const, value: "test.nobody" } },
    }));
    const spec = { what: { $case: "tasks" as const, value: { tasks } } };
    await runs().startRun(StartRunRequest.fromPartial({ runId: "many", spec }));
    const watch = runs().watchRun(WatchRunRequest.fromPartial({ runId: "many", withTasks: true }));
    const first = await watch.next();
    const second = await watch.next();
    assert.deepEqual(
      [first, second].map(({ value }) => [value?.live, value?.run?.runId, value?.tasks.length]),
      [
        [false, "many", 1_000],
        [true, "many", 1],
      ],
    );
    await watch.return?.();
  });

  it("a signal is validated against its schema, and is named by the event that records it, once per key", async () => {
    await start("steered", "signalled");
    await assert.rejects(signal("signalled", { from: "me" }), codeOf("workflow.payload_invalid"));
    const first = await signal("signalled", { by: "me" }, "key");
    const second = await signal("signalled");
    const repeated = await signal("signalled", { by: "me" }, "key");
    assert.equal(repeated.event, first.event);
    assert.ok(second.event > first.event);
    const { run: then } = await runs().getRun(
      GetRunRequest.fromPartial({ runId: "signalled", atEvent: first.event - 1 }),
    );
    assert.equal(then?.tasks?.waiting, 1);
  });

  it("many runs are signalled in batches, and each receipt is about its own", async () => {
    const ids = Array.from({ length: 50 }, (_, index) => `many-${index}`);
    await Promise.all(ids.map((runId) => start("told", runId)));
    const requests = async function* () {
      const payload = payloadOf("now");
      yield SignalRunsRequest.fromPartial({
        items: ids.slice(0, 25).map((runId) => ({ runId, signal: "go", payload })),
      });
      yield SignalRunsRequest.fromPartial({ items: [{ runId: "nobody", signal: "go" }] });
      yield SignalRunsRequest.fromPartial({
        items: ids.slice(25).map((runId) => ({ runId, signal: "go", payload })),
      });
    };
    const receipts = [];
    for await (const reply of runs().signalRuns(requests())) receipts.push(...reply.receipts);
    assert.deepEqual(
      receipts.map(({ number }) => number).sort((a, b) => a - b),
      Array.from({ length: 51 }, (_, index) => index + 1),
    );
    assert.deepEqual(
      receipts.flatMap(({ number, refusal }) => (refusal === undefined ? [] : [[number, refusal.code]])),
      [[26, "workflow.run_missing"]],
    );
    for (const runId of ids) {
      const { run } = await runs().getRun(GetRunRequest.fromPartial({ runId }));
      assert.equal(run?.status, WorkStatus.WORK_STATUS_COMPLETED);
    }
  });

  it("declared queries and updates get answers, and a refused update changes nothing", async () => {
    await start("steered", "asked");
    const update = (value: unknown) =>
      runs().updateRun(
        UpdateRunRequest.fromPartial({ runId: "asked", update: "add", payload: payloadOf(value) }),
      );
    const count = async () => {
      const query = { namespace: "", runId: "asked", query: "count", payload: undefined };
      return jsonOf((await runs().queryRun(query)).answer);
    };
    const { answer, event } = await update(3);
    assert.deepEqual([jsonOf(answer), await count()], [3, { is: 3 }]);
    const { run } = await runs().getRun(GetRunRequest.fromPartial({ runId: "asked" }));
    assert.equal(run?.eventCount, event);
    await assert.rejects(update(0), /too little/);
    await assert.rejects(update("three"), codeOf("workflow.payload_invalid"));
    const { run: still } = await runs().getRun(GetRunRequest.fromPartial({ runId: "asked" }));
    assert.deepEqual([still?.eventCount, await count()], [event, { is: 3 }]);
    const nothing = { namespace: "", runId: "asked", query: "nothing", payload: undefined };
    await assert.rejects(runs().queryRun(nothing), codeOf("workflow.entry_missing"));
  });

  it("labels change, and runs are found by them", async () => {
    await start("steered", "labelled");
    const label = (labels: Record<string, string>, removedLabels: string[] = []) =>
      runs().labelRun(LabelRunRequest.fromPartial({ runId: "labelled", labels, removedLabels, priority: 7 }));
    await label({ tier: "gold", region: "north" });
    const { run } = await label({ tier: "silver" }, ["region"]);
    assert.deepEqual([run?.spec?.labels, run?.spec?.priority], [{ tier: "silver" }, 7]);
    const found = async (tier: string) => {
      const filter = { labels: { equals: { tier } } };
      const { runs: all } = await runs().listRuns(ListRunsRequest.fromPartial({ filter }));
      return all.map(({ runId }) => runId);
    };
    await until("the index", async () => (await found("silver")).length > 0);
    assert.deepEqual([await found("silver"), await found("gold")], [["labelled"], []]);
  });

  it("a run is reset to an earlier event, and keeps later signals on request", async () => {
    await start("steered", "back");
    const { run: started } = await runs().getRun(GetRunRequest.fromPartial({ runId: "back" }));
    const toEvent = started?.eventCount ?? 0;
    await signal("back");
    await repaired("back", "work", "by hand");
    assert.equal((await statusesOf("back"))["last"], TaskStatus.TASK_STATUS_COMPLETED);
    const reset = (keepSignals: boolean) =>
      runs().resetRun(ResetRunRequest.fromPartial({ runId: "back", toEvent, keepSignals, reason: "wrong" }));
    const { run } = await reset(false);
    assert.deepEqual([run?.status, run?.tasks?.waiting], [WorkStatus.WORK_STATUS_RUNNING, 1]);
    assert.equal((await statusesOf("back"))["work"], TaskStatus.TASK_STATUS_PENDING);
    await signal("back");
    await reset(true);
    assert.equal((await statusesOf("back"))["work"], TaskStatus.TASK_STATUS_QUEUED);
    await assert.rejects(
      runs().resetRun(ResetRunRequest.fromPartial({ runId: "back", toEvent: 999, reason: "wrong" })),
      (error) => isTuttiError(error) && error.status === "OUT_OF_RANGE",
    );
  });
});
