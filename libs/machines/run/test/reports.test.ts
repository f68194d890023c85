import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { ReportRunEnd, RunOrder, ScheduleDone } from "@tutti/contracts/workflow/v1";
import type { Command, Machine } from "@tutti/kernel";
import { MachineDriver } from "@tutti/kernel/testing";
import { beginRun, cancelRun, runMachine } from "../src/index.ts";
import { KnownDefinitions, runKey, runService } from "../src/testing/index.ts";

/** Returns a machine that records the messages it receives. */
function listener(reports: ReportRunEnd[]): Machine<object, never> {
  const report: Command<object, ReportRunEnd, ScheduleDone, never> = {
    type: "report_run_end",
    codec: ReportRunEnd,
    reply: ScheduleDone,
    decide(_, body) {
      reports.push(body);
      return {};
    },
  };
  return {
    kind: "schedule",
    behaviour: 1,
    create: () => ({}),
    commands: [report],
    events: [],
    queries: [],
    snapshots: {
      version: 1,
      encode: () => new Uint8Array(0),
      decode: () => ({}),
    },
    recover() {},
    describe: () => ({ status: WorkStatus.WORK_STATUS_RUNNING, definition: "", labels: {}, idChosen: false }),
    project: () => ({}),
  };
}

describe("a run that a schedule has started", () => {
  it("reports its end to the schedule, with the reason if it did not complete", () => {
    const reports: ReportRunEnd[] = [];
    const known = new KnownDefinitions();
    const driver = new MachineDriver({
      machines: [runMachine({ plans: known }), listener(reports)],
      service: runService,
    });
    const hash = known.add("workflow: w\ntasks:\n  a: {uses: test.a}\n");
    const parent = { kind: "schedule", id: "nightly" };
    driver.execute(runKey, beginRun, { order: RunOrder.fromPartial({ hash, parent }) });
    driver.deliverAll();
    assert.equal(reports.length, 0);
    driver.execute(runKey, cancelRun, { reason: "maintenance", noCompensate: false });
    driver.deliverAll();
    assert.equal(reports.length, 1);
    assert.deepEqual([reports[0]?.runId, reports[0]?.status], ["r", WorkStatus.WORK_STATUS_CANCELLED]);
    assert.match(reports[0]?.message ?? "", /maintenance/);
  });
});
