import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { MachineDriver } from "@tutti/kernel/testing";
import { dayKey, refusalService, refusedRecord } from "../testing/refusal.ts";
import { recordRefusals, refusal } from "./index.ts";

describe("a day of refusals", () => {
  it("has an event for each of them, and is over at once", () => {
    const driver = new MachineDriver({ machines: [refusal], service: refusalService });
    const records = [refusedRecord("workflow.runs.start", 3), refusedRecord("governance.keys.create")];
    const reply = driver.execute(dayKey, recordRefusals, { batch: 4, records });
    assert.deepEqual(reply, { batch: 4 });
    assert.equal(driver.description(dayKey).status, WorkStatus.WORK_STATUS_COMPLETED);
    const written = driver.history(dayKey).map(({ type }) => type);
    assert.deepEqual(written, ["call_refused", "call_refused"]);
  });
});
