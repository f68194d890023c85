import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { SpanKind, TaskStatus, WaitCause, WorkStatus } from "@tutti/contracts/types/v1";
import {
  AwaitRunRequest,
  definitionService,
  ExplainRunRequest,
  GetTimelineRequest,
  ListTasksRequest,
  runService,
  StartRunRequest,
  taskService,
  WatchOutputRequest,
} from "@tutti/contracts/workflow/v1";
import { isTuttiError } from "@tutti/kernel";
import { latch, until } from "@tutti/kernel/testing";
import { TaskFailure, type Worker } from "@tutti/sdk";
import { Installation } from "./installation.ts";

const work = `workflow: work
tasks:
  fetch: {uses: test.fetch, retry: {attempts: 2, backoff: 50ms}}
  short: {uses: test.short}
  sub: {workflow: part, needs: [fetch]}
  join: {uses: test.short, needs: [short, sub]}
  each: {uses: test.short, needs: [join], forEach: "\${{ [1, 2, 3] }}"}
output: "\${{ tasks.join.output }}"
`;
const part = "workflow: part\ntasks: {inside: {uses: test.slow}}\n";
const talking = "workflow: talking\ntasks: {talk: {uses: test.talk}}\n";
const unknown = "workflow: unknown\ntasks: {lost: {uses: test.nobody}}\n";

