import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import {
  CreateScheduleRequest,
  definitionService,
  GetRunRequest,
  runService,
  scheduleService,
} from "@tutti/contracts/workflow/v1";
import { until } from "@tutti/kernel/testing";
import { Serving } from "./serving.ts";

const text = 'workflow: tick\ntasks: {note: {set: "${{ 1 }}"}}\n';
const everySecond = { rules: [{ rule: { $case: "interval" as const, value: { everyMs: 1_000 } } }] };

describe("schedules of a process that starts again", () => {
  it("go on: what fires fires again, what was paused stays so, and no time starts two runs", async () => {
    await using serving = await Serving.open();
    const schedules = () => serving.host.mesh.client(scheduleService);
    await serving.host.mesh.client(definitionService).registerDefinition({
      ...{ namespace: "", source: { format: 1, text, fileName: "" }, versionLabels: [], keepLatest: false },
    });
    for (const scheduleId of ["goes-on", "stands"]) {
      const run = { what: { $case: "definition" as const, value: { name: "tick" } } };
      const schedule = { scheduleId, timing: everySecond, run };
      await schedules().createSchedule(CreateScheduleRequest.fromPartial({ schedule }));
    }
    const found = async (scheduleId: string) => {
      const { schedule } = await schedules().getSchedule({ namespace: "", scheduleId });
      assert.ok(schedule !== undefined);
      return schedule;
    };
    const startedBy = async (count: number) => {
      await until("its starts", async () => (await found("goes-on")).startedCount >= count);
    };
    await schedules().pauseSchedule({ namespace: "", scheduleId: "stands", reason: "not now" });
    const { startedCount: stood } = await found("stands");
    await startedBy(1);
    const { startedCount: before } = await found("goes-on");
    await serving.restart();
    await startedBy(before + 2);
    const paused = await found("stands");
    assert.deepEqual([paused.paused, paused.note, paused.startedCount], [true, "not now", stood]);
    const { recentFirings } = await found("goes-on");
    const distinct = (values: readonly unknown[]) => new Set(values).size;
    assert.equal(distinct(recentFirings.map(({ dueTime }) => dueTime?.seconds)), recentFirings.length);
    const started = recentFirings.flatMap(({ runId }) => (runId === "" ? [] : [runId]));
    assert.equal(distinct(started), started.length);
    for (const runId of started) {
      const { run } = await serving.host.mesh.client(runService).getRun(GetRunRequest.fromPartial({ runId }));
      assert.equal(run?.status, WorkStatus.WORK_STATUS_COMPLETED, runId);
    }
  });
});
