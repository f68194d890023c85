/** Histories that every release must read: recorded once by `npm run golden`. */
import { FindingResult } from "@tutti/contracts/governance/v1";
import { type GoldenStories, goldenOf, MachineDriver } from "@tutti/kernel/testing";
import { findings, keepReport, takeFindings } from "../../src/findings/index.ts";
import { findingBy, findingsKey, reportOn } from "../../src/testing/findings.ts";

/** Stories by the name of the file. */
export const stories: GoldenStories = {
  taken: (release) => {
    const driver = new MachineDriver({ machines: [findings], service: "governance" });
    const held = findingBy("largest", { result: FindingResult.FINDING_RESULT_HELD, count: 40 });
    driver.execute(findingsKey, takeFindings, { findings: [held, findingBy("largest")], leftOut: 0 });
    driver.advance(1_000);
    driver.execute(findingsKey, keepReport, { report: reportOn("report_1") });
    const shadowed = findingBy("region", { result: FindingResult.FINDING_RESULT_SHADOWED, count: 3 });
    driver.execute(findingsKey, takeFindings, { findings: [shadowed], leftOut: 2 });
    return goldenOf(driver, findings, findingsKey, release);
  },
};
