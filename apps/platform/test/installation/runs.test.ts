import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import {
  AwaitRunRequest,
  definitionService,
  GetRunRequest,
  type Run,
  runService,
  StartRunRequest,
  StartRunsRequest,
} from "@tutti/contracts/workflow/v1";
import { isTuttiError } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { TaskFailure, type Worker } from "@tutti/sdk";
import { Installation } from "./installation.ts";

const order = `workflow: order
input: {schema: {type: object, properties: {items: {type: array}}, required: [items]}}
tasks:
  reserve: {uses: stock.reserve, with: {items: "\${{ input.items }}"}, compensate: {uses: stock.release}}
  charge: {needs: [reserve], uses: pay.charge, with: {price: "\${{ tasks.reserve.output.price }}"}}
output: "\${{ tasks.charge.output }}"
`;

const parent = `workflow: parent
tasks: {sub: {workflow: order, with: {items: [a]}}}
output: "\${{ tasks.sub.output }}"
`;

const waiting = 'workflow: waiting\ntasks: {go: {wait: {signal: go}}}\noutput: "${{ tasks.go.output }}"\n';

const inline = (value: unknown) => ({
  body: { $case: "inline" as const, value: Buffer.from(JSON.stringify(value)) },
});

function outputOf(run: Run | undefined): unknown {
  const result = run?.outcome?.result;
  const body = result?.$case === "completed" ? result.value.body : undefined;
  return body?.$case === "inline" ? JSON.parse(Buffer.from(body.value).toString()) : undefined;
}

