import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import {
  CancelRunRequest,
  definitionService,
  GetRunRequest,
  ListRunsRequest,
  RetryRunRequest,
  runService,
  SignalRunRequest,
  StartRunRequest,
} from "@tutti/contracts/workflow/v1";
import { until } from "@tutti/kernel/testing";
import { Serving } from "./serving.ts";

const patient = "workflow: patient\ntasks: {go: {wait: {signal: go}}}\n";
const hasty = "workflow: hasty\ntasks: {go: {wait: {signal: go, within: 2s}}}\n";

describe("a retried run", () => {
  it("is running for lists, and continues after a restart like any other", async () => {
    await using serving = await Serving.open();
    const runs = () => serving.host.mesh.client(runService);
    const statusOf = async (runId: string) =>
      (await runs().getRun(GetRunRequest.fromPartial({ runId }))).run?.status;
    for (const text of [patient, hasty])
      await serving.host.mesh.client(definitionService).registerDefinition({
        ...{ namespace: "", source: { format: 1, text, fileName: "" }, versionLabels: [], keepLatest: false },
      });
    for (const runId of ["patient", "hasty"]) {
      const spec = { what: { $case: "definition" as const, value: { name: runId } } };
      await runs().startRun(StartRunRequest.fromPartial({ runId, spec }));
      await runs().cancelRun(CancelRunRequest.fromPartial({ runId }));
      await runs().retryRun(RetryRunRequest.fromPartial({ runId }));
      assert.equal(await statusOf(runId), WorkStatus.WORK_STATUS_RUNNING);
    }
    const listed = async () => {
      const { runs: found } = await runs().listRuns(ListRunsRequest.fromPartial({ oldestFirst: true }));
      return found.map(({ status, endTime }) => [status, endTime]);
    };
    const running = [WorkStatus.WORK_STATUS_RUNNING, undefined];
    await until("both runs", async () => (await listed()).length === 2);
    assert.deepEqual(await listed(), [running, running]);
    await serving.restart();
    await runs().signalRun(SignalRunRequest.fromPartial({ runId: "patient", signal: "go" }));
    assert.equal(await statusOf("patient"), WorkStatus.WORK_STATUS_COMPLETED);
    const { run: first } = await runs().getRun(GetRunRequest.fromPartial({ runId: "patient", atEvent: 1 }));
    assert.equal(first?.status, WorkStatus.WORK_STATUS_RUNNING);
    // Its timer expires at some time.
    await until("its failure", async () => (await statusOf("hasty")) === WorkStatus.WORK_STATUS_FAILED);
  });

  it("keeps its whole history if it was passivated between retries", async () => {
    await using serving = await Serving.open();
    const runs = () => serving.host.mesh.client(runService);
    await serving.host.mesh.client(definitionService).registerDefinition({
      ...{ namespace: "", source: { format: 1, text: patient, fileName: "" } },
      ...{ versionLabels: [], keepLatest: false },
    });
    const runId = "late";
    const spec = { what: { $case: "definition" as const, value: { name: "patient" } } };
    await runs().startRun(StartRunRequest.fromPartial({ runId, spec }));
    for (let round = 0; round < 3; round++) {
      await runs().cancelRun(CancelRunRequest.fromPartial({ runId }));
      await serving.restart();
      await runs().retryRun(RetryRunRequest.fromPartial({ runId }));
      await serving.restart();
    }
    await runs().signalRun(SignalRunRequest.fromPartial({ runId, signal: "go" }));
    await serving.restart();
    const { run } = await runs().getRun(GetRunRequest.fromPartial({ runId }));
    assert.equal(run?.status, WorkStatus.WORK_STATUS_COMPLETED);
    const statuses = [];
    for (let atEvent = 1; atEvent <= (run?.eventCount ?? 0); atEvent++)
      statuses.push((await runs().getRun(GetRunRequest.fromPartial({ runId, atEvent }))).run?.status);
    assert.equal(statuses.filter((status) => status === WorkStatus.WORK_STATUS_CANCELLED).length, 3);
    assert.equal(statuses.at(-1), WorkStatus.WORK_STATUS_COMPLETED);
  });
});
