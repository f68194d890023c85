/** Histories that every release must read: recorded once by `npm run golden`. */
import { type GoldenStories, goldenOf, MachineDriver } from "@tutti/kernel/testing";
import { decisions, takeDecisions } from "../../src/decisions/index.ts";
import { decisionOn, decisionsKey } from "../../src/testing/decisions.ts";

/** Stories by the name of the file. */
export const stories: GoldenStories = {
  taken: (release) => {
    const driver = new MachineDriver({ machines: [decisions], service: "governance" });
    const start = decisionOn("workflow.runs.start");
    driver.execute(decisionsKey, takeDecisions, { decisions: [start], leftOut: 0 });
    driver.advance(1_000);
    const policies = [{ namespace: "shop", policyId: "night", statement: 1, reason: "quiet nights" }];
    const denied = decisionOn("workflow.runs.start", { allowed: false, shadowAllowed: true, policies });
    driver.execute(decisionsKey, takeDecisions, { decisions: [{ ...start, count: 3 }, denied], leftOut: 2 });
    return goldenOf(driver, decisions, decisionsKey, release);
  },
};
