import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import {
  ApplyBulkRequest,
  type BulkAction,
  bulkService,
  CountRunsRequest,
  definitionService,
  ListRunsRequest,
  PreviewBulkRequest,
  RunFilter,
  RunProperty,
  runService,
  StartRunsRequest,
} from "@tutti/contracts/workflow/v1";
import { isTuttiError } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { TaskFailure, type Worker } from "@tutti/sdk";
import { Installation } from "./installation.ts";

const payment = `workflow: payment
tasks:
  reserve: {uses: stock.reserve, with: "\${{ input }}"}
  charge: {needs: [reserve], uses: pay.charge, with: "\${{ input }}"}
onFailure: keep
output: "\${{ tasks.charge.output }}"
`;

const runsCount = 300;
const { RUN_PROPERTY_STATUS: byStatus, RUN_PROPERTY_ERROR_CODE: byCode } = RunProperty;
type Action = NonNullable<BulkAction["action"]>;
const retry: Action = { $case: "retry", value: { taskIds: [] } };

describe("a bulk action on many runs", () => {
  let installation: Installation;
  let worker: Worker;
  let isBankDown = true;
  let reserved = 0;
  const runs = () => installation.host.mesh.client(runService);
  const bulk = () => installation.host.mesh.client(bulkService);

  const startMany = async (count: number) => {
    const requests = async function* () {
      const spec = { what: { $case: "definition" as const, value: { name: "payment" } } };
      const items = Array.from({ length: count }, () => ({ spec: 1 }));
      yield StartRunsRequest.fromPartial({ specs: [spec], items, follow: true });
    };
    let ended = 0;
    for await (const { ends } of runs().startRuns(requests())) ended += ends.length;
    assert.equal(ended, count);
  };
  const failed = RunFilter.fromPartial({ statuses: [WorkStatus.WORK_STATUS_FAILED], errorCode: "bank.down" });
  const counted = async (by: RunProperty) => {
    const { counts } = await runs().countRuns(CountRunsRequest.fromPartial({ by }));
    return Object.fromEntries(counts.map(({ value, count }) => [value, count]));
  };
  /** Waits for the index, which lags by at most a second. */
  const untilIndexed = async (by: RunProperty, value: string, count: number) => {
    await until("the index to have them", async () => (await counted(by))[value] === count);
  };
  const preview = (filter: RunFilter, action: Action) =>
    bulk().previewBulk(PreviewBulkRequest.fromPartial({ filter, action: { action } }));
  const apply = async (previewToken: string, cursor = "") => {
    const replies = [];
    const request = ApplyBulkRequest.fromPartial({ previewToken, reason: "the bank is back", cursor });
    for await (const reply of bulk().applyBulk(request)) replies.push(reply);
    return replies;
  };

  before(async () => {
    installation = await Installation.open();
    worker = installation.worker({});
    worker.handle("stock.reserve", async () => ++reserved);
    worker.handle("pay.charge", async () => {
      if (isBankDown) throw new TaskFailure("bank.down", "nobody answers", { final: true });
      return "charged";
    });
    await worker.start();
    await installation.host.mesh.client(definitionService).registerDefinition({
      ...{ namespace: "", source: { format: 1, text: payment, fileName: "" } },
      ...{ versionLabels: [], keepLatest: false },
    });
  });
  after(async () => {
    await worker?.stop();
    await installation?.[Symbol.asyncDispose]();
  });

  it("300 runs that failed for one reason are retried with one call after a preview, and keep completed results", async () => {
    await startMany(runsCount);
    await untilIndexed(byCode, "bank.down", runsCount);
    const { count, leftAlone, groups, sample, previewToken } = await preview(failed, retry);
    assert.deepEqual([count, leftAlone, sample.length], [runsCount, 0, 20]);
    assert.deepEqual(
      groups.map(({ value, count: found }) => [value, found]),
      [["bank.down", runsCount]],
    );
    isBankDown = false;
    const replies = await apply(previewToken);
    const last = replies.at(-1);
    assert.deepEqual([replies.length, last?.done, last?.remaining], [3, runsCount, 0]);
    assert.deepEqual(
      replies.flatMap(({ refusals }) => refusals),
      [],
    );
    await untilIndexed(byStatus, "completed", runsCount);
    assert.equal(reserved, runsCount);
    // A second call changes nothing, neither the work nor its report.
    const repeated = await apply(previewToken);
    assert.deepEqual([repeated.at(-1)?.done, repeated.at(-1)?.remaining], [runsCount, 0]);
    assert.deepEqual((await counted(byStatus))["completed"], runsCount);
  });

  it("continues from its cursor, and reports each run that refuses", async () => {
    const { runs: found } = await runs().listRuns(ListRunsRequest.fromPartial({ page: { size: 150 } }));
    const filter = RunFilter.fromPartial({ runIds: found.map(({ runId }) => runId) });
    const stopped = await preview(filter, { $case: "terminate", value: {} });
    assert.deepEqual([stopped.count, stopped.leftAlone], [0, 150]);
    const labelled = await preview(filter, {
      $case: "label",
      value: { labels: { looked: "at" }, removedLabels: [] },
    });
    const first = await bulk()
      .applyBulk(ApplyBulkRequest.fromPartial({ previewToken: labelled.previewToken, reason: "so" }))
      .next();
    assert.deepEqual([first.value?.done, first.value?.remaining], [100, 50]);
    const rest = await apply(labelled.previewToken, first.value?.cursor);
    assert.deepEqual(
      rest.map(({ done, remaining }) => [done, remaining]),
      [[150, 0]],
    );
    await assert.rejects(
      apply(labelled.previewToken, "nonsense"),
      (error) => isTuttiError(error) && error.violations[0]?.field === "cursor",
    );
  });

  it("runs that have changed since refuse, and the others proceed", async () => {
    isBankDown = true;
    await startMany(3);
    await untilIndexed(byCode, "bank.down", 3);
    const { previewToken, sample } = await preview(failed, retry);
    isBankDown = false;
    const [first] = sample;
    await runs().retryRun({
      namespace: "",
      runId: first?.runId ?? "",
      taskIds: [],
      reason: "this one first",
      idempotencyKey: "",
    });
    await untilIndexed(byStatus, "completed", runsCount + 1);
    const [reply] = await apply(previewToken);
    assert.deepEqual([reply?.done, reply?.refusals.length], [2, 1]);
    assert.equal(reply?.refusals[0]?.runId, first?.runId);
    assert.equal(reply?.refusals[0]?.error?.code, "workflow.nothing_to_retry");
  });

  it("ended runs are removed with one call, and are no longer found", async () => {
    await untilIndexed(byStatus, "completed", runsCount + 3);
    const ended = RunFilter.fromPartial({ statuses: [WorkStatus.WORK_STATUS_COMPLETED] });
    const { count, previewToken, sample } = await preview(ended, { $case: "remove", value: {} });
    assert.equal(count, runsCount + 3);
    const replies = await apply(previewToken);
    assert.deepEqual([replies.at(-1)?.done, replies.flatMap(({ refusals }) => refusals)], [count, []]);
    await until(
      "no completed run to be listed",
      async () => (await counted(byStatus))["completed"] === undefined,
    );
    const runId = sample[0]?.runId ?? "";
    await assert.rejects(
      runs().getRun({ namespace: "", runId, atEvent: 0 }),
      (error) => isTuttiError(error) && error.code === "workflow.run_missing",
    );
  });

  it("a token that names no preview is refused", async () => {
    await assert.rejects(
      apply(`a${"A".repeat(43)}`),
      (error) => isTuttiError(error) && error.code === "workflow.preview_over",
    );
  });
});