describe("runs", () => {
  let installation: Installation;
  let worker: Worker;
  const released: unknown[] = [];
  const client = () => installation.host.mesh.client(runService);

  const start = (name: string, input: unknown, runId = "") =>
    client().startRun(
      StartRunRequest.fromPartial({
        runId,
        spec: { what: { $case: "definition", value: { name } }, input: inline(input) },
      }),
    );
  const end = async (runId: string) => {
    for (;;) {
      const { run } = await client().awaitRun(AwaitRunRequest.fromPartial({ runId, waitMs: 10_000 }));
      if (run?.endTime !== undefined) return run;
    }
  };

  before(async () => {
    installation = await Installation.open();
    worker = installation.worker({});
    worker.handle("stock.reserve", async ({ items }: { items: string[] }) => ({ price: items.length * 10 }));
    worker.handle("stock.release", async (input) => released.push(input));
    worker.handle("pay.charge", async ({ price }: { price: number }) => {
      if (price > 20) throw new TaskFailure("pay.declined", "too much", { final: true });
      return `charged ${price}`;
    });
    await worker.start();
    for (const text of [order, parent, waiting])
      await installation.host.mesh.client(definitionService).registerDefinition({
        ...{ namespace: "", source: { format: 1, text, fileName: "" }, versionLabels: [], keepLatest: false },
      });
  });
  after(async () => {
    await worker?.stop();
    await installation?.[Symbol.asyncDispose]();
  });

  it("start and wait in one call, which returns the current state if the wait or the deadline ends first", async () => {
    const startAndWait = (name: string, input: unknown, waitMs: number, runId = "") =>
      client().startRun(
        StartRunRequest.fromPartial({
          ...{ runId, waitMs },
          spec: { what: { $case: "definition", value: { name } }, input: inline(input) },
        }),
      );
    const { run, existed } = await startAndWait("order", { items: ["a"] }, 10_000);
    assert.equal(outputOf(run), "charged 10");
    assert.equal(existed, false);
    const open = await startAndWait("waiting", {}, 1, "waited-for");
    assert.equal(open.run?.endTime, undefined);
    assert.equal(open.run?.runId, "waited-for");
    const second = await startAndWait("waiting", {}, 1, "waited-for");
    assert.equal(second.existed, true);
    const request = AwaitRunRequest.fromPartial({ runId: "waited-for", waitMs: 60_000 });
    const { run: still } = await client().awaitRun(request, { timeoutMs: 2_000 });
    assert.equal(still?.endTime, undefined, "before the deadline of a call that waits longer");
  });

  it("a run goes through pools and workers to its end", async () => {
    const { run, existed } = await start("order", { items: ["a", "b"] }, "first");
    assert.deepEqual([existed, run?.runId], [false, "first"]);
    const ended = await end("first");
    assert.deepEqual([ended.status, outputOf(ended)], [WorkStatus.WORK_STATUS_COMPLETED, "charged 20"]);
  });

  it("a repeated start returns the same run, and another run with its id is a conflict", async () => {
    await start("order", { items: [] }, "same");
    assert.equal((await start("order", { items: [] }, "same")).existed, true);
    await assert.rejects(
      start("order", { items: ["other"] }, "same"),
      (error) => isTuttiError(error) && error.status === "ALREADY_EXISTS",
    );
  });

  it("an input that does not satisfy the schema is refused with the paths of the wrong values", async () => {
    await assert.rejects(start("order", { items: "none" }), (error) => {
      assert.ok(isTuttiError(error));
      assert.deepEqual(
        [error.code, error.violations[0]?.field],
        ["workflow.input_invalid", "spec.input.items"],
      );
      return true;
    });
  });

  it("a failed run compensates its completed tasks, and says why it failed", async () => {
    await start("order", { items: ["a", "b", "c"] }, "dear");
    const ended = await end("dear");
    assert.equal(ended.status, WorkStatus.WORK_STATUS_FAILED);
    const error = ended.outcome?.result?.$case === "failed" ? ended.outcome.result.value : undefined;
    assert.deepEqual([error?.code, error?.details["task"]], ["pay.declined", "charge"]);
    assert.equal(released.length, 1);
    const { explanation } = await client().explainRun({ namespace: "", runId: "dear", taskId: "charge" });
    assert.equal(explanation?.failures[0]?.error?.code, "pay.declined");
  });

  it("a child does a task of its parent", async () => {
    await start("parent", null, "family");
    assert.equal(outputOf(await end("family")), "charged 10");
  });

  it("a waiting run is paused, receives a signal, resumes and completes", async () => {
    await start("waiting", null, "patient");
    await client().pauseRun({ namespace: "", runId: "patient", reason: "lunch", idempotencyKey: "" });
    const { run } = await client().getRun(GetRunRequest.fromPartial({ runId: "patient" }));
    assert.equal(run?.status, WorkStatus.WORK_STATUS_PAUSED);
    await client().signalRun({
      ...{ namespace: "", runId: "patient", signal: "go", idempotencyKey: "" },
      payload: { ...inline("now"), mediaType: "" },
    });
    await client().resumeRun({
      namespace: "",
      runId: "patient",
      taskIds: [],
      reason: "",
      idempotencyKey: "",
    });
    assert.equal(outputOf(await end("patient")), "now");
  });

  it("a cancelled run ends as cancelled", async () => {
    await start("waiting", null, "unwanted");
    await client().cancelRun({
      namespace: "",
      runId: "unwanted",
      reason: "no longer wanted",
      noCompensate: false,
    });
    const ended = await end("unwanted");
    assert.equal(ended.status, WorkStatus.WORK_STATUS_CANCELLED);
    await client().retryRun({
      namespace: "",
      runId: "unwanted",
      taskIds: [],
      reason: "after all",
      idempotencyKey: "",
    });
    const { run } = await client().getRun(GetRunRequest.fromPartial({ runId: "unwanted" }));
    assert.equal(run?.status, WorkStatus.WORK_STATUS_RUNNING);
    await client().terminateRun({ namespace: "", runId: "unwanted", reason: "no" });
  });

  it("runs that share a limit execute one after the other", async () => {
    await installation.host.mesh.client(definitionService).registerDefinition({
      ...{ namespace: "", versionLabels: [], keepLatest: false },
      source: { format: 1, text: `${waiting}limits: [{key: one at a time, concurrency: 1}]\n`, fileName: "" },
    });
    await start("waiting", null, "front");
    await start("waiting", null, "behind");
    const statusOf = async (runId: string) =>
      (await client().getRun(GetRunRequest.fromPartial({ runId }))).run?.status;
    const signalGo = (runId: string) =>
      client().signalRun({
        ...{ namespace: "", runId, signal: "go", idempotencyKey: "" },
        payload: { ...inline(runId), mediaType: "" },
      });
    await signalGo("behind");
    await signalGo("front");
    assert.equal(outputOf(await end("front")), "front");
    assert.equal(outputOf(await end("behind")), "behind");
    assert.equal(await statusOf("behind"), WorkStatus.WORK_STATUS_COMPLETED);
  });

  it("many start in batches, and their ends are reported", async () => {
    const requests = async function* () {
      const spec = {
        what: { $case: "definition" as const, value: { name: "order" } },
        input: inline({ items: ["a"] }),
      };
      const missing = { what: { $case: "definition" as const, value: { name: "missing" } } };
      yield StartRunsRequest.fromPartial({ specs: [spec, missing], follow: true });
      for (let batch = 0; batch < 3; batch++)
        yield StartRunsRequest.fromPartial({ items: Array.from({ length: 20 }, () => ({ spec: 1 })) });
      yield StartRunsRequest.fromPartial({ items: [{ spec: 7 }, { spec: 2 }] });
    };
    let receipts = 0;
    let refused = 0;
    const outputs: string[] = [];
    for await (const reply of client().startRuns(requests())) {
      receipts += reply.receipts.length;
      refused += reply.receipts.filter(({ refusal }) => refusal !== undefined).length;
      for (const { outcome } of reply.ends)
        if (outcome?.$case === "inlineOutput") outputs.push(Buffer.from(outcome.value).toString());
    }
    assert.deepEqual([receipts, refused, outputs.length], [62, 2, 60]);
    assert.deepEqual([...new Set(outputs)], ['"charged 10"']);
  });

  it("lists and counts follow", async () => {
    const count = async () => {
      const { counts } = await client().countRuns({ namespace: "", filter: undefined, by: 4, label: "" });
      return Object.fromEntries(counts.map(({ value, count: found }) => [value, found]));
    };
    await until("the failed run to be counted", async () => (await count())["pay.declined"] === 1);
    const { runs } = await client().listRuns({
      ...{ namespace: "", oldestFirst: false, page: undefined },
      filter: { ...emptyFilter, errorCode: "pay.*" },
    });
    assert.deepEqual(
      runs.map(({ runId, status }) => [runId, status]),
      [["dear", WorkStatus.WORK_STATUS_FAILED]],
    );
  });

  it("a missing run is reported as not found", async () => {
    await assert.rejects(
      client().getRun(GetRunRequest.fromPartial({ runId: "nobody" })),
      (error) => isTuttiError(error) && error.code === "workflow.run_missing",
    );
  });
});

const emptyFilter = {
  ...{ statuses: [], definitions: [], definitionHash: "", kinds: [], labels: undefined, created: undefined },
  ended: undefined,
  text: "",
  errorCode: "",
  parent: undefined,
  parents: [],
  rootsOnly: false,
  needsPerson: false,
  runIds: [],
};

describe("runs over a restart", () => {
  it("resume after a restart, with the plan that they started with", async () => {
    await using installation = await Installation.open();
    const client = () => installation.host.mesh.client(runService);
    await installation.host.mesh.client(definitionService).registerDefinition({
      namespace: "",
      source: { format: 1, text: waiting, fileName: "" },
      versionLabels: [],
      keepLatest: false,
    });
    const spec = { what: { $case: "definition" as const, value: { name: "waiting" } } };
    await client().startRun(StartRunRequest.fromPartial({ runId: "patient", spec }));
    await installation.restart();
    await client().signalRun({
      ...{ namespace: "", runId: "patient", signal: "go", idempotencyKey: "" },
      payload: { ...inline("after all"), mediaType: "" },
    });
    const { run } = await client().awaitRun(
      AwaitRunRequest.fromPartial({ runId: "patient", waitMs: 10_000 }),
    );
    assert.equal(outputOf(run), "after all");
  });
});
