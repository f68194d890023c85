/** Histories that every release must read: recorded once by `npm run golden`. */
import { type GoldenStories, goldenOf, MachineDriver } from "@tutti/kernel/testing";
import { recordRefusals, refusal } from "../../src/refusal/index.ts";
import { dayKey, refusalService, refusedRecord } from "../../src/testing/refusal.ts";

/** Stories by the name of the file. */
export const stories: GoldenStories = {
  refused: (release) => {
    const driver = new MachineDriver({ machines: [refusal], service: refusalService });
    driver.execute(dayKey, recordRefusals, { batch: 1, records: [refusedRecord("workflow.runs.start", 3)] });
    driver.advance(1_000);
    const records = [refusedRecord("governance.keys.create"), refusedRecord("workflow.runs.get")];
    driver.execute(dayKey, recordRefusals, { batch: 2, records });
    return goldenOf(driver, refusal, dayKey, release);
  },
};