describe("tasks of runs", () => {
  let installation: Installation;
  let worker: Worker;
  let failures = 1;
  const slow = latch();
  const proceed = latch();
  const runs = () => installation.host.mesh.client(runService);
  const tasks = () => installation.host.mesh.client(taskService);
  const start = (name: string, runId: string) =>
    runs().startRun(
      StartRunRequest.fromPartial({ runId, spec: { what: { $case: "definition", value: { name } } } }),
    );
  const end = async (runId: string) => {
    for (;;) {
      const { run } = await runs().awaitRun(AwaitRunRequest.fromPartial({ runId, waitMs: 10_000 }));
      if (run?.endTime !== undefined) return run;
    }
  };

  before(async () => {
    installation = await Installation.open([], { time: "real" });
    worker = installation.worker({});
    worker.handle("test.fetch", async () => {
      if (failures-- > 0) throw new TaskFailure("test.once", "not yet");
      return "fetched";
    });
    worker.handle("test.short", async () => {
      await installation.pass(10);
      return "short";
    });
    worker.handle("test.slow", async () => slow.opened);
    worker.handle("test.talk", async (_input, context) => {
      await context.output("one ");
      await context.output("two ", { channel: "aside" });
      await proceed.opened;
      await context.output("three");
      return "said";
    });
    await worker.start();
    for (const text of [part, work, talking, unknown])
      await installation.host.mesh.client(definitionService).registerDefinition({
        ...{ namespace: "", source: { format: 1, text, fileName: "" }, versionLabels: [], keepLatest: false },
      });
  });
  after(async () => {
    await worker?.stop();
    await installation?.[Symbol.asyncDispose]();
  });

  it("are listed in pages, by status, and by parent task", async () => {
    await start("work", "whole");
    slow.open();
    assert.equal((await end("whole")).status, WorkStatus.WORK_STATUS_COMPLETED);
    const list = async (filter: Parameters<typeof ListTasksRequest.fromPartial>[0]) => {
      const found = await tasks().listTasks(ListTasksRequest.fromPartial({ runId: "whole", ...filter }));
      return { ids: found.tasks.map(({ taskId }) => taskId), token: found.page?.nextToken ?? "" };
    };
    const top = await list({ topOnly: true });
    assert.deepEqual(top.ids, ["fetch", "short", "sub", "join", "each"]);
    assert.deepEqual((await list({ parentTaskId: "each" })).ids, ["each[0]", "each[1]", "each[2]"]);
    assert.deepEqual((await list({ text: "EACH[" })).ids.length, 3);
    assert.deepEqual((await list({ statuses: [TaskStatus.TASK_STATUS_FAILED] })).ids, []);
    const first = await list({ page: { size: 6 } });
    const second = await list({ page: { size: 6, token: first.token } });
    assert.deepEqual([...first.ids, ...second.ids].length, 8);
    const { task } = await tasks().getTask({ namespace: "", runId: "whole", taskId: "fetch", atEvent: 0 });
    assert.deepEqual(
      task?.attempts.map(({ number, error }) => [number, error?.code]),
      [
        [1, "test.once"],
        [2, undefined],
      ],
    );
  });

  it("have a timeline of spans, with the spans of child runs and a critical path", async () => {
    const timeline = (childDepth: number) =>
      tasks().getTimeline(GetTimelineRequest.fromPartial({ runId: "whole", childDepth }));
    const { spans, criticalPath, traceId } = await timeline(1);
    const last = criticalPath.at(-1) ?? "";
    assert.deepEqual(criticalPath.slice(0, -1), ["fetch", "sub", "join", "each"]);
    assert.match(last, /^each\[\d\]$/);
    assert.match(traceId, /^[0-9a-f]{32}$/);
    const kinds = (task: string) => spans.filter((span) => span.task === task).map(({ kind }) => kind);
    const fetched = kinds("fetch").filter((kind) => kind !== SpanKind.SPAN_KIND_ATTEMPT);
    const { SPAN_KIND_QUEUE: queue, SPAN_KIND_BACKOFF: backoff } = SpanKind;
    assert.deepEqual(fetched, [queue, backoff, queue]);
    assert.deepEqual(kinds("sub"), [SpanKind.SPAN_KIND_WAIT, SpanKind.SPAN_KIND_WHOLE]);
    assert.ok(kinds("sub/inside").length > 0);
    const [root] = spans;
    assert.deepEqual([root?.kind, root?.parentSpanId], [SpanKind.SPAN_KIND_WHOLE, ""]);
    for (const span of spans) assert.ok(span.endTime !== undefined && span.endTime >= (span.startTime ?? 0));
    const ids = new Set(spans.map(({ spanId }) => spanId));
    assert.equal(ids.size, spans.length);
    for (const { parentSpanId } of spans.slice(1)) assert.ok(ids.has(parentSpanId));
    assert.ok((await timeline(0)).spans.length < spans.length);
  });

  it("stream their output, also to a client that resumes from its cursor", async () => {
    await start("talking", "talks");
    const textOf = (chunks: readonly { readonly chunk: Uint8Array }[]) =>
      chunks.map(({ chunk }) => Buffer.from(chunk).toString()).join("");
    const watch = (options: { readonly channel?: string; readonly cursor?: string }) =>
      tasks().watchOutput(WatchOutputRequest.fromPartial({ runId: "talks", taskId: "talk", ...options }));
    let output = "";
    let cursor = "";
    for await (const reply of watch({})) {
      output += textOf(reply.chunks);
      ({ cursor } = reply);
      if (output === "one two ") break;
    }
    proceed.open();
    let rest = "";
    for await (const reply of watch({ cursor })) rest += textOf(reply.chunks);
    assert.equal(rest, "three");
    let aside = "";
    for await (const reply of watch({ channel: "aside" })) aside += textOf(reply.chunks);
    assert.equal(aside, "two ");
    await end("talks");
    await assert.rejects(
      tasks()
        .watchOutput(WatchOutputRequest.fromPartial({ runId: "talks", taskId: "nothing" }))
        .next(),
      (error) => isTuttiError(error) && error.code === "workflow.task_missing",
    );
  });

  it("that wait in a pool are explained by the pool", async () => {
    await start("unknown", "waits");
    const explain = async (taskId: string) =>
      (await runs().explainRun(ExplainRunRequest.fromPartial({ runId: "waits", taskId }))).explanation;
    const causes = async () => (await explain("lost"))?.waits.map(({ cause }) => cause);
    await until(
      "the cause to be known",
      async () => (await causes())?.[0] === WaitCause.WAIT_CAUSE_NO_CAPABILITY,
    );
    assert.match((await explain("lost"))?.summary ?? "", /test\.nobody/);
    const explanation = await explain("");
    assert.equal(explanation?.parts[0]?.waits[0]?.cause, WaitCause.WAIT_CAUSE_NO_CAPABILITY);
  });
});
